// Package replica is one server without sockets, disk and clock: tree, chain, sessions and peer
// behind one method.
//
//	            +-----------------------------+
//	Events ---> |  sessions  chain  peer      | ---> Effects: Append, Snapshot
//	 batches    |            tree             | ---> mailboxes of the lanes
//	 durable    +-----------------------------+
//	 ticks, completions
//
// internal/server runs it with real loops, files and time; internal/sim runs it in one goroutine
// from one seed. Both also run the lanes (lane.Lane), so that the simulator meets the same
// protocol code as a client does, and the rooms below this one: inbox (what a step is told),
// logwriter (what becomes of Append), snapshotting (what becomes of Snapshot) and restore (what a
// start finds on disk). Goroutines, locks, sockets, files and clocks are internal/server's own.
//
// Step is called by one goroutine, the core. It starts no other, reads no clock and does no I/O:
// what takes longer than a batch is a job, named in Effects with a generation, and its completion
// comes back as an event. A completion of an older generation is dropped.
//
// Read replica.go, then tick.go and rolling.go.
package replica
