package processor

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/op"
	"quoll/processor/prep"
	"quoll/processor/reads"
	"quoll/processor/session"
	"quoll/processor/stats"
	"quoll/processor/tell"
	"quoll/processor/throttle"
)

// Master is what a chain asks of the server that leads.
type Master interface {
	// Propose hands a transaction to the ensemble. When it is committed Committed is called.
	Propose(e jute.Entry)
	// Sync asks for a call of Synced when everything is applied here that is committed by now.
	// false says that it is applied already: no call follows.
	Sync() bool
}

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
// It belongs to one goroutine, the core. Every method leaves its results in the mailboxes of lanes;
// the lanes are woken before it returns.
type Chain struct {
	prep     *prep.Prep // of this server's reign; nil while it does not lead
	master   Master     // the Proposal stage is the peer's
	syncs    syncs
	commit   Commit
	final    Final
	sessions *session.Table
	rules    Rules
	queue    throttle.Queue[mail.Request] // in front of Prep, while too many writes are in flight
	mono     int64                        // ms, of this step
	wall     int64                        // ms since 1970, of this step
}

// NewChain builds the stages around a loaded tree and its sessions. Writes wait until there is a
// Prep: see Lead.
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

// Requests takes a lane's batch.
func (c *Chain) Requests(batch *mail.Batch) {
	for i := range batch.Requests {
		if c.queue.Len() > 0 || c.throttled() {
			if c.queue.Len() == 0 {
				c.rules.Counts.ThrottleWaits.Add(1)
			}
			c.queue.Push(batch.Requests[i])
			continue
		}
		c.request(&batch.Requests[i])
	}
	batch.Done()
	c.final.out.Publish()
	c.final.out.Wake()
}

// Time sets a step's time before anything else of the step: that of the monotonic clock, and that
// which stamps the step's transactions, in ms since 1970.
func (c *Chain) Time(monoMillis, wallMillis int64) {
	c.mono, c.wall = monoMillis, wallMillis
	if c.prep != nil {
		c.prep.Time(wallMillis)
	}
}

// request sends one request its way.
func (c *Chain) request(r *mail.Request) {
	if r.Connect != nil {
		c.connect(r)
		return
	}
	s := c.sessions.Find(r.Session)
	kind := op.Of(r.Type).Kind
	switch {
	case !c.takes(r, s), c.syncs.hold(r):
	case s.Local && r.Type == jute.OpCloseSession:
		c.closeLocal(r)
	case r.Refused == jute.OK && kind == op.Write:
		c.write(r, s)
	case r.Refused == jute.OK && kind == op.Barrier && c.master.Sync():
		c.syncs.begin(r)
	default:
		c.inOrder(r, s)
	}
}

// takes says whether a request is taken: its session lives, and is attached to its connection.
// Otherwise the request is dropped.
func (c *Chain) takes(r *mail.Request, s *session.Session) bool {
	switch {
	case s == nil || s.Closing:
		c.drop(r, mail.Dropped)
	case r.Origin == mail.FromClient && !s.Claim(r.Conn.Owner):
		c.drop(r, mail.Kicked)
	default:
		return true
	}
	return false
}

// write makes a transaction of a write and proposes it.
func (c *Chain) write(r *mail.Request, s *session.Session) {
	w := prep.Write{
		Session: r.Session, Cxid: r.Xid, Type: r.Type, Body: r.Body, Identity: r.Identity,
		Own: r.Origin == mail.FromServer,
	}
	if r.Connect != nil {
		w.Body = jute.Append(nil, &jute.CreateSessionTxn{TimeOut: r.Connect.TimeOut})
	}
	if r.Origin == mail.FromClient {
		if code := c.prep.RefuseEarly(&w); code != jute.OK {
			r.Refused, r.Early = code, true
			c.inOrder(r, s)
			return
		}
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

// publishBytes is how many bytes of replies and events end a hold of the tree's lock.
const publishBytes = 1 << 20

// Committed applies every transaction up to zxid, in order, and answers what waited for it.
func (c *Chain) Committed(zxid jute.Zxid) {
	for more := true; more; {
		c.final.tree.Lock()
		for n := 1; ; n++ {
			e, of := c.commit.next(zxid)
			if more = e != nil; !more {
				break
			}
			c.final.apply(e, of)
			*e = jute.Entry{} // what it holds may be large, and its place is free only at compact
			if of != nil {
				*of = flight{}
			}
			if n == c.rules.MaxApplyBatch || c.final.out.Bytes() >= publishBytes {
				break
			}
		}
		c.final.out.Publish()
		c.final.tree.Unlock()
		c.final.out.Wake()
	}
	c.commit.compact()
	c.unthrottle()
}

// Proposed takes an entry that another server's leader has proposed.
func (c *Chain) Proposed(e jute.Entry) { c.commit.propose(e, unknown) }

// Expire ends a session whose time is up.
// Only a server that leads may.
func (c *Chain) Expire(s *session.Session) {
	c.tellExpired(s)
	if c.final.hooks.Expired != nil {
		c.final.hooks.Expired()
	}
	if s.Local {
		c.expireLocal(s.ID)
		return
	}
	c.write(&mail.Request{
		Origin: mail.FromServer, Session: s.ID, Type: jute.OpCloseSession,
		Identity: serverIdentity,
	}, s)
}

// Reap deletes a container or TTL node that nobody needs any more. Only a server that leads may.
func (c *Chain) Reap(path []byte) {
	body := jute.Append(nil, &jute.PathBuffer{Path: path})
	r := mail.Request{
		Origin: mail.FromServer, Type: jute.OpDeleteContainer, Body: body,
		Identity: serverIdentity,
	}
	c.write(&r, nil)
}

// InFlight is how many writes are proposed and not yet applied.
func (c *Chain) InFlight() int { return c.commit.Len() }
