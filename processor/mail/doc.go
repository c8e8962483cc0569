// Package mail is what the loops and the core hand each other: requests one way, in batches, and
// replies and events the other way, through mailboxes.
//
//	loop                                                 core
//	lane: Batch [Request Request ...] -- Core.Submit -->  Chain.Requests
//
//	lane: Drain  <-- wake --  Box [Delivery] [Delivery] <--publish-- Outbox
//	  |                            buf: bytes bytes bytes ...   one buffer a lane a batch
//	  |                            items: conn, from, to, kind ...
//	  +--> Receiver.Receive, once an item
//
// A Conn is a connection as the core knows it: where its mail goes, by which number watches know
// it, whom it has shown to be and when its client was last heard. Conns finds it by that number.
//
// Invariants. Events and replies for one lane are in one order, that in which the core made them.
// What was built is published while the tree's write lock is held: a lane that has the read lock,
// and so can see a change, finds the events of that change in its box, and empties it before it
// reads. A number is given to another connection only when no event can be on its way to the one
// before.
//
// A Request belongs to the lane until its Batch is submitted, then to the core. A Box's building
// and lastEvent, and the Outbox, belong to the core; what is in a Box has a lock, as have Conns.
// Of a Conn the loop stores Identity, Heard and that it is gone, and the core loads them; the rest
// never changes.
//
// Read request.go, then conn.go and conns.go, then box.go and outbox.go.
package mail
