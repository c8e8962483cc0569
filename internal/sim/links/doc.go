// Package links is what quorum/transport is to a real server: the connections of one port of a
// simulated process, cut into messages. The port of elections and the quorum port are each a Port.
//
//	state machine <-- Event -- Port: link --+-- pipe.End ==== another process
//	              --- Dial, Send, Close --> +-- Cutter
//
// A message is whole when it becomes an Event; its bytes are the receiver's own. What is sent waits
// here until the pipe's window takes it. Behind a message that a Streamer says so of, a link
// is no longer cut: Stream hands the bytes to a reader of its own, until that has read all that it
// wants.
//
// Events reach the process through its Via, one at a time: a process that stands still hears later,
// and one that is gone hears nothing.
//
// Everything belongs to the one goroutine of the world. Links are never walked in the order of a
// map. Read port.go, link.go, then partial.go.
package links
