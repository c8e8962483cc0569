// Package leftover keeps the bytes that arrived on a connection and that its stream has not
// consumed: mostly none, else the tail of a frame that straddles two reads, else a large frame that
// is not whole.
//
//	           off
//	buf  [ used | left      | room ]        nil when nothing is left
//	            ^ what the stream is shown
//
// # Invariants
//
// A Buffer owns memory only while there is something in it, and no more than the bytes that arrived
// call for: ten thousand connections that sent a length and fell silent cost a few hundred bytes
// each. What a stream consumes whole is never copied.
//
// # Goroutines
//
// A Buffer and the Spare that its memory comes from belong to one loop. There is no lock.
//
// Read leftover.go.
package leftover
