package effects

import "quoll/jute"

// DeliveryKind is what the chain is told.
type DeliveryKind uint8

// The kinds of deliveries.
const (
	// Lead begins a reign: Zxid is (epoch, 0), and everything that was proposed before is applied.
	// Clients are not served before Serve.
	Lead DeliveryKind = iota + 1
	// Follow begins the role of a follower or observer, when its leader is connected. Clients are
	// not served before Serve.
	Follow
	// Serve says that clients may be served: everything in the tree is committed.
	Serve
	// Leave ends the role, also that of a leader whose reign has not begun. Own requests in flight
	// are lost, connections of clients end, and what is proposed and not committed is dropped: it
	// comes again as Propose in the next role, if it still counts. A tree that is beside the served
	// one is dropped too.
	Leave
	// Propose is Entry, logged or about to be, in the order of zxids. At a leader its own proposals
	// do not come back this way; only those that it found in its log do.
	Propose
	// Commit says that everything up to Zxid is committed and is to be applied.
	Commit
	// Rebuild applies Entry, which is committed, to the tree that is beside. The tree may hold it
	// already, in whole or in part.
	Rebuild
	// Adopt makes the tree that is beside (BuildTree or Load) the tree that is served.
	Adopt
	// Request is a learner's REQUEST at the leader: Link, Request. Its body may be unreadable. The
	// chain answers each with exactly one transaction, which it proposes before the peer's next
	// step. A sync is no Request: the leader answers it itself.
	Request
	// Revalidate is a learner's question at the leader: may a client of Link have Session, with its
	// timeout? The chain answers with Peer.Revalidated.
	Revalidate
	// Touch is a learner's word at the leader that Session was heard, with its timeout.
	Touch
	// LinkGone says at the leader that the learner of Link is gone: no more of it comes.
	LinkGone
	// Revalidated is the leader's answer at a learner: OK says whether Session lives.
	Revalidated
	// Synced is the leader's answer to the first Sync that waits: everything that was committed
	// when it was asked is applied. Without sync.quorum that is what this leader knew of.
	Synced
	// Heard asks a learner for the sessions heard since the last time. The chain answers with
	// Peer.Heard at once.
	Heard
)

// Delivery is one thing that the chain is told. Kind says which fields count.
type Delivery struct {
	Kind    DeliveryKind
	OK      bool
	Link    LinkID
	Zxid    jute.Zxid
	Session jute.SessionTimeout
	Entry   jute.Entry
	Request jute.LearnerRequest
}
