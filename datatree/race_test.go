package datatree_test

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/jute"
)

// TestReadersAndTheWriter: readers see each transaction whole. The writer sets two nodes in a multi
// to the same number, and makes and deletes others, so that places are given again.
func TestReadersAndTheWriter(t *testing.T) {
	tree := datatree.New(datatree.Options{Digest: true})
	heard := &countingSink{}
	tree.SetSink(heard)
	w := &writer{tree: tree}
	w.create("/a")
	w.create("/b")
	var stop atomic.Bool
	var readers sync.WaitGroup
	for i := range 3 {
		readers.Go(func() {
			for n := 0; !stop.Load() || n == 0; n++ {
				readPair(t, tree, watch.Watcher(i))
				if n%50 == 49 {
					tree.DropWatches(watch.Watcher(i))
				}
			}
		})
	}
	readers.Go(func() {
		for n := 0; !stop.Load() || n == 0; n++ {
			walkPairs(t, tree)
		}
	})
	for i := range 3000 {
		w.setBoth(uint64(i))
		w.create(fmt.Sprintf("/a/n%d", i))
		if i >= 20 {
			w.apply(jute.OpDelete, &jute.PathOnly{Path: fmt.Appendf(nil, "/a/n%d", i-20)})
		}
	}
	stop.Store(true)
	readers.Wait()
	if f := tree.Faults(); f.Inconsistencies > 0 {
		t.Fatalf("%+v", f)
	}
}

type countingSink struct{ events, to int }

func (c *countingSink) Deliver(_ watch.Event, _ []jute.ACL, to []watch.Watcher) {
	c.events++
	c.to += len(to)
}

type writer struct {
	tree *datatree.Tree
	zxid jute.Zxid
	out  datatree.Result
}

func (w *writer) apply(op jute.OpCode, txn jute.Record) {
	w.zxid++
	e := jute.Entry{Header: jute.TxnHeader{Zxid: w.zxid, Type: op}, Body: jute.Append(nil, txn)}
	w.tree.Lock()
	w.tree.Apply(&e, &w.out)
	w.tree.Unlock()
}

func (w *writer) create(path string) {
	w.apply(jute.OpCreate, &jute.CreateTxn{
		Path: []byte(path), Data: make([]byte, 8), ParentCVersion: -1})
}

func (w *writer) setBoth(n uint64) {
	// The second data has another size each time, so that its place changes.
	data := binary.BigEndian.AppendUint64(nil, n)
	multi := &jute.MultiTxn{}
	for i, path := range []string{"/a", "/b"} {
		multi.Txns = append(multi.Txns, jute.Txn{Type: jute.OpSetData, Data: jute.Append(nil,
			&jute.SetDataRequest{
				Path: []byte(path), Data: append(data, make([]byte, uint64(i)*n%500)...)})})
	}
	w.apply(jute.OpMulti, multi)
}

func readPair(t *testing.T, tree *datatree.Tree, who watch.Watcher) {
	v := tree.Read()
	defer v.Release()
	a, okA := v.Find([]byte("/a"))
	b, okB := v.Find([]byte("/b"))
	if !okA || !okB {
		t.Error("a node is lost")
		return
	}
	dataA, dataB := v.AppendData(nil, a), v.AppendData(nil, b)
	if string(dataA[4:12]) != string(dataB[4:12]) {
		t.Errorf("half of a multi: %x and %x", dataA[:12], dataB[:12])
	}
	v.WatchData([]byte("/a"), who)
	v.WatchChildren([]byte("/a"), who)
	var s jute.Stat
	v.Stat(a, &s)
	names := v.AppendChildren(nil, a)
	if n := binary.BigEndian.Uint32(names); int32(n) != s.NumChildren {
		t.Errorf("%d children, the stat says %d", n, s.NumChildren)
	}
}

func walkPairs(t *testing.T, tree *datatree.Tree) {
	var c datatree.Cursor
	for more := true; more; {
		var err error
		more, err = tree.Walk(&c, 5, func(string, []byte, int64, *jute.StatPersisted) error { return nil })
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// TestWalksEndBesideSetACL: a walk ends without the tree's lock, while a setACL tells the walks
// under way which ACL the node had before. The race detector finds the errors.
func TestWalksEndBesideSetACL(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree}
	w.create("/a")
	var stop atomic.Bool
	var walkers sync.WaitGroup
	for range 3 {
		walkers.Go(func() {
			for n := 0; !stop.Load() || n == 0; n++ {
				walkPairs(t, tree)
			}
		})
	}
	for i := range 2000 {
		w.apply(jute.OpSetACL, &jute.SetACLRequest{
			Path: []byte("/a"), Version: int32(i + 1),
			ACL: []jute.ACL{{Perms: jute.Perms(i%31 + 1), ID: jute.ID{Scheme: "world", ID: "anyone"}}},
		})
	}
	stop.Store(true)
	walkers.Wait()
}
