package history

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"quoll/jute"
)

// Class sorts what is wrong.
type Class string

// The classes.
const (
	LostWrite   Class = "acknowledged write lost"
	WrongWrite  Class = "write wrong" // twice, out of order, under another's zxid, refused
	LostSession Class = "session lost"
	MissedWatch Class = "watch missed"
	WrongWatch  Class = "watch wrong" // twice, or nobody's
	WentBack    Class = "read went back"
	Misread     Class = "read of no real state"
)

// Violation is one thing that is wrong.
type Violation struct {
	Class Class
	Text  string
	Zxid  jute.Zxid // of the write that is lost; 0: not of one
}

func (v Violation) String() string { return string(v.Class) + ": " + v.Text }

// Result is what Check found, and how much it looked at.
type Result struct {
	Violations []Violation
	Writes     int // acknowledged
	Unanswered int
	Reads      int
	Watches    int // told
	Moves      int // sessions taken to another connection
	Sessions   int
	Unsure     int // nodes with transactions in the log that were never committed
}

// Counts are the violations by class.
func (r *Result) Counts() map[Class]int {
	all := map[Class]int{}
	for _, v := range r.Violations {
		all[v.Class]++
	}
	return all
}

// checker is a Check that runs.
type checker struct {
	*History
	result Result
	byZxid map[jute.Zxid][]Txn
	// changes are the zxids of what changed a node's data, lists those of what changed its
	// children, ascending; exact says that all of them were committed.
	changes, lists map[string][]jute.Zxid
	values         map[string][]string // beside changes
	exact          map[string]bool
}

// Check judges a history.
func Check(h *History) *Result {
	c := &checker{
		History: h, byZxid: map[jute.Zxid][]Txn{}, changes: map[string][]jute.Zxid{},
		lists: map[string][]jute.Zxid{}, values: map[string][]string{}, exact: map[string]bool{},
	}
	c.index()
	c.checkWrites()
	c.checkOrder()
	for _, s := range h.Sessions {
		c.result.Sessions++
		c.checkSession(s)
		c.checkReads(s)
		c.checkWatches(s)
	}
	return &c.result
}

func (c *checker) report(class Class, format string, args ...any) {
	v := Violation{Class: class, Text: fmt.Sprintf(format, args...)}
	for _, arg := range args {
		if o, ok := arg.(*Op); ok && v.Zxid == 0 && class == LostWrite {
			v.Zxid = o.Zxid
		}
	}
	c.result.Violations = append(c.result.Violations, v)
}

// index sorts the log by node.
func (c *checker) index() {
	for _, t := range c.Log {
		c.byZxid[t.Zxid] = append(c.byZxid[t.Zxid], t)
		c.changes[t.Path] = append(c.changes[t.Path], t.Zxid)
		c.values[t.Path] = append(c.values[t.Path], t.Value)
		if t.Kind != Set {
			dir := path.Dir(t.Path)
			c.lists[dir] = append(c.lists[dir], t.Zxid)
		}
	}
	for p, n := range c.Tree {
		// The log begins with the create of the root.
		sets, lists := len(c.changes[p])-1, len(c.lists[p])
		switch {
		case sets == int(n.Stat.Version) && lists == int(n.Stat.Cversion):
			c.exact[p] = true
		case sets < int(n.Stat.Version) || lists < int(n.Stat.Cversion):
			c.report(WrongWrite, "%s: version %d, cversion %d, but the logs have %d sets and %d "+
				"changes of children", p, n.Stat.Version, n.Stat.Cversion, sets, lists)
		default:
			c.result.Unsure++
		}
	}
}

// checkSession: a session ends by its own will.
func (c *checker) checkSession(s *Session) {
	if s.End == Lost {
		c.report(LostSession, "session %v of client %d has expired", s.ID, s.Client)
	}
	conns := map[int]bool{}
	for _, o := range s.Ops {
		conns[o.Conn] = true
	}
	c.result.Moves += max(0, len(conns)-1)
	c.result.Watches += len(s.Events)
}

// item is a reply or an event, in the order in which they arrived.
type item struct {
	op    *Op
	event *Event
}

func (i item) place() (conn, reply, kind int) {
	if i.event != nil {
		return i.event.Conn, i.event.Reply, 0
	}
	return i.op.Conn, i.op.Reply, 1
}

// arrivals are the answers and events of a session in the order in which they arrived.
func (s *Session) arrivals() (all []item) {
	for _, o := range s.Ops {
		if o.Outcome != Unknown {
			all = append(all, item{op: o})
		}
	}
	for i := range s.Events {
		all = append(all, item{event: &s.Events[i]})
	}
	slices.SortStableFunc(all, func(a, b item) int {
		ac, ar, ak := a.place()
		bc, br, bk := b.place()
		switch {
		case ac != bc:
			return ac - bc
		case ar != br:
			return ar - br
		}
		return ak - bk
	})
	return all
}

// after is the first zxid above z, 0 when there is none.
func after(all []jute.Zxid, z jute.Zxid) jute.Zxid {
	i, found := slices.BinarySearch(all, z)
	for found && i < len(all) && all[i] == z {
		i++
	}
	if i == len(all) {
		return 0
	}
	return all[i]
}

func (o *Op) String() string {
	kind := [...]string{"create", "set", "delete", "get", "list", "setWatches", "other"}[o.Kind]
	where := strings.TrimSpace(fmt.Sprintf("%s %s %s", kind, o.Path, o.Value))
	return fmt.Sprintf("%s (server %d, connection %d, reply %d, zxid %v, %v to %v)", where,
		o.Server, o.Conn, o.Reply, o.Zxid, o.Sent, o.Done)
}
