// Package record writes and reads the records of a transaction log.
//
//	| "ZKLG" | version 2 i | dbid 0 l |
//	| Adler-32 of the payload, l | length i | payload | 'B' | ...
//	                                          \ TxnHeader 32, record of the type, TxnDigest 12
//	| 00 00 00 ...
//
// A Scanner stops at the first record that it cannot read. It does not judge whether that is the
// proper end, a torn tail or damage: this depends on who wrote the file, and package persistence
// decides it.
//
// The package has no state, and a Scanner belongs to one goroutine. Read record.go, then find.go,
// and held.go, which counts the records that a damaged log still has.
package record
