package history

import (
	"slices"

	"quoll/internal/model"
	"quoll/jute"
)

// starts knows which servers have begun at the present place, and which lives come to their end.
//
//	history      1   2   3   4   5   6   7      committed when node 1 started again: 6
//	node 1 life 1        shows up to 6 ..|
//	       life 2            starts at 4 ....
//
// A server's connections are judged from the place on at which its recovery ends: an earlier life
// showed the places before. The connections of the earlier lives go on up to what was committed,
// since a server may show transactions that others have on disk and it does not.
type starts struct {
	at     map[jute.Zxid][]*Recovery // by their place, in the order of time
	waits  map[Server]bool           // those that have not begun
	ending []*Recovery               // recoveries whose earlier lives may still show something
}

func newStarts(list []Recovery) starts {
	s := starts{at: map[jute.Zxid][]*Recovery{}, waits: map[Server]bool{}}
	for i := range list {
		r := &list[i]
		s.at[r.fork()] = append(s.at[r.fork()], r)
		s.waits[r.Server] = true
	}
	return s
}

// fork is the last transaction of its log that the history has.
func (r *Recovery) fork() jute.Zxid {
	if len(r.Own) == 0 {
		return r.Zxid
	}
	return r.Fork
}

// starting judges the servers that start at the present place, and ends the lives that have shown
// all.
func (c *checker) starting() {
	for _, r := range c.at[c.tree.Zxid] {
		c.ending = append(c.ending, r)
		c.endLives()
		for _, id := range r.Orphans {
			c.tree.Lose(id)
		}
		c.promises(r)
		c.recovered(r)
		delete(c.waits, r.Server)
		c.frames()
	}
	delete(c.at, c.tree.Zxid)
	c.endLives()
}

// promises: the history has what was committed, and a node's log has what the node said to be
// durable.
func (c *checker) promises(r *Recovery) {
	if r.fork() < r.Commit {
		c.report(nil, "recovery", "node %d has a log of its own behind %v, and %v was committed",
			r.Node, r.fork(), r.Commit)
	}
	if r.Zxid < r.Durable {
		c.report(nil, "recovery", "node %d recovered to %v, and said that %v is durable", r.Node,
			r.Zxid, r.Durable)
	}
}

// recovered compares the model with what a start found on disk.
func (c *checker) recovered(r *Recovery) {
	tree := c.tree
	if len(r.Own) > 0 {
		tree = tree.Clone()
		for i := range r.Own {
			c.replay(tree, &r.Own[i])
		}
	}
	if r.Digest != tree.Digest() && !c.h.NoDigest {
		c.report(nil, "recovery", "the digest of the tree is %x, the model's %x",
			r.Digest, tree.Digest())
	} else if r.Fingerprint != tree.Fingerprint() {
		c.report(nil, "recovery", "an ACL or a node of /zookeeper is not the model's")
	}
	var want []jute.SessionID
	for id := range tree.Sessions {
		want = append(want, id)
	}
	slices.Sort(want)
	if !slices.Equal(r.Sessions, want) {
		c.report(nil, "recovery", "sessions are %v, the model has %v", r.Sessions, want)
	}
}

// replay carries out a transaction that the history does not have. Its events are told to nobody,
// and its outcome is not judged.
func (c *checker) replay(tree *model.Tree, t *Txn) {
	h := &t.Entry.Header
	at, asked := c.askedBy(t)
	switch {
	case h.Type == jute.OpError, h.Type == jute.OpCloseSession && !tree.Sessions[h.ClientID]:
		tree.Nothing(h.Zxid)
	case asked:
		tree.Write(at.conn.request(at.sent), h.Zxid, h.Time, t.Applied)
	case h.Type == jute.OpCreateSession:
		tree.Open(h.ClientID, h.Zxid)
	case h.Type == jute.OpCloseSession:
		tree.Expire(h.ClientID, h.Zxid)
	default:
		var txn jute.PathOnly
		_, _ = jute.Decode(t.Entry.Body, &txn)
		_, _ = tree.Reap(txn.Path, h.Zxid, h.Time)
	}
}

// endLives ends the connections of lives that can have shown no more than the present place. Frames
// that such a connection still has show what did not survive.
func (c *checker) endLives() {
	c.ending = slices.DeleteFunc(c.ending, func(r *Recovery) bool {
		if c.tree.Zxid < r.Shown {
			return false
		}
		for _, conn := range c.conns {
			if conn.Node != r.Node || conn.Life >= r.Life || conn.done {
				continue
			}
			if conn.next < len(conn.Got) {
				c.report(conn, "rollback", "frame %x shows what did not survive",
					conn.Got[conn.next].Bytes)
			}
			conn.done = true
			c.tree.Forget(conn.ID)
		}
		return true
	})
}
