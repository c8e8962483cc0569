// Package logwriter is what the log writer does with what must happen on disk in order: how it
// queues, how long it waits for company, and in which order it is carried out, flushed and
// reported.
//
//	core: Effects.Disk --> Queue --> Gathering --> Writer --> log
//	                                                 |    --> epochs, installs, cuts (Store)
//	                                                 |
//	                                                 +------> Durable: all up to this ticket
//
// It is one FIFO: an operation begins when those before it are durable, but for appends, which
// share a flush. So whoever asks for a history, then for its epoch, and acknowledges when the
// epoch's ticket is told, never acknowledges what a crash can take. Nothing is reported before it
// is durable. An error is final, a refusal too: what follows was meant for another history. After
// one the Writer may not be used again. Who asks for a cut looks first (Dir.CanTruncate).
//
// The Writer counts what it carries out, and the peer what it asks for: these are the tickets.
//
// Nothing here has a goroutine, a lock or a clock. internal/server runs it on a goroutine with a
// mutex around the Queue; internal/sim runs it on its agenda.
//
// Read queue.go, then writer.go.
package logwriter
