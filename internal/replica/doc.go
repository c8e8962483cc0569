// Package replica is one server without sockets, disk and clock: tree, chain, sessions and peer
// behind one method.
//
//	            +-----------------------------+
//	Events ---> |  sessions  chain  peer      | ---> Effects: Disk, Links, Send, Votes, Jobs,
//	 batches    |            tree             |               Snapshots, Serving
//	 tickets    +-----------------------------+ ---> mailboxes of the lanes
//	 links, votes, ends of jobs, ticks
//
// internal/server runs it with real loops, files and time; internal/sim runs it in one goroutine
// from one seed. Both also run the lanes (lane.Lane), so that the simulator meets the same protocol
// code as a client does. Both run the rooms below this one too: inbox gathers the Events of a step,
// logwriter carries out Effects.Disk, snapshotting carries out Effects.Snapshots, jobs carries out
// Effects.Jobs, and restore loads the data at a start. Goroutines, locks, sockets, files and clocks
// are internal/server's own.
//
// Step is called by one goroutine at a time, the core. It starts no goroutine, reads no clock and
// does no I/O. All operations of the disk whose order matters go through one FIFO (Effects.Disk).
// Each operation has a ticket, and a completion names the ticket up to which everything is durable.
// Work that takes longer than a batch is a job with a generation of its own, and its end comes back
// as an event. The end of a job that the replica does not wait for any more is dropped.
//
// Read events.go and effects.go (what goes in and out), then replica.go, deliver.go (what the peer
// says), role.go, snapshot.go and beside.go (trees that are written and made), tick.go, reaper.go
// and rolling.go.
package replica
