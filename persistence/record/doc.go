// Package record knows the records of a transaction log: how one is written, and how a file of them
// is read.
//
//	| "ZKLG" | version 2 i | dbid 0 l |
//	| Adler-32 of the payload, l | length i | payload | 'B' | ...
//	                                          \ TxnHeader 32, record of the type, TxnDigest 12
//	| 00 00 00 ...
//
// A Scanner stops at the first record that it cannot read and judges nothing: whether that is the
// proper end, a torn tail or damage depends on who wrote the file, which package persistence knows.
//
// The package has no state, and a Scanner belongs to one goroutine. Read record.go, then find.go,
// and held.go, which counts what a damaged log still has.
package record
