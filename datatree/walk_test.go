package datatree_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"quoll/datatree"
	"quoll/jute"
)

// snapshot is what a walk brought.
type snapshot struct {
	zxid   jute.Zxid
	acls   []tableEntry
	nodes  []snapNode
	digest datatree.ZxidDigest
}

type tableEntry struct {
	key  int64
	list []jute.ACL
}

type snapNode struct {
	path string
	data []byte
	acl  int64
	st   jute.StatPersisted
}

func (s *snapshot) node(path string, data []byte, acl int64, st *jute.StatPersisted) error {
	s.nodes = append(s.nodes, snapNode{path, bytes.Clone(data), acl, *st})
	return nil
}

func (s *snapshot) table(key int64, list []jute.ACL) {
	s.acls = append(s.acls, tableEntry{key, list})
}

func (s *snapshot) load(t *rapid.T, tree *datatree.Tree) {
	tree.BeginLoad()
	for _, a := range s.acls {
		tree.LoadACL(a.key, a.list)
	}
	for _, n := range s.nodes {
		if err := tree.LoadNode([]byte(n.path), n.data, n.acl, &n.st); err != nil {
			t.Fatal(err)
		}
	}
	tree.FinishLoad(s.zxid, &s.digest)
}

// recover loads the snapshot into a tree, replays the log and compares the tree with the model. At
// some point a tree in use may take over what was loaded so far.
func (m *machine) recover(t *rapid.T, s *snapshot, tree *datatree.Tree) {
	s.load(t, tree)
	adopt := rapid.IntRange(0, 2*len(m.log)).Draw(t, "adopt at")
	for i := range m.log {
		if i == adopt {
			tree = adopted(tree)
		}
		if e := &m.log[i]; e.Header.Zxid > s.zxid {
			tree.Replay(e)
		}
	}
	v := tree.Read()
	defer v.Release()
	if f := tree.Faults(); f.Inconsistencies+f.Mismatches > 0 {
		t.Fatalf("%+v", f)
	}
	if v.Fuzzy() {
		t.Fatal("the snapshot's digest was not reached")
	}
	m.forgetQuotaStats(t, v)
	sameTree(t, v, m.model, false)
	sameLargest(t, tree, m.model)
}

// forgetQuotaStats: a load counts quotas anew, while the live tree may have missed changes that
// were made before the quota's nodes were complete.
func (m *machine) forgetQuotaStats(t *rapid.T, v datatree.View) {
	for _, p := range m.model.Paths() {
		if strings.HasSuffix(p, "/zookeeper_stats") {
			n, ok := v.Find([]byte(p))
			if !ok {
				t.Fatalf("%q is not found", p)
			}
			m.model.Get(p).Data = v.AppendData(nil, n)[4:]
		}
	}
}

func TestWalkWithChangesLoadReplayIsTheLiveTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		m.strict = true
		actions := writes(m)
		for range rapid.IntRange(0, 60).Draw(t, "before") {
			step(t, actions)
		}
		var s snapshot
		var c datatree.Cursor
		if rapid.Bool().Draw(t, "begun by hand") {
			v := m.tree.Read()
			v.ACLTable(s.table)
			v.StartWalk(&c)
			v.Release()
		} else {
			m.tree.Peek().ACLTable(s.table)
		}
		for more := true; more; {
			var err error
			max := rapid.IntRange(1, 4).Draw(t, "chunk")
			if more, err = m.tree.Walk(&c, max, s.node); err != nil {
				t.Fatal(err)
			}
			for range rapid.IntRange(0, 3).Draw(t, "between") {
				step(t, actions)
			}
		}
		s.zxid, s.digest = c.Zxid(), m.tree.Peek().LastDigest()
		if s.nodes[0].path != "" {
			t.Fatal("the root is not first")
		}
		for range rapid.IntRange(0, 10).Draw(t, "after") {
			step(t, actions)
		}
		checkTable(t, &s)
		m.recover(t, &s, datatree.New(m.tree.Options()))
	})
}

