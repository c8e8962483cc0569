package history

import (
	"cmp"
	"slices"
	"sort"

	"quoll/jute"
)

// end judges what must be true when everything is over and quiet.
func (c *checker) end() {
	for i := range c.h.Recoveries {
		if r := &c.h.Recoveries[i]; c.at[r.fork()] != nil {
			c.report(nil, "recovery", "of node %d to %v, which is not in the log", r.Node, r.fork())
		}
	}
	for _, k := range c.conns {
		if k.next < len(k.Got) {
			c.report(k, "rollback", "frame %x belongs to nothing in the log", k.Got[k.next].Bytes)
		}
		c.closed(k)
	}
	answers := c.answers()
	c.realTime(answers)
	c.fences(answers)
}

// quiet judges what must be true now, when nothing is on its way.
func (c *checker) quiet() {
	for _, k := range c.conns {
		if k.Open {
			c.answered(k)
		}
	}
	for i := range c.h.Left {
		c.left(&c.h.Left[i])
	}
}

// answered: a connection that is open has got everything.
func (c *checker) answered(k *conn) {
	if len(k.Got) == 0 {
		c.report(k, "no answer", "the connect request was never answered")
		return
	}
	if len(k.expected) > 0 {
		c.report(k, "lost event", "%x never came", k.expected[0].Bytes())
	}
	if len(k.missed) > 0 {
		c.report(k, "missed events", "%x without a setWatches", k.missed)
	}
	for i := k.asking; i < c.sentBy(k); i++ {
		if !isAside(k.Sent[i].Op) {
			c.report(k, "no answer", "xid %d, %v was never answered", k.Sent[i].Xid, k.Sent[i].Op)
			return
		}
	}
	for i := k.aside; i < c.sentBy(k); i++ {
		if isAside(k.Sent[i].Op) {
			c.report(k, "no answer", "xid %d, %v was never answered", k.Sent[i].Xid, k.Sent[i].Op)
			return
		}
	}
}

// sentBy is how many requests were sent before all was quiet.
func (c *checker) sentBy(k *conn) int {
	n := len(k.Sent)
	for n > 0 && c.h.QuietAt > 0 && k.Sent[n-1].At >= c.h.QuietAt {
		n--
	}
	return n
}

// answer is a zxid that a client has seen.
type answer struct {
	at   int64
	zxid jute.Zxid
}

// answers are those of all clients, in the order of time.
func (c *checker) answers() (all []answer) {
	for _, k := range c.conns {
		for i := range k.Got {
			var h jute.ReplyHeader
			if _, err := jute.Decode(k.Got[i].Bytes, &h); i > 0 && err == nil && h.Zxid > 0 {
				all = append(all, answer{k.Got[i].At, h.Zxid})
			}
		}
	}
	slices.SortFunc(all, func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.zxid, b.zxid))
	})
	return all
}

// realTime: a write that was answered before another was sent comes before that one in the log.
func (c *checker) realTime(answers []answer) {
	answers = slices.Clone(answers)
	for i := 1; i < len(answers); i++ {
		answers[i].zxid = max(answers[i].zxid, answers[i-1].zxid)
	}
	for i := range c.h.Txns {
		h := &c.h.Txns[i].Entry.Header
		at, asked := c.owners[h.Zxid]
		if !asked {
			continue
		}
		sent := at.conn.Sent[at.sent].At
		n := sort.Search(len(answers), func(i int) bool { return answers[i].at >= sent })
		if n > 0 && answers[n-1].zxid >= h.Zxid {
			c.report(at.conn, "real time", "xid %d was sent after %v was seen and has %v",
				h.Cxid, answers[n-1].zxid, h.Zxid)
		}
	}
}

// fences: the reply to a sync shows everything that any client had seen when the sync was sent. A
// leader that does not know of its successor can answer only for its own epoch.
func (c *checker) fences(answers []answer) {
	for _, k := range c.conns {
		for i := range k.Sent {
			zxid := k.answers[k.Sent[i].Xid].zxid
			if k.Sent[i].Op != jute.OpSync || zxid <= 0 {
				continue
			}
			for _, a := range answers {
				if a.at >= k.Sent[i].At {
					break
				}
				if a.zxid > zxid && (a.zxid.Epoch() <= zxid.Epoch() || c.h.QuorumSync) {
					c.report(k, "sync", "xid %d shows %v, and %v was seen when it was sent",
						k.Sent[i].Xid, zxid, a.zxid)
					break
				}
			}
		}
	}
}

// left: a watch that a client still has must not have missed anything. This looks only at the last
// state, and does not depend on how watches work.
func (c *checker) left(w *LeftWatch) {
	if c.tree.Restricted[w.Path] || w.Path == "" {
		return // an event that may not be shown uses the watch up; events say "/"
	}
	n := c.tree.Find([]byte(w.Path))
	k := c.conns[w.Conn-1]
	switch {
	case w.Kind == WatchExist && n != nil:
		c.report(k, "lost event", "%q exists, and the client waits for it to", w.Path)
	case w.Kind != WatchExist && n == nil:
		c.report(k, "lost event", "%q is gone, and the client watches it", w.Path)
	case w.Kind == WatchData && n.Stat.Mzxid > w.Armed,
		w.Kind == WatchChild && n.Stat.Pzxid > w.Armed:
		c.report(k, "lost event", "%q changed after %v, and the client was not told",
			w.Path, w.Armed)
	}
}
