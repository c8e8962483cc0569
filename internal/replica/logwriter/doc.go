// Package logwriter is what the log writer does with transactions: how they queue, how long they
// wait for company, and in which order they are appended, flushed and reported.
//
//	core: Effects.Append --> Queue --> Gathering --> Writer --> log
//	                                                   |
//	                                                   +------> Told: durable up to here
//
// Nothing is reported before it is flushed, and a batch holds transactions of one generation only:
// a report never says of a newer one what an older one's flush has reached. An error is final:
// after it the Writer may not be used again.
//
// Nothing here has a goroutine, a lock or a clock. internal/server runs it on a goroutine with a
// mutex around the Queue; internal/sim runs it on its agenda.
//
// Read queue.go, then writer.go.
package logwriter
