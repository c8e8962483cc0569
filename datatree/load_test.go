package datatree_test

import (
	"testing"

	"quoll/datatree"
	"quoll/jute"
)

// stat makes the stat of a node that was made at czxid and has had children.
func stat(czxid jute.Zxid, cversion int32, pzxid jute.Zxid) jute.StatPersisted {
	return jute.StatPersisted{
		Czxid: czxid, Mzxid: czxid, Ctime: int64(czxid), Mtime: int64(czxid), Cversion: cversion,
		Pzxid: pzxid}
}

type loading struct {
	t    *testing.T
	tree *datatree.Tree
}

func (l loading) node(path string, data []byte, acl int64, st jute.StatPersisted) {
	l.t.Helper()
	if err := l.tree.LoadNode([]byte(path), data, acl, &st); err != nil {
		l.t.Fatal(err)
	}
}

func (l loading) replay(zxid jute.Zxid, op jute.OpCode, txn jute.Record) {
	l.tree.Replay(&jute.Entry{
		Header: jute.TxnHeader{Zxid: zxid, Time: int64(zxid), Type: op},
		Body:   jute.Append(nil, txn)})
}

func begin(t *testing.T) loading {
	l := loading{t, datatree.New(datatree.Options{Digest: true})}
	l.tree.BeginLoad()
	return l
}

// TestReplayOverANamesake: /e was deleted at 11, made again at 12 and given a child at 13. The
// snapshot of 10 has the later /e.
func TestReplayOverANamesake(t *testing.T) {
	l := begin(t)
	l.node("", nil, -1, stat(0, 1, 5))
	e := stat(12, 1, 13)
	e.Version, e.Aversion, e.Mzxid = 1, 1, 14
	l.node("/e", []byte("late"), -1, e)
	l.node("/e/c", nil, -1, stat(13, 0, 13))
	l.tree.FinishLoad(10, nil)
	l.replay(11, jute.OpSetData, &jute.SetDataRequest{Path: []byte("/e"), Version: 7})
	l.replay(11, jute.OpDelete, &jute.PathOnly{Path: []byte("/e")})
	l.replay(12, jute.OpCreate2, &jute.CreateTxn{
		Path: []byte("/e"), Data: []byte("new"), ParentCVersion: 2})
	l.replay(13, jute.OpCreate, &jute.CreateTxn{Path: []byte("/e/c"), ParentCVersion: 1})
	v := l.tree.Peek()
	n, _ := v.Find([]byte("/e"))
	var got jute.StatPersisted
	v.Persisted(n, &got)
	want := stat(12, 1, 13)
	if got != want || string(v.AppendData(nil, n)[4:]) != "new" || v.NumChildren(n) != 1 {
		t.Errorf("%+v, want %+v", got, want)
	}
	if f := l.tree.Faults(); f.Inconsistencies > 0 {
		t.Errorf("%+v", f)
	}
}

// TestReplayTakesOverTheOwner: the snapshot has a later node of the same path that nobody owns.
func TestReplayTakesOverTheOwner(t *testing.T) {
	l := begin(t)
	l.node("", nil, -1, stat(0, 2, 13))
	l.node("/e", nil, -1, stat(13, 0, 13))
	l.tree.FinishLoad(10, nil)
	l.tree.Replay(&jute.Entry{
		Header: jute.TxnHeader{ClientID: 5, Zxid: 11, Type: jute.OpCreate},
		Body: jute.Append(nil, &jute.CreateTxn{
			Path: []byte("/e"), Ephemeral: true, ParentCVersion: 1})})
	if v := l.tree.Peek(); v.EphemeralCount() != 1 || len(v.EphemeralsOf(5)) != 1 {
		t.Error("the session does not own its node")
	}
	v := l.tree.Peek()
	n, _ := v.Find([]byte("/e"))
	var st jute.StatPersisted
	if v.Persisted(n, &st); st.Czxid != 11 || st.Mzxid != 11 || st.Pzxid != 13 {
		t.Errorf("%+v: it does not begin anew, or its pzxid goes back", st)
	}
	l.replay(13, jute.OpCreate, &jute.CreateTxn{Path: []byte("/e"), ParentCVersion: 2})
	if v := l.tree.Peek(); v.EphemeralCount() != 0 || len(v.EphemeralsOf(5)) != 0 {
		t.Error("the session owns a node that is not its own")
	}
}

