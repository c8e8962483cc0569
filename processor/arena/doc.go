// Package arena hands out memory for what outlives a loop turn or a batch: requests on their way to
// the core, transactions on their way to the log.
//
//	chunk  [ request | request | request | free ............ ]
//
// A chunk is never used twice: the collector takes it when the last slice of it is gone. So nobody
// has to say when a request's bytes are free, and a byte is copied once.
//
// Invariant: what Keep returned is never handed out again. An Arena has one user.
package arena
