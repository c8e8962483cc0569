// Package ledger judges, on every event of a run, whether the logs of an ensemble stay one
// history.
//
// All transactions that any server ever proposed are one tree: each stands behind the one that
// its proposer had last. A zxid names one transaction, with one parent, for ever. A node's log is
// a path from the root, and what is on its disk is the beginning of that path:
//
//	root - (1,1) - (1,2) - (1,3)            node 1: log (1,3), on disk (1,2)
//	                  \
//	                   (2,1) - (2,2)        node 2: log (2,2), on disk (2,2)
//	                     ^
//	                     committed: the first two nodes that said so had it on disk
//
// Every operation of a disk that was asked for and is not known to be durable waits in the order of
// its ticket. A start must find what one of these moments left.
//
// Invariants, each with the name by which reliability.md and the specification of Zab know it:
//
//	I-1  one leader     an epoch has one leader at most
//	I-2  agreement      what is committed is one path: it only grows, on whichever node it is seen
//	I-3  integrity      who logs a transaction logs the bytes that its proposer made
//	I-4  total order    a zxid has one place: the same transactions are in front of it everywhere
//	I-5  local order    within an epoch the counter goes up by one, from 1 on
//	I-6  global order   epochs do not fall along a log
//	I-7  completeness   a reign begins with everything that was committed before
//	I-8  quorum         a transaction is committed only when a quorum has it on disk
//	I-9  acknowledged   who acknowledges a transaction, or NEWLEADER, has all of it on disk
//	I-10 promises       accepted and current epochs on a disk never fall, power loss included
//	I-11 votes          a vote for oneself says no more than is on the own disk
//	I-12 recovery       a start finds what was durable, or what was asked for behind that
//	I-13 digests        the trees of all nodes have one digest at one zxid
//	I-14 served         a tree that clients see shows only what is committed
//
// A transaction that a reign left behind never returns: that follows from I-2 and I-7.
//
// Everything belongs to the one goroutine of the world. Read entry.go (the tree), ledger.go (what
// happens to logs), disk.go (tickets, starts, epochs), reign.go (who leads, what is said), then
// outcome.go.
package ledger