// checkTable: the table of the snapshot has every key that a node of the snapshot has.
func checkTable(t *rapid.T, s *snapshot) {
	for _, n := range s.nodes {
		if n.acl != -1 && !slices.ContainsFunc(s.acls, func(a tableEntry) bool {
			return a.key == n.acl
		}) {
			t.Fatalf("%q has the ACL %d, which the table lacks", n.path, n.acl)
		}
	}
}

// TestReplayOverZooKeepersFuzzySnapshot walks as ZooKeeper does: nodes made after the walk began
// are in the snapshot when their parent was not read yet.
func TestReplayOverZooKeepersFuzzySnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		m.strict = true
		actions := writes(m)
		for range rapid.IntRange(0, 60).Draw(t, "before") {
			step(t, actions)
		}
		s := snapshot{zxid: m.model.LastZxid}
		m.tree.Peek().ACLTable(s.table)
		var walk func(path string)
		walk = func(path string) {
			n := m.model.Get(path)
			if n == nil {
				return
			}
			children := m.model.Children(path)
			s.node(path, n.Data, n.Key, &n.Stat)
			for range rapid.IntRange(0, 2).Draw(t, "between") {
				step(t, actions)
			}
			for _, name := range children {
				walk(path + "/" + name)
			}
		}
		walk("")
		s.digest = m.tree.Peek().LastDigest()
		m.recover(t, &s, datatree.New(m.tree.Options()))
	})
}

// writes are the actions that change nodes.
func writes(m *machine) []func(*rapid.T) {
	var list []func(*rapid.T)
	all := m.actions()
	for _, name := range []string{
		"create", "create more", "change", "remove", "remove", "multi", "closeSession", "quota", "error",
	} {
		list = append(list, all[name])
	}
	return list
}

func step(t *rapid.T, actions []func(*rapid.T)) {
	try(actions[rapid.IntRange(0, len(actions)-1).Draw(t, "action")], t)
}

func TestLoadRefusesWhatIsNoTree(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	for want, paths := range map[error][]string{
		datatree.ErrNoParent:  {"", "/a/b"},
		datatree.ErrDuplicate: {"", "/a", "/a"},
		datatree.ErrRoot:      {"", "/a", ""},
	} {
		tree.BeginLoad()
		var err error
		for _, p := range paths {
			err = tree.LoadNode([]byte(p), nil, -1, &jute.StatPersisted{})
		}
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", paths, err, want)
		}
	}
}

func TestWalkIsLostWhenTheTreeIsReplaced(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	var c datatree.Cursor
	ignore := func(string, []byte, int64, *jute.StatPersisted) error { return nil }
	if more, err := tree.Walk(&c, 1, ignore); !more || err != nil {
		t.Fatal(more, err)
	}
	tree.BeginLoad()
	if _, err := tree.Walk(&c, 1, ignore); !errors.Is(err, datatree.ErrWalkLost) {
		t.Fatal(err)
	}
	// A walk that came to its end is lost too when the tree is replaced.
	var d datatree.Cursor
	if more, err := tree.Walk(&d, 100, ignore); more || err != nil {
		t.Fatal(more, err)
	}
	if tree.Peek().LostWalk(&d) {
		t.Fatal("lost, and nothing has happened")
	}
	tree.Lock()
	tree.Adopt(datatree.New(datatree.Options{}))
	tree.Unlock()
	if !tree.Peek().LostWalk(&d) {
		t.Fatal("the tree is another one")
	}
}

func TestWalkEndsWithTheVisitorsError(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	var c datatree.Cursor
	full := fmt.Errorf("disk full")
	_, err := tree.Walk(&c, 100, func(string, []byte, int64, *jute.StatPersisted) error { return full })
	if !errors.Is(err, full) {
		t.Fatal(err)
	}
}
