package quorum_test

import (
	"math"

	"quoll/jute"
	"quoll/quorum/effects"
)

// chain is what a peer works for: a tree that is the list of what was applied, and sessions that
// nobody owns.
type chain struct {
	n        *node
	leads    bool
	follows  bool
	serves   bool
	epoch    int64
	next     jute.Zxid // of the next proposal
	tree     []jute.Entry
	beside   []jute.Entry
	proposed []jute.Entry
	synced   int // answers
	syncs    int // asked for and not answered
}

func (c *chain) hear(d *effects.Delivery) {
	n := c.n
	switch d.Kind {
	case effects.Lead:
		c.mustBe(!c.leads && !c.follows, "Lead in a role")
		c.mustBe(len(c.proposed) == 0, "Lead with proposals in flight")
		c.leads, c.epoch, c.next = true, d.Zxid.Epoch(), d.Zxid+1
		n.c.say("%d leads in epoch %d, with %s", n.id, c.epoch, zname(last(c.tree)))
		n.c.oracle.leads(n, c.epoch)
	case effects.Follow:
		c.mustBe(!c.leads && !c.follows, "Follow in a role")
		c.follows = true
	case effects.Serve:
		c.mustBe(c.leads || c.follows, "Serve without a role")
		c.serves = true
		n.c.say("%d serves %s", n.id, zname(last(c.tree)))
		n.c.oracle.serves(n)
	case effects.Leave:
		n.c.say("%d leaves its role", n.id)
		*c = chain{n: n, tree: c.tree}
	case effects.Propose:
		c.proposed = append(c.proposed, d.Entry)
	case effects.Commit:
		c.commit(d.Zxid)
	case effects.Rebuild:
		// The tree in a stream may hold it already.
		if d.Entry.Header.Zxid > last(c.beside) {
			c.beside = append(c.beside, d.Entry)
		}
	case effects.Adopt:
		c.mustBe(c.beside != nil, "Adopt of no tree")
		c.tree, c.beside = c.beside, nil
	case effects.Request:
		c.propose(&d.Request)
	case effects.Revalidate:
		n.peer.Revalidated(d.Link, d.Session.Session, true)
	case effects.Heard:
		n.peer.Heard([]jute.SessionTimeout{{Session: 1, TimeOut: 1000}})
	case effects.Synced:
		c.mustBe(c.syncs > 0, "Synced that nobody asked for")
		c.syncs--
		c.synced++
	case effects.Touch, effects.LinkGone, effects.Revalidated:
	default:
		n.c.Violate("server %d hears a delivery of kind %d", n.id, d.Kind)
	}
}

func (c *chain) mustBe(so bool, what string) {
	if !so {
		c.n.c.Violate("server %d hears %s", c.n.id, what)
	}
}

func (c *chain) commit(zxid jute.Zxid) {
	for len(c.proposed) > 0 && c.proposed[0].Header.Zxid <= zxid {
		if c.proposed[0].Header.Zxid <= last(c.tree) {
			c.n.c.Violate("server %d applies %s behind %s", c.n.id, name(&c.proposed[0]),
				zname(last(c.tree)))
		}
		c.tree = append(c.tree, c.proposed[0])
		c.proposed = c.proposed[1:]
		if c.serves {
			// A leader sends its history as committed before a quorum has it.
			c.n.c.oracle.commits(c.n, len(c.tree)-1)
		}
	}
	c.mustBe(last(c.tree) == zxid, "Commit "+zname(zxid)+" at "+zname(last(c.tree)))
	if c.leads && len(c.proposed) == 0 && c.next.Counter() == math.MaxUint32 {
		c.n.peer.NextEpoch()
	}
}

// propose makes the transaction of a request. The last counter of an epoch is given to nobody.
func (c *chain) propose(r *jute.LearnerRequest) {
	if c.next.Counter() == math.MaxUint32 {
		c.n.c.Counts.Add("chain", "spent")
		return
	}
	e := txn(c.next, r)
	c.next++
	c.proposed = append(c.proposed, e)
	c.n.peer.Propose(e)
}

// write is a client's write at this server.
func (n *node) write(text string) {
	n.then(func() {
		r := request(jute.SessionID(n.id), text)
		if n.chain.leads && n.chain.serves {
			n.chain.propose(&r)
		} else if n.chain.serves {
			n.peer.Forward(&r)
		}
	})
}

// sync is a client's sync at this server.
func (n *node) sync() {
	n.then(func() {
		if n.chain.serves && n.peer.Sync() {
			n.chain.syncs++
		}
	})
}

// revalidate is a client that comes from another server.
func (n *node) revalidate() {
	n.then(func() {
		if n.chain.serves && n.chain.follows {
			n.peer.Revalidate(jute.SessionTimeout{Session: 1, TimeOut: 1000})
		}
	})
}
