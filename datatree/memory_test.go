package datatree_test

import (
	"fmt"
	"runtime"
	"testing"

	"quoll/datatree"
	"quoll/jute"
)

// grow applies n creates of 20-byte paths with 100 bytes of data, perParent under each parent.
func grow(tree *datatree.Tree, n, perParent int) {
	acl := []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
	data := make([]byte, 100)
	zxid := jute.Zxid(0)
	var out datatree.Result
	var body []byte
	create := func(path []byte) {
		zxid++
		body = jute.Append(body[:0], &jute.CreateTxn{
			Path: path, Data: data, ACL: acl, ParentCVersion: -1})
		e := jute.Entry{
			Header: jute.TxnHeader{Zxid: zxid, Time: int64(zxid), Type: jute.OpCreate}, Body: body}
		tree.Apply(&e, &out)
		if out.Err != jute.OK {
			panic(out.Err)
		}
	}
	tree.Lock()
	defer tree.Unlock()
	var path []byte
	for i := range n {
		if i%perParent == 0 {
			path = fmt.Appendf(path[:0], "/p%06d", i/perParent)
			create(path)
		}
		path = fmt.Appendf(path[:0], "/p%06d/n%010d", i/perParent, i)
		create(path)
	}
}

// TestBytesPerNode: a million nodes of 20 bytes of path and 100 bytes of data take at most 240
// bytes each, and the garbage collector sees next to no objects. With -short it is a tenth of them.
func TestBytesPerNode(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n /= 10
	}
	before := heap()
	tree := datatree.New(datatree.Options{Digest: true})
	grow(tree, n, 1000)
	after := heap()
	per := float64(after.HeapAlloc-before.HeapAlloc) / float64(n)
	objects := after.HeapObjects - before.HeapObjects
	t.Logf("%d nodes: %.1f bytes each, %d objects", n, per, objects)
	if per > 240 || objects > 20_000 {
		t.Errorf("%d nodes: %.1f bytes each, %d objects", n, per, objects)
	}
	runtime.KeepAlive(tree)
}

func heap() (m runtime.MemStats) {
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}
