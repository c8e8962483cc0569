package processor

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/prep"
	"quoll/processor/reads"
	"quoll/processor/session"
	"quoll/processor/stats"
	"quoll/processor/tell"
	"quoll/processor/throttle"
)

// Rules is what the configuration says to the chain.
type Rules struct {
	Prep     prep.Rules
	Throttle throttle.Rules
	// MaxSessions refuses new sessions above it; 0 is no limit.
	MaxSessions int
	Reads       reads.Limits
	// Counts is what the core counts together with the lanes; nil counts for nobody.
	Counts *stats.Counts
	// Teller hears what the core meets; nil: nobody does.
	Teller tell.Teller
	// MaxApplyBatch bounds how many transactions are applied in one hold of the tree's lock; 0 is
	// no limit.
	MaxApplyBatch int
}

// Chain is the way of a request:
//
//	requests -> Prep -> Proposal -> (effects: append, send)
//	durable, acks -> Commit -> Final -> mailboxes
//
// It belongs to one goroutine at a time, the core. Every method leaves its results in the mailboxes
// of lanes; the lanes are woken before it returns.
type Chain struct {
	role     role
	serves   bool
	prep     *prep.Prep // of this server's reign; nil while it does not lead
	master   Master     // the Proposal stage is the peer's
	syncs    syncs
	asked    revalidations
	commit   Commit
	final    Final
	sessions *session.Table
	rules    Rules
	queue    throttle.Queue[mail.Request] // in front of Prep, while too many writes are in flight
	mono     int64                        // ms, of this step
	wall     int64                        // ms since 1970, of this step
}

// NewChain builds the stages around a loaded tree and its sessions. It serves nobody until a role
// has begun: see Lead, Follow and Serve.
func NewChain(
	rules Rules, tree *datatree.Tree, sessions *session.Table, conns *mail.Conns, master Master,
	hooks Hooks,
) *Chain {
	if rules.Counts == nil {
		rules.Counts = new(stats.Counts)
	}
	c := &Chain{
		master:   master,
		syncs:    newSyncs(),
		asked:    newRevalidations(),
		commit:   Commit{first: sessions.LastWrite() + 1},
		sessions: sessions,
		rules:    rules,
	}
	reader := reads.Reader{Auth: rules.Prep.Auth, Limits: rules.Reads, Counts: rules.Counts}
	c.final = Final{
		tree: tree, reader: reader, sessions: sessions,
		conns: conns, hooks: hooks, teller: rules.Teller,
		attached: make(map[jute.SessionID]*mail.Conn),
	}
	tree.SetSink(&c.final)
	return c
}

// Time sets a step's time before anything else of the step: that of the monotonic clock, and that
// which stamps the step's transactions, in ms since 1970.
func (c *Chain) Time(monoMillis, wallMillis int64) {
	c.mono, c.wall = monoMillis, wallMillis
	if c.prep != nil {
		c.prep.Time(wallMillis)
	}
}

// write makes a transaction of a write and proposes it. At a learner the leader does that.
func (c *Chain) write(r *mail.Request, s *session.Session) {
	w := prep.Write{
		Session: r.Session, Cxid: r.Xid, Type: r.Type, Body: r.Body, Identity: r.Identity,
		Own: r.Origin == mail.FromServer,
	}
	if r.Connect != nil {
		w.Body = timeoutBody(r)
	}
	if r.Origin == mail.FromClient {
		if code := c.rules.Prep.RefuseEarly(c.final.tree, &w); code != jute.OK {
			r.Refused, r.Early = code, true
			c.inOrder(r, s)
			return
		}
	}
	if c.prep == nil {
		c.forward(r, s)
		return
	}
	made := c.prep.Prepare(&w)
	if made.Limited != tell.Nothing {
		tellOf(c.rules.Teller, r, tell.Event{Kind: made.Limited, A: made.Limit})
	}
	if !made.Proposed {
		r.Refused = made.Code
		c.inOrder(r, s)
		return
	}
	of := foreign
	if r.Origin == mail.FromClient {
		of = own
		c.sessions.Wrote(s, c.commit.fly(r))
	}
	c.commit.propose(made.Entry, of)
	c.master.Propose(made.Entry)
}

// inOrder answers what is no write: behind the session's last write in flight, or at once.
func (c *Chain) inOrder(r *mail.Request, s *session.Session) {
	if !c.commit.wait(r, s.LastWrite) {
		c.final.answer(r)
	}
}

// drop forgets a request of a session that is gone, going, or attached elsewhere.
func (c *Chain) drop(r *mail.Request, kind mail.ItemKind) {
	if r.Origin != mail.FromClient {
		return
	}
	if kind == mail.Kicked {
		c.final.out.Kick(r.Conn)
	}
	c.final.out.Drop(r)
}

// Proposed takes an entry that another server's leader has proposed.
func (c *Chain) Proposed(e jute.Entry) { c.commit.propose(e, unknown) }

// InFlight is how many writes are proposed and not yet applied.
func (c *Chain) InFlight() int { return c.commit.Len() }
