package datatree_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/jute"
)

// adopt replaces the tree by one that has another history, and nobody hears of it.
func (m *machine) adopt(t *rapid.T) {
	other := newMachine()
	other.zxid = jute.Zxid(rapid.Int64Range(0, 200).Draw(t, "zxid before"))
	actions := writes(other)
	for range rapid.IntRange(0, 15).Draw(t, "writes") {
		step(t, actions)
	}
	m.sink.heard = m.sink.heard[:0]
	m.tree.Lock()
	m.tree.Adopt(other.tree)
	m.tree.Unlock()
	must(t, "events", 0, len(m.sink.heard))
	m.model, m.zxid, m.log = other.model, other.zxid, other.log
	m.check(t)
}

// adopted is a tree that was in use and takes over another's contents.
func adopted(built *datatree.Tree) *datatree.Tree {
	tree := datatree.New(built.Options())
	w := &writer{tree: tree, zxid: 5}
	w.create("/a")
	w.create("/in-use")
	tree.Lock()
	tree.Adopt(built)
	tree.Unlock()
	return tree
}

// config: a configuration takes effect.
func (m *machine) config(t *rapid.T) {
	text := []byte(rapid.StringN(0, 40, 40).Draw(t, "text"))
	version := rapid.Int64Range(0, 1<<33).Draw(t, "version")
	now := rapid.Int64Range(0, 1<<41).Draw(t, "now")
	from, digest := len(m.model.Heard), m.model.TreeDigest()
	m.model.SetConfig(text, version, now)
	m.sink.heard = m.sink.heard[:0]
	m.tree.Lock()
	m.tree.SetConfig(text, version, now)
	m.tree.Unlock()
	clear(text) // nothing of it may be kept
	must(t, "events", events(m.model.Heard[from:]), events(m.sink.heard))
	must(t, "digest", digest, m.tree.Peek().TreeDigest())
}

