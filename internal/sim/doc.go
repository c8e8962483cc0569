// Package sim runs a whole server in one goroutine from one seed: the replica and its lanes as
// internal/server runs them, on a disk (simfs), a network and clocks that exist only here, with
// clients that speak the real protocol through real lanes. Whatever goes wrong replays exactly.
//
//	       agenda: (virtual time, order of planning) -> what happens
//	          |
//	clients --+-- link --- socket -- loop: lane --+-- process: replica ---- log writer --+-- simfs
//	  send, frame, event   Park, caps, stalls     |     Step(events) -> effects  walker  |
//	                                              +---- mailbox ------------------------+
//
// A seed draws a plan (how many clients and lanes, which faults, hostile limits), lets faults and
// requests happen for some seconds of virtual time, then heals everything and waits until all is
// answered. What the clients sent and received, the log and each recovery are a history.History,
// which history.Check replays on the model; besides, the run itself fails at once when a recovery
// refuses a sound disk, brings back another log than was written, or an assertion of the tree does
// not hold.
//
// Faults: the process dies before or after any call of the disk and between any two effects, with
// the power or without; writes that were not flushed are lost, torn and reordered; calls fail with
// EIO and ENOSPC, and a flush that fails may forget; files rot, or forget a session, while the
// server is down; flushes are slow; the process stands still; its clock drifts and the wall clock
// jumps; connections are cut, also without the server's noticing; reads are short; clients do not
// read. Counts says which of them a campaign reached, and Missing which it should have.
//
// Everything belongs to the one goroutine; maps are never walked in their own order. Read package
// world (time and chance), then plan.go, process.go, storage.go, loop.go (the server) and told.go
// (what it would log), link.go and words.go (the network), package client (requests makes up what
// it asks), fault.go, decay.go (what becomes of files), run.go (a seed), end.go (what the server
// owes at its end), campaign.go (many seeds), required.go (what they must reach), then packages
// model, history and lease.
package sim
