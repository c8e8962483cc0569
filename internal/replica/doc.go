// Package replica is one server without sockets, disk and clock: tree, chain, sessions and peer
// behind one method.
//
//	            +-----------------------------+
//	Events ---> |  sessions  chain  peer      | ---> Effects: Disk, Snapshot
//	 batches    |            tree             | ---> mailboxes of the lanes
//	 tickets    +-----------------------------+
//	 ticks, ends of jobs
//
// internal/server runs it with real loops, files and time; internal/sim runs it in one goroutine
// from one seed. Both also run the lanes (lane.Lane), so that the simulator meets the same
// protocol code as a client does, and the rooms below this one: inbox (what a step is told),
// logwriter (what becomes of Disk), snapshotting (what becomes of Snapshot) and restore (what a
// start finds on disk). Goroutines, locks, sockets, files and clocks are internal/server's own.
//
// Step is called by one goroutine, the core. It starts no other, reads no clock and does no I/O.
// What must happen on disk in order is one FIFO (Effects.Disk), each operation with a ticket, and a
// completion says up to which ticket all is durable. What takes longer than a batch is a job, with
// a generation of its own, and its end comes back as an event; the end of a job that nobody waits
// for any more is dropped.
//
// Read replica.go, then tick.go and rolling.go.
package replica