// TestSetConfigMakesTheNode: a snapshot of a server before 3.5 has none.
func TestSetConfigMakesTheNode(t *testing.T) {
	tree := datatree.New(datatree.Options{Digest: true})
	tree.BeginLoad()
	for _, path := range []string{"", "/zookeeper"} {
		if err := tree.LoadNode([]byte(path), nil, -1, &jute.StatPersisted{}); err != nil {
			t.Fatal(err)
		}
	}
	tree.FinishLoad(7, nil)
	tree.Lock()
	tree.SetConfig([]byte("server.1=h:1:2:participant\nversion=100000000"), 1<<32, 1234)
	tree.Unlock()
	v := tree.Read()
	defer v.Release()
	n, ok := v.Find([]byte("/zookeeper/config"))
	if !ok {
		t.Fatal("there is no node")
	}
	var st jute.Stat
	v.Stat(n, &st)
	want := jute.Stat{Mzxid: 1 << 32, Mtime: 1234, Version: -1, Aversion: -1, DataLength: 44}
	if st != want || v.LastZxid() != 7 {
		t.Fatalf("%+v at %v", st, v.LastZxid())
	}
	acl := []jute.ACL{{Perms: jute.PermRead, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
	if got := fmt.Sprint(v.ACL(n)); got != fmt.Sprint(acl) {
		t.Fatal(got)
	}
}

// TestWhatAdoptLeaves: the sink hears of events of the new contents, the limit of watches stays,
// faults of both are counted, and the tree whose contents were taken over holds nothing.
func TestWhatAdoptLeaves(t *testing.T) {
	tree := datatree.New(datatree.Options{Digest: true})
	heard := &countingSink{}
	tree.SetSink(heard)
	tree.LimitWatches(watch.Limits{Own: 3})
	built := datatree.New(datatree.Options{Digest: true})
	for n, x := range []*datatree.Tree{tree, built} {
		w := &writer{tree: x, zxid: jute.Zxid(10 * n)}
		for range n + 1 {
			w.apply(jute.OpDelete, &jute.PathOnly{Path: []byte("/nobody")})
		}
		w.create("/node")
		e := jute.Entry{
			Header:    jute.TxnHeader{Zxid: jute.Zxid(10*n + 9), Type: jute.OpCreateSession},
			HasDigest: true, Digest: jute.TxnDigest{Version: jute.DigestVersion, TreeDigest: 1},
		}
		x.Apply(&e, &w.out)
	}
	v := tree.Read()
	v.WatchData([]byte("/node"), 1)
	v.AddWatch([]byte("/"), 2, jute.AddWatchRecursive)
	v.Release()
	tree.Lock()
	tree.Adopt(built)
	tree.Unlock()
	if f := tree.Faults(); f.Inconsistencies != 3 || f.Inconsistency.Zxid != 12 ||
		f.Mismatches != 2 || f.Mismatch.Zxid != 19 {
		t.Errorf("%+v", f)
	}
	if z := tree.Peek().LastDigest().Zxid; z != 19 {
		t.Errorf("the last digest is of %v", z)
	}
	v = tree.Read()
	if v.WatchCount() != 0 || v.WatchSummary() != (watch.Summary{}) || v.WatchBytes() != 0 {
		t.Errorf("watches are left: %+v", v.WatchSummary())
	}
	v.WatchData([]byte("/node"), 3)
	if v.WatchesExceed(3).Own != 3 {
		t.Error("the limit of watches is gone")
	}
	v.Release()
	w := &writer{tree: tree, zxid: tree.Peek().LastZxid()}
	w.apply(jute.OpDelete, &jute.PathOnly{Path: []byte("/node")})
	if heard.events != 1 || heard.to != 1 {
		t.Errorf("%d events for %d watchers", heard.events, heard.to)
	}
	defer func() {
		if recover() == nil {
			t.Error("what was taken over can be used still: two trees would have one content")
		}
	}()
	built.Peek().Find([]byte("/node"))
}

// generation makes a tree in which all data is one number, which is its last zxid too.
func generation(n int) *datatree.Tree {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree}
	var out datatree.Result
	for i := range 20 {
		w.zxid = jute.Zxid(1000*n + i)
		e := jute.Entry{
			Header: jute.TxnHeader{Zxid: w.zxid, Type: jute.OpCreate},
			Body: jute.Append(nil, &jute.CreateTxn{
				Path: fmt.Appendf(nil, "/n%d", i), ParentCVersion: -1,
				Data: binary.BigEndian.AppendUint64(nil, uint64(n)),
			}),
		}
		tree.Apply(&e, &out)
	}
	return tree
}

// TestReadersSeeOneTreeOrTheOther: a tree takes over several others, one after another. Nobody sees
// parts of two of them in one view, or in one walk.
func TestReadersSeeOneTreeOrTheOther(t *testing.T) {
	const trees = 300
	tree := datatree.New(datatree.Options{})
	tree.Adopt(generation(1))
	var stop atomic.Bool
	var readers sync.WaitGroup
	for i := range 2 {
		readers.Go(func() {
			for n := 0; !stop.Load() || n == 0; n++ {
				readGeneration(t, tree, watch.Watcher(i))
			}
		})
	}
	var whole, lost int
	readers.Go(func() {
		for n := 0; !stop.Load() || n == 0; n++ {
			if walkGeneration(t, tree) {
				whole++
			} else {
				lost++
			}
		}
	})
	for n := 2; n <= trees; n++ {
		built := generation(n)
		tree.Lock()
		tree.Adopt(built)
		tree.Unlock()
	}
	stop.Store(true)
	readers.Wait()
	t.Logf("%d walks to their end, %d lost", whole, lost)
}

func readGeneration(t *testing.T, tree *datatree.Tree, who watch.Watcher) {
	if tree.MostChildren() < 21 || tree.LargestData() != 8 {
		t.Errorf("%d children, data of %d", tree.MostChildren(), tree.LargestData())
	}
	v := tree.Read()
	defer v.Release()
	want := uint64(v.LastZxid() / 1000)
	for i := range 20 {
		n, ok := v.Find(fmt.Appendf(nil, "/n%d", i))
		if !ok {
			t.Error("a node is lost")
			return
		}
		if data := v.AppendData(nil, n); binary.BigEndian.Uint64(data[4:]) != want {
			t.Errorf("a node of %x in the tree %d", data, want)
		}
	}
	v.WatchData([]byte("/n1"), who)
	if who%2 == 0 {
		tree.DropWatches(who)
	}
}

// walkGeneration says whether the walk came to its end.
func walkGeneration(t *testing.T, tree *datatree.Tree) bool {
	var c datatree.Cursor
	nodes := 0
	for more := true; more; {
		var err error
		more, err = tree.Walk(&c, 4, func(
			path string, data []byte, _ int64, _ *jute.StatPersisted,
		) error {
			if len(data) > 0 {
				nodes++
				if n := binary.BigEndian.Uint64(data); n != uint64(c.Zxid()/1000) {
					t.Errorf("%s of the tree %d in a walk over %v", path, n, c.Zxid())
				}
			}
			return nil
		})
		if errors.Is(err, datatree.ErrWalkLost) {
			return false
		}
		if err != nil {
			t.Error(err)
			return false
		}
	}
	if nodes != 20 {
		t.Errorf("%d nodes in a walk to the end", nodes)
	}
	return true
}

// TestAdoptGivesMemoryBack: the former contents of the tree become garbage, and its watches too.
// The tree that was built keeps nothing alive, although something still refers to it.
func TestAdoptGivesMemoryBack(t *testing.T) {
	const n = 50_000
	before := heap()
	tree := datatree.New(datatree.Options{})
	grow(tree, n, 1000)
	v := tree.Read()
	for i := range n {
		v.WatchData(fmt.Appendf(nil, "/watched/%d", i), watch.Watcher(i%100))
	}
	v.Release()
	one := heap().HeapAlloc - before.HeapAlloc
	built := datatree.New(datatree.Options{})
	grow(built, n/10, 1000)
	tree.Lock()
	tree.Adopt(built)
	tree.Unlock()
	left := heap().HeapAlloc - before.HeapAlloc
	t.Logf("%d bytes, then %d", one, left)
	if left > one/5 {
		t.Errorf("%d of %d bytes stay", left, one)
	}
	small := datatree.New(datatree.Options{})
	tree.Lock()
	tree.Adopt(small)
	tree.Unlock()
	if left = heap().HeapAlloc - before.HeapAlloc; left > one/20 {
		t.Errorf("%d of %d bytes stay", left, one)
	}
	runtime.KeepAlive([]*datatree.Tree{tree, built, small})
}
