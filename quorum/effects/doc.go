// Package effects is the language between the state machines of an ensemble and the world outside:
// what a peer is told has happened, and what it wants done. It has types and no rules.
//
//	               +---------------------------+
//	LinkEvent ---> |                           | ---> Delivery   to the chain
//	Ticket    ---> |  Peer: Leader or Learner  | ---> DiskOp     to the one queue of the disk
//	JobDone   ---> |                           | ---> LinkOp, Outgoing   to the sockets
//	time      ---> |                           | ---> Job        work beside all that
//	               +---------------------------+
//
// The disk is one queue. Its operations are numbered by tickets, and a completion names the ticket
// up to which everything is durable. Jobs are long pieces of work that run beside it: each has a
// generation, and the end of a job that nobody waits for any more is dropped.
//
// Read disk.go and tickets.go (what must happen in order), link.go (connections), job.go (what
// takes long) and delivery.go (what the chain hears); then pending.go, in which effects gather
// during a step.
package effects
