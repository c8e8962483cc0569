package history

import (
	"path"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// store is a server that does nothing wrong, and writes the history of its clients.
type store struct {
	h     *History
	now   time.Duration
	zxid  jute.Zxid
	tree  map[string]*Node
	reply map[*Session]int
	conn  map[*Session]int
	left  map[*Session]map[string]Kind
}

const counter = "/r/counter"

func newStore() *store {
	return &store{h: &History{Root: "/r"}, zxid: 1 << 32, tree: map[string]*Node{},
		reply: map[*Session]int{}, conn: map[*Session]int{}, left: map[*Session]map[string]Kind{}}
}

func (s *store) session(id jute.SessionID) *Session {
	c := &Session{ID: id, Client: int(id)}
	s.h.Sessions = append(s.h.Sessions, c)
	s.left[c] = map[string]Kind{}
	return c
}

func (s *store) tick() time.Duration { s.now += time.Millisecond; return s.now }

// answer makes an operation that is answered at once.
func (s *store) answer(c *Session, o Op) *Op {
	o.Sent, o.Done = s.tick(), s.tick()
	o.Zxid, o.Outcome, o.Conn, o.Reply = s.zxid, OK, s.conn[c], s.reply[c]
	s.reply[c]++
	c.Ops = append(c.Ops, &o)
	return &o
}

func (s *store) log(c *Session, kind Kind, p, value string) {
	s.zxid++
	s.h.Log = append(s.h.Log, Txn{s.zxid, c.ID, kind, p, value})
	switch kind {
	case Create:
		n := &Node{Value: value}
		n.Stat.Czxid, n.Stat.Mzxid, n.Stat.Pzxid = s.zxid, s.zxid, s.zxid
		s.tree[p] = n
	case Set:
		n := s.tree[p]
		n.Value, n.Stat.Mzxid = value, s.zxid
		n.Stat.Version++
	case Delete:
		delete(s.tree, p)
	}
	s.tell(p, Get, jute.EventDataChanged)
	if kind != Set {
		if dir := s.tree[path.Dir(p)]; dir != nil {
			dir.Stat.Pzxid = s.zxid
			dir.Stat.Cversion++
		}
		s.tell(path.Dir(p), List, jute.EventChildrenChanged)
	}
}

func (s *store) tell(p string, kind Kind, event jute.EventType) {
	for _, c := range s.h.Sessions {
		if was, ok := s.left[c][p]; ok && was == kind && s.conn[c] >= 0 {
			delete(s.left[c], p)
			c.Events = append(c.Events, Event{event, p, s.zxid, s.conn[c], s.reply[c]})
		}
	}
}

func (s *store) create(c *Session, p, value string, ephemeral bool) *Op {
	s.log(c, Create, p, value)
	if ephemeral {
		s.tree[p].Stat.EphemeralOwner = c.ID
	}
	return s.answer(c, Op{Kind: Create, Path: p, Made: p, Value: value, Ephemeral: ephemeral,
		Stat: s.tree[p].Stat})
}

func (s *store) set(c *Session, n int) *Op {
	s.log(c, Set, counter, strconv.Itoa(n))
	return s.answer(c, Op{Kind: Set, Path: counter, Value: strconv.Itoa(n),
		Stat: s.tree[counter].Stat})
}

func (s *store) delete(c *Session, p string) *Op {
	s.log(c, Delete, p, "")
	return s.answer(c, Op{Kind: Delete, Path: p})
}

func (s *store) get(c *Session, watch bool) *Op {
	if watch {
		s.left[c][counter] = Get
	}
	n := s.tree[counter]
	return s.answer(c, Op{Kind: Get, Path: counter, Value: n.Value, Stat: n.Stat, Watch: watch,
		Exact: true})
}

func (s *store) list(c *Session, watch bool) *Op {
	if watch {
		s.left[c]["/r"] = List
	}
	o := Op{Kind: List, Path: "/r", Stat: s.tree["/r"].Stat, Watch: watch, Exact: true}
	return s.answer(c, o)
}

// away ends a client's connection; the watches that it had left stay with the client.
func (s *store) away(c *Session) { s.conn[c] = -s.conn[c] - 1 }

// back connects it again and sets the watches again.
func (s *store) back(c *Session, seen jute.Zxid) {
	s.conn[c], s.reply[c] = -s.conn[c], 0
	o := Op{Kind: Watches}
	for p, kind := range s.left[c] {
		stat := s.tree[p].Stat
		switch {
		case kind == Get && stat.Mzxid > seen:
			s.tell(p, Get, jute.EventDataChanged)
		case kind == List && stat.Pzxid > seen:
			s.tell(p, List, jute.EventChildrenChanged)
		}
		if kind == Get {
			o.Paths = append(o.Paths, p)
		} else {
			o.ChildOf = append(o.ChildOf, p)
		}
	}
	s.answer(c, o)
}

// scene is a history with everything in it.
type scene struct {
	*store
	writer, watcher, owner     *Session
	sets                       []*Op
	node, gone, lease, between *Op
	first, told, missed        *Op // reads with a watch
	last                       *Op
	closedLease                *Op
}

func good() *scene {
	s := &scene{store: newStore()}
	s.writer, s.watcher, s.owner = s.session(1), s.session(2), s.session(3)
	s.create(s.writer, "/r", "", false)
	s.create(s.writer, counter, "0", false)
	s.sets = append(s.sets, s.set(s.writer, 1))
	s.first = s.get(s.watcher, true)
	s.list(s.watcher, true)
	s.sets = append(s.sets, s.set(s.writer, 2))
	s.told = s.get(s.watcher, true)
	s.node = s.create(s.writer, "/r/node", "unique", false)
	s.list(s.watcher, true)
	s.gone = s.create(s.writer, "/r/gone", "unique-2", false)
	s.delete(s.writer, "/r/gone")
	s.lease = s.create(s.owner, "/r/lease", "unique-3", true)
	s.list(s.watcher, true)
	seen := s.zxid
	s.away(s.watcher)
	s.sets = append(s.sets, s.set(s.writer, 3))
	s.between = s.get(s.writer, false)
	s.back(s.watcher, seen)
	s.missed = s.get(s.watcher, true)
	s.last = s.get(s.writer, false)
	s.list(s.watcher, false)
	ended := s.session(4)
	s.closedLease = s.create(ended, "/r/lease-2", "unique-4", true)
	s.log(ended, Delete, "/r/lease-2", "")
	ended.End = Closed
	s.list(s.writer, false)
	s.h.Tree = map[string]Node{}
	for p, n := range s.tree {
		s.h.Tree[p] = *n
	}
	return s
}

func (s *scene) node3(p string, change func(*Node)) {
	n := s.h.Tree[p]
	change(&n)
	s.h.Tree[p] = n
}

// unanswered makes a write one of which nothing is known.
func unanswered(o *Op) { o.Outcome, o.Zxid, o.Done, o.Stat = Unknown, 0, 0, jute.Stat{} }

func TestGoodHistory(t *testing.T) {
	s := good()
	r := Check(s.h)
	require.Empty(t, r.Violations)
	require.Zero(t, r.Unsure)
	require.Equal(t, 10, r.Writes)
	require.NotZero(t, r.Watches)
	require.Equal(t, 1, r.Moves)
}

// faults are what an ensemble could do wrong, each put into a history that is right.
//
// read-only: the cases of a test.
var faults = []struct {
	name  string
	class Class
	do    func(s *scene)
}{
	{"a node is gone", LostWrite, func(s *scene) { delete(s.h.Tree, "/r/node") }},
	{"a node is gone from the logs", LostWrite, func(s *scene) {
		s.h.Log = slices.DeleteFunc(s.h.Log, func(t Txn) bool { return t.Path == "/r/node" })
	}},
	{"a node came at another zxid", WrongWrite, func(s *scene) {
		s.node3("/r/node", func(n *Node) { n.Stat.Czxid++ })
	}},
	{"a node has other data", WrongWrite, func(s *scene) {
		s.node3("/r/node", func(n *Node) { n.Value = "?" })
	}},
	{"a deleted node is back", LostWrite, func(s *scene) {
		s.h.Tree["/r/gone"] = Node{Stat: jute.Stat{Czxid: s.gone.Zxid}}
	}},
	{"an ephemeral node is gone", LostWrite, func(s *scene) { delete(s.h.Tree, "/r/lease") }},
	{"an ephemeral node has no owner", WrongWrite, func(s *scene) {
		s.node3("/r/lease", func(n *Node) { n.Stat.EphemeralOwner = 0 })
	}},
	{"an ephemeral node outlives its session", WrongWrite, func(s *scene) {
		s.h.Tree["/r/lease-2"] = Node{Value: "unique-4", Stat: s.closedLease.Stat}
	}},
	{"the last set is lost", LostWrite, func(s *scene) {
		s.node3(counter, func(n *Node) { n.Value, n.Stat.Version = "2", 2 })
	}},
	{"a set is lost in the middle", LostWrite, func(s *scene) {
		s.sets[2].Stat.Version = s.sets[1].Stat.Version
	}},
	{"a write is acknowledged as another's", WrongWrite, func(s *scene) {
		s.sets[1].Zxid, s.sets[1].Stat.Mzxid = s.node.Zxid, s.node.Zxid
	}},
	{"a write is acknowledged to another session", WrongWrite, func(s *scene) {
		for i := range s.h.Log {
			if s.h.Log[i].Zxid == s.sets[1].Zxid {
				s.h.Log[i].Session = 99
			}
		}
	}},
	{"a write happens twice", WrongWrite, func(s *scene) {
		unanswered(s.sets[1])
		s.h.Log = append(s.h.Log, Txn{s.zxid + 1, 1, Set, counter, "2"})
	}},
	{"the logs lack a set that the tree counts", WrongWrite, func(s *scene) {
		unanswered(s.sets[1])
		s.h.Log = slices.DeleteFunc(s.h.Log, func(t Txn) bool {
			return t.Path == counter && t.Value == "2"
		})
	}},
	{"a legal write is refused", WrongWrite, func(s *scene) {
		s.sets[1].Outcome, s.sets[1].Code = Refused, jute.NoNode
	}},
	{"a later write has a lower zxid", WrongWrite, func(s *scene) {
		s.lease.Sent, s.lease.Done = s.now+1, s.now+2
	}},
	{"a session expires", LostSession, func(s *scene) { s.owner.End = Lost }},
	{"a header goes back", WentBack, func(s *scene) { s.last.Zxid = s.node.Zxid }},
	{"a read goes back", WentBack, func(s *scene) {
		s.last.Value, s.last.Stat = s.told.Value, s.told.Stat
	}},
	{"a read does not see the own write", WentBack, func(s *scene) {
		s.between.Value, s.between.Stat = s.told.Value, s.told.Stat
	}},
	{"a read shows what was never committed", Misread, func(s *scene) {
		s.last.Value, s.last.Stat.Mzxid = "4", s.last.Zxid
	}},
	{"a read shows another value", Misread, func(s *scene) { s.first.Value = "7" }},
	{"a read shows a state above its header", Misread, func(s *scene) {
		s.first.Stat.Mzxid = s.first.Zxid + 1
	}},
	{"a read is older than its header", Misread, func(s *scene) {
		s.told.Value, s.told.Stat = s.first.Value, s.first.Stat
	}},
	{"watches are not set again", Misread, func(s *scene) {
		i := slices.IndexFunc(s.watcher.Ops, func(o *Op) bool { return o.Kind == Watches })
		s.watcher.Ops[i].Outcome, s.watcher.Ops[i].Code = Refused, jute.MarshallingError
	}},
	{"an event is missing", MissedWatch, func(s *scene) {
		s.watcher.Events = slices.Delete(s.watcher.Events, 0, 1)
	}},
	{"an event comes behind a read that shows the change", MissedWatch, func(s *scene) {
		s.watcher.Events[0].Reply = s.told.Reply + 1
	}},
	{"an event of the time between two connections is missing", MissedWatch, func(s *scene) {
		s.watcher.Events = slices.DeleteFunc(s.watcher.Events, func(e Event) bool {
			return e.Conn == 1
		})
	}},
	{"an event of a directory is missing", MissedWatch, func(s *scene) {
		i := slices.IndexFunc(s.watcher.Events, func(e Event) bool { return e.Path == "/r" })
		s.watcher.Events = slices.Delete(s.watcher.Events, i, i+1)
	}},
	{"an event comes twice", WrongWatch, func(s *scene) {
		s.watcher.Events = append(s.watcher.Events, s.watcher.Events[0])
	}},
}

func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			s := good()
			f.do(s)
			require.NotZero(t, Check(s.h).Counts()[f.class], "%v", Check(s.h).Violations)
		})
	}
}

// TestUncommittedEnd: a log may have a transaction that no quorum had; that is no violation, and
// the checks that it spoils are left out.
func TestUncommittedEnd(t *testing.T) {
	s := good()
	s.writer.Ops = append(s.writer.Ops, &Op{Kind: Set, Path: counter, Value: "4", Sent: s.tick()})
	s.h.Log = append(s.h.Log, Txn{s.zxid + 1, 1, Set, counter, "4"})
	r := Check(s.h)
	require.Empty(t, r.Violations)
	require.Equal(t, 1, r.Unsure)
	require.Equal(t, 1, r.Unanswered)
}
