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
// A Conn is a connection as the core knows it: where its mail goes, the number by which watches
// know it, the identity that it has shown, and when its client was last heard. Conns finds it by
// that number.
//
// Invariants. Events and replies for one lane are in one order: the order in which the core made
// them. Deliveries are published while the tree's write lock is held. A lane that has the read
// lock, and so can see a change, therefore finds the events of that change in its box. It empties
// the box before it reads. A number is given to another connection only when no event can be on its
// way to the connection that had it before.
//
// A Request belongs to the lane until its Batch is submitted, then to the core. A Box's building
// and lastEvent, and the Outbox, belong to the core. The rest of a Box has a lock, and so has
// Conns. The loop stores a Conn's Identity, Heard and that it is gone, and the core loads them; the
// rest of a Conn never changes.
//
// Read request.go, then conn.go and conns.go, then box.go and outbox.go.
package mail
