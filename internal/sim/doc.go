// Package sim runs whole servers in one goroutine from one seed: the replica and its lanes as
// internal/server runs them, on a disk (simfs), a network (pipe) and clocks that exist only here,
// with clients that speak the real protocol through real lanes. The same seed does the same again,
// so that every failure can be replayed.
//
//	world       agenda: (virtual time, order of planning) -> what happens; chance, trace, counts
//	 |
//	client ---- link (here) ==== pipe ==== node: socket, loop, process, log writer, simfs
//	   |                                     |
//	   +------------> history <--------------+-- record.go (here)
//
// The servers of a run are a cluster of nodes: one alone, or an ensemble of 1, 3, 5 or 7 that vote
// and some observers. Servers speak to each other by their own two ports (links), and a nemesis
// cuts the network between them. Clients know all servers, and move between them.
//
// A seed draws a plan (how many clients and lanes, which faults, hostile limits), lets faults and
// requests happen for some seconds of virtual time, then heals everything and waits until all is
// answered. In an ensemble a quorum must serve first, at times without the rest. The ledger judges
// every log, acknowledgement, vote and commit at once. A history.History holds what the clients
// sent and received, the log and each recovery; history.Check replays it on the model. The run
// itself fails at once when a recovery refuses a sound disk or brings back another log than was
// written, or when an assertion of the tree does not hold.
//
// Faults: the process dies before or after any call of the disk and between any two effects, with
// the power or without; writes that were not flushed are lost, torn and reordered; calls fail with
// EIO and ENOSPC, and a flush that fails may lose data; files rot, or lose a session, while the
// server is down; flushes are slow; the process stands still; its clock drifts and the wall clock
// jumps; connections are cut, and the server may not notice; reads are short; clients do not read.
// Counts says which of them a campaign reached, and Missing which it should have. In a schedule
// (testdata/schedules) a text decides what goes wrong, and nothing else does.
//
// Everything belongs to the one goroutine; maps are never walked in their own order. Rooms import
// downwards only: this one knows them all, node and client do not know each other. Read packages
// world (time and chance), pipe and links (the network) and node (the server), then plan.go and
// ensemble.go, cluster.go, run.go (a seed), link.go and asker.go (the clients' ends), package
// client (requests makes up what it asks), record.go (what nodes tell), end.go (what the servers
// owe at the end), campaign.go (many seeds), required.go and
// requiredmembers.go (what they must reach), then packages
// nemesis, witness and ledger (the ensemble), history, lease and internal/model.
package sim
