// Package logwriter carries out the operations of the disk whose order matters (Effects.Disk). It
// says how they queue, how long they wait so that more can share a flush, and in which order they
// are carried out, flushed and reported.
//
//	core: Effects.Disk --> Queue --> Gathering --> Writer --> log
//	                                                 |    --> epochs, installs, cuts (Store), Load
//	                                                 |
//	                                                 +------> Durable: all up to this ticket
//
// There is one FIFO. An operation begins when all operations before it are durable; only appends do
// not wait, because they share a flush. Nothing is reported before it is durable. Therefore a
// learner can ask for a history and then for its epoch, and acknowledge both when the epoch's
// ticket is reported: a crash cannot take what was acknowledged.
//
// Every error is final, and so is the refusal of a cut, because the operations behind it were meant
// for another history. After an error the Writer must not be used again. So the code that asks for
// a cut first checks that it is possible (Dir.CanTruncate).
//
// Tickets are not passed along: the peer counts the operations that it asks for, and the Writer
// counts those that it carries out.
//
// Nothing here has a goroutine, a lock or a clock. internal/server runs it on a goroutine with a
// mutex around the Queue; internal/sim runs it on its agenda.
//
// Read queue.go, then writer.go.
package logwriter