// TestLoadSetsUpEveryQuota: several quotas on paths of different lengths, one below another.
func TestLoadSetsUpEveryQuota(t *testing.T) {
	l := begin(t)
	l.node("", nil, -1, stat(1, 0, 1))
	quotas := []string{"/a", "/a/b", "/longer", "/c"}
	for _, p := range quotas {
		l.node(p, []byte("12"), -1, stat(1, 0, 1))
	}
	l.node("/zookeeper", nil, -1, stat(1, 0, 1))
	l.node("/zookeeper/quota", nil, -1, stat(1, 0, 1))
	for _, p := range quotas {
		l.node("/zookeeper/quota"+p, nil, -1, stat(1, 0, 1))
		for name, text := range map[string]string{"limits": "count=9", "stats": "count=0"} {
			l.node("/zookeeper/quota"+p+"/zookeeper_"+name, []byte(text), -1, stat(1, 0, 1))
		}
	}
	l.tree.FinishLoad(1, nil)
	want := map[string]string{
		"/a": "count=2,bytes=4", "/a/b": "count=2,bytes=5", "/longer": "count=2,bytes=5",
		"/c": "count=2,bytes=5",
	}
	for i, p := range quotas[1:] {
		l.replay(jute.Zxid(2+i), jute.OpCreate, &jute.CreateTxn{
			Path: []byte(p + "/kid"), Data: []byte("345"), ParentCVersion: -1,
		})
	}
	for p, text := range want {
		v := l.tree.Peek()
		n, _ := v.Find([]byte("/zookeeper/quota" + p + "/zookeeper_stats"))
		if got := string(v.AppendData(nil, n)[4:]); got != text {
			t.Errorf("%s: %s, want %s", p, got, text)
		}
	}
}

// TestLoadSetsUpQuotas: stats are counted anew, limits hold, later changes are counted.
func TestLoadSetsUpQuotas(t *testing.T) {
	l := begin(t)
	for _, n := range []struct{ path, data string }{
		{"", "root"}, {"/q", "12"}, {"/q/x", "345"}, {"/qq", "not below"}, {"/zookeeper", ""},
		{"/zookeeper/quota", ""}, {"/zookeeper/quota/q", ""},
		{"/zookeeper/quota/q/zookeeper_limits", "count=3,bytes=-1=;countHardLimit=3"},
		{"/zookeeper/quota/q/zookeeper_stats", "count=99,bytes=99"},
	} {
		l.node(n.path, []byte(n.data), -1, stat(1, 0, 1))
	}
	l.tree.FinishLoad(1, nil)
	stats := func() string {
		v := l.tree.Peek()
		n, _ := v.Find([]byte("/zookeeper/quota/q/zookeeper_stats"))
		return string(v.AppendData(nil, n)[4:])
	}
	if got := stats(); got != "count=2,bytes=5" {
		t.Error(got)
	}
	l.replay(2, jute.OpCreate, &jute.CreateTxn{Path: []byte("/q/y"), Data: []byte("6"), ParentCVersion: 9})
	if got := stats(); got != "count=3,bytes=6" {
		t.Error(got)
	}
	if q := l.tree.Peek().Quota([]byte("/q/z"), 0, 0, true); !q.Refused() {
		t.Errorf("%+v", q)
	}
	// The root counts twice, and the stats count as they were in the snapshot.
	size := int64(4+1+4) + 2 + 2 + 4 + 3 + 3 + 9 + 10 + 16 + 18 + 35 + 34 + 34 + 17 + 4 + 1
	if got := l.tree.Peek().ApproximateDataSize(); got != size {
		t.Error(got, size)
	}
}

// TestKeysAfterALoad go on behind the highest of the table, and behind the one that every server
// gives to /zookeeper/config first.
func TestKeysAfterALoad(t *testing.T) {
	for table, want := range map[int64]int64{0: 2, 6: 7} {
		l := begin(t)
		if table > 0 {
			l.tree.LoadACL(table, []jute.ACL{world(3)})
		}
		l.node("", nil, -1, stat(0, 0, 0))
		l.tree.FinishLoad(0, nil)
		if v := l.tree.Peek(); v.ACLCount() != 0 {
			t.Error("a list that nobody uses")
		}
		l.replay(1, jute.OpCreate, &jute.CreateTxn{Path: []byte("/a"), ACL: []jute.ACL{world(1)}})
		v := l.tree.Peek()
		if n, _ := v.Find([]byte("/a")); v.ACLKey(n) != want {
			t.Error(v.ACLKey(n), want)
		}
	}
}

// TestUnknownACL: a key that the table lacks grants nothing, until a transaction sets another ACL.
func TestUnknownACL(t *testing.T) {
	l := begin(t)
	l.node("", nil, -1, stat(0, 1, 1))
	l.node("/a", nil, 9, stat(1, 0, 1))
	l.tree.FinishLoad(1, nil)
	v := l.tree.Peek()
	n, _ := v.Find([]byte("/a"))
	if acl := v.ACL(n); !v.IsUnknownACL(n) || len(acl) != 1 || acl[0].Perms != 0 {
		t.Error(acl)
	}
	l.replay(2, jute.OpSetACL, &jute.SetACLRequest{Path: []byte("/a"), ACL: []jute.ACL{world(3)}})
	if v.IsUnknownACL(n) || v.ACL(n)[0].Perms != 3 {
		t.Error(v.ACL(n))
	}
}

