// Package history judges what a server did: everything that its clients sent and received, the
// log that survived, and what each recovery brought back.
//
// No search is needed, because zxids give the order. Check goes through the log once and carries
// out the requests, not the transactions, on the model. After each transaction it takes from every
// connection the frames that belong to that place:
//
//	log      [z1 create] [z2 set] [z3 set] ...
//	           |           |
//	model      state 1     state 2
//	           |           |
//	conn 1   reply z1    event z2, read at z2, read at z2
//	conn 2   read at z1  event z2, reply z2
//
// Zxids have epochs, and there are holes between epochs. The lives of each node begin and end at
// places of the one history (start.go). A node may start with transactions of its own behind the
// committed ones.
//
// A frame must be what the model says at its place, byte for byte where ZooKeeper leaves no
// choice. Events come before every reply that shows their change. A zxid that falls, a reply out
// of order, a frame that belongs nowhere, a request without an answer, a transaction that nobody
// asked for: each is a Violation.
//
// Read log.go and history.go (what is recorded), tape.go (how), check.go (the log), asked.go (whose
// its transactions are), start.go (where servers begin and end), conn.go (a connection's frames),
// closed.go (why one was closed) and end.go (what must be true when everything is over).
package history
