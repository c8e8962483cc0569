// Package processor is the way of a request: the chain that checks, orders, applies and answers it.
//
//	lane                core
//	Batch ------------> Chain.Requests
//	                      connect    -> a session is made, or found and attached
//	                      a write    -> Prep -> Master.Propose     (to the log and the learners)
//	                         at a learner: Commit -> Master.Forward  (to the leader)
//	                      all else   -> behind its session's last write, or Final at once
//	leader's answer --> Chain.Synced, Revalidated
//	                      a sync     -> at its place; what its session sent behind it goes on
//	                      a connect  -> the session is attached, or it is gone
//	leader's entry ---> Chain.Proposed   -> Commit
//	learner's words --> Chain.LearnerRequest -> Prep -> Master.Propose
//	                    Revalidate, Touch, LinkGone    (whose a session is, and that it was heard)
//	durable, acks ----> Chain.Committed
//	                      Commit     -> the next write, with what waited behind it
//	Box <-------------    Final      -> apply, events, replies
//
// The rules of order, and where each is kept:
//
//  1. Replies leave in the order of requests: see the package lane.
//  2. A session's requests take effect in the order sent. A request behind a write waits for it
//     (Commit.wait) and is answered right after the write is applied (Final.apply). A request
//     behind a sync that is not answered at once waits for the sync, even a write (syncs).
//  3. An event is out before a reply that shows the change: mail is published under the tree's
//     write lock (Chain.Committed), and a lane empties its mailbox after it has the read lock.
//  4. Nothing is answered or seen before it is durable: only Chain.Committed applies.
//  5. A write's reply has its own zxid, others the last one applied (Final.reply, Reader.Frame).
//  6. Nothing waits for a slow client: see the package lane.
//  7. A zxid is given once: prep.Prep alone counts, and a write that cannot be decoded gets none.
//     A learner does not forward it; one that a learner has forwarded becomes an error.
//
// A chain has one role after the other (role.go): it leads, which a server alone does too, or
// follows. Between two roles it serves nobody, but still applies what is committed.
//
//	Lead or Follow, Serve ... Leave
//	Lead, Serve ... Resign, Lead ... Resign, Lead ...     epochs of a server alone
//
// Nothing here starts a goroutine, reads a clock or does I/O. A Chain and its stages belong to one
// goroutine, the core. What it shares with the loops is in the package mail, and the tree.
//
// Read in this order: the packages op and mail, and lane for the loop's side; chain.go, which has
// the stages, and master.go, which says what it asks of the server that leads; way.go, which is the
// whole way of a request, with sessions.go and syncs.go; the stages: the package prep, commit.go,
// final.go, with the packages multi and reads; role.go and reign.go, then forward.go for a learner
// and learners.go for a leader that has some; clientlog.go, with the package tell, for what the log
// says of clients.
package processor