// TestSnapshotDigests are compared where Apache compares them.
func TestSnapshotDigests(t *testing.T) {
	digest := func() uint64 {
		l := begin(t)
		l.node("", nil, -1, stat(0, 0, 0))
		l.tree.FinishLoad(10, nil)
		return l.tree.Peek().TreeDigest()
	}()
	for _, c := range []struct {
		what       string
		digest     *datatree.SnapshotDigest
		mismatches uint64
		fuzzy      bool
	}{
		{"none", nil, 0, false},
		{"empty", &datatree.SnapshotDigest{Version: 2}, 0, false},
		{"of before the snapshot", &datatree.SnapshotDigest{Zxid: 9, Version: 2, Digest: 1}, 0, false},
		{"of the snapshot", &datatree.SnapshotDigest{Zxid: 10, Version: 2, Digest: digest}, 0, false},
		{"wrong", &datatree.SnapshotDigest{Zxid: 10, Version: 2, Digest: 1}, 1, false},
		{"of an older server", &datatree.SnapshotDigest{Zxid: 10, Version: 1, Digest: 1}, 0, false},
		{"of later", &datatree.SnapshotDigest{Zxid: 11, Version: 2, Digest: digest}, 0, true},
	} {
		l := begin(t)
		l.node("", nil, -1, stat(0, 0, 0))
		l.tree.FinishLoad(10, c.digest)
		if f := l.tree.Faults(); f.Mismatches != c.mismatches || l.tree.Peek().Fuzzy() != c.fuzzy {
			t.Errorf("%s: %+v, fuzzy %v", c.what, f, l.tree.Peek().Fuzzy())
		}
		if !c.fuzzy {
			continue
		}
		// The transaction of the digest is not in the log: the next one ends the fuzzy range.
		l.replay(12, jute.OpError, &jute.ErrorResponse{})
		if l.tree.Peek().Fuzzy() || l.tree.Peek().LastDigest().Zxid != 12 {
			t.Errorf("%s: still fuzzy", c.what)
		}
	}
}

// walkOn begins a walk, does something between two chunks and lists what the walk visits.
func walkOn(t *testing.T, l loading, first int, between func()) (paths []string) {
	var c datatree.Cursor
	visit := func(path string, _ []byte, _ int64, _ *jute.StatPersisted) error {
		paths = append(paths, path)
		return nil
	}
	more, err := l.tree.Walk(&c, first, visit)
	between()
	for more && err == nil {
		more, err = l.tree.Walk(&c, 1, visit)
	}
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestWalkOverAFuzzyTree: the replay gives places again at zxids that nodes of the snapshot have
// too. There only the parent tells whether a place still holds the child that it held.
func TestWalkOverAFuzzyTree(t *testing.T) {
	t.Run("loaded", func(t *testing.T) { walkOverFuzzy(t, func(l loading) loading { return l }) })
	t.Run("adopted", func(t *testing.T) {
		walkOverFuzzy(t, func(l loading) loading {
			l.tree = adopted(l.tree)
			return l
		})
	})
}

func walkOverFuzzy(t *testing.T, given func(loading) loading) {
	load := func() loading {
		l := begin(t)
		l.node("", nil, -1, stat(0, 9, 90))
		l.node("/late", nil, -1, stat(90, 0, 90))
		l.node("/p", nil, -1, stat(1, 0, 1))
		l.node("/p/a", nil, -1, stat(2, 0, 2))
		l.node("/p/b", nil, -1, stat(3, 0, 3))
		l.tree.FinishLoad(10, &datatree.SnapshotDigest{Zxid: 95, Version: 2})
		return given(l)
	}
	remove := func(l loading, zxid jute.Zxid, paths ...string) {
		for _, p := range paths {
			l.replay(zxid, jute.OpDelete, &jute.PathOnly{Path: []byte(p)})
		}
	}
	make := func(l loading, zxid jute.Zxid, paths ...string) {
		for _, p := range paths {
			l.replay(zxid, jute.OpCreate, &jute.CreateTxn{Path: []byte(p), ParentCVersion: -1})
		}
	}
	l := load()
	got := walkOn(t, l, 3, func() {
		remove(l, 11, "/p/b")
		make(l, 12, "/stranger")
	})
	sameList(t, "a place given to another parent's child", got, "", "/late", "/p", "/p/a")
	l = load()
	got = walkOn(t, l, 3, func() {
		remove(l, 11, "/p/b", "/p/a", "/p")
		make(l, 12, "/q", "/q/a", "/q/b")
	})
	sameList(t, "a parent's place given away", got, "", "/late", "/p")
	l = load()
	got = walkOn(t, l, 3, func() { remove(l, 11, "/p/b", "/p/a", "/p") })
	sameList(t, "a parent gone", got, "", "/late", "/p")
}

func sameList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %q, want %q", what, got, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: %q, want %q", what, got, want)
			return
		}
	}
}

// TestStopWalk: a walk that was given up is not kept up to date any more, and can begin again.
func TestStopWalk(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	var c datatree.Cursor
	tree.Read().StartWalk(&c)
	tree.StopWalk(&c)
	tree.StopWalk(&c)
	w := &writer{tree: datatree.New(datatree.Options{})}
	w.apply(jute.OpSetACL, &jute.SetACLRequest{Path: []byte("/"), ACL: []jute.ACL{world(1)}})
	if f := w.tree.Faults(); f.Inconsistencies > 0 {
		t.Errorf("%+v", f)
	}
}
