// Package zab is how the servers of an ensemble agree on one history: the leader and the learner of
// ZooKeeper's broadcast protocol.
//
// # A learner
//
// A Learner is a follower or an observer. It begins when it is connected to its leader:
//
//	learner                     disk              leader
//	FOLLOWERINFO    ------------------------------->
//	                <-------------------------------  LEADERINFO, the epoch
//	                  accept epoch ->|
//	ACKEPOCH        <----------------|------------->
//	                <-------------------------------  DIFF, TRUNC or SNAP
//	                <-------------------------------  PROPOSAL, COMMIT, ...
//	                  append ------->|
//	                <-------------------------------  NEWLEADER
//	                  enter epoch -->|
//	ACK (epoch, 0)  <----------------|------------->
//	                <-------------------------------  UPTODATE
//	ACK (epoch, 0)  ------------------------------->
//	ACK of each proposal that is on disk ----------->
//
// The disk is one queue. So the epoch is durable behind the history that the leader sent, and the
// acknowledgement leaves behind both (ZOOKEEPER-4643, 4646). How the history comes differs:
//
//	DIFF    goes on behind the own log. Proposals are logged as they come, and applied when they
//	        are committed.
//	TRUNC   is a DIFF behind an earlier transaction. What the leader sends again stays where it
//	        is; the rest is cut off at the first difference or at NEWLEADER.
//	SNAP    is a tree. It is built beside the own one; what is committed meanwhile is applied to
//	        it, and what is not is held. At NEWLEADER its snapshot becomes the history.
//
// Before the acknowledgement of NEWLEADER nothing leaves but what is drawn: an Apache leader takes
// the first packet behind ACKEPOCH for it. Nor is a PING answered before UPTODATE.
//
// # A leader
//
// A Leader begins when the election has named it. Its reign, which is the time of one epoch, has
// stages, each of which a quorum ends. The leader counts itself when its own disk has what it asks
// of the others:
//
//	gathering   FOLLOWERINFO of a quorum       the epoch is above all that came; accept epoch
//	comparing   ACKEPOCH of a quorum           nobody in it has a better history; enter epoch
//	spreading   ACK of NEWLEADER of a quorum   the leader's log is committed
//	stands                                     Lead and Serve to the chain, UPTODATE to learners
//
// Each connection has a cursor, a place in the log from which the leader feeds it while it takes
// bytes. What a learner is sent first is in the package plan:
//
//	DIFF, TRUNC, or SNAP by the job StreamTree
//	PROPOSAL, COMMIT ...      what is committed (before the reign stands, all of the log)
//	PROPOSAL ...              what is outstanding, to followers only
//	NEWLEADER                 answered by an ACK; from here on PING
//	UPTODATE                  when the reign stands
//	PROPOSAL, COMMIT ...      as they come; INFORM to observers
//	SYNC                      behind the COMMIT of what was proposed when the learner asked; with
//	                          sync.quorum behind a round of PINGs, too (the package rounds)
//
// # Reading
//
// Nothing here has goroutines, clocks, sockets or files; who has the role calls it. Read
// standing.go (what a server begins with) and errors.go (why a role ends); then packets.go and
// cutter.go (the bytes of the quorum port).
//
// Of the learner: learner.go (what goes in and out), learner_discovery.go (its way to UPTODATE),
// learner_log.go (a proposal's way to disk, commit and acknowledgement), learner_sync.go (SNAP),
// learner_trunc.go (TRUNC) and learner_serve.go (for its clients).
//
// Of the leader: leader.go (what goes in and out), leader_reign.go (the way to the reign),
// leader_link.go (connections and their stages), leader_sync.go (DIFF, TRUNC or SNAP),
// leader_feed.go (what each is fed, with the packages cursor and history), leader_commit.go
// (proposals and acknowledgements), leader_intake.go (what learners ask; what of it waits is in the
// package intake) and leader_time.go (who was silent for too long).
package zab
