package datatree_test

import (
	"fmt"
	"testing"

	"quoll/datatree"
	"quoll/jute"
)

const benchNodes = 1 << 17

func benchTree(b *testing.B) (*datatree.Tree, [][]byte) {
	tree := datatree.New(datatree.Options{Digest: true})
	grow(tree, benchNodes, 1024)
	paths := make([][]byte, benchNodes)
	for i := range paths {
		paths[i] = fmt.Appendf(nil, "/p%06d/n%010d", i/1024, i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	return tree, paths
}

func shuffled(i int) int { return i * 7919 % benchNodes }

func BenchmarkFind(b *testing.B) {
	tree, paths := benchTree(b)
	v := tree.Peek()
	for i := 0; b.Loop(); i++ {
		if _, ok := v.Find(paths[shuffled(i)]); !ok {
			b.Fatal("lost")
		}
	}
}

func BenchmarkGetData(b *testing.B) {
	tree, paths := benchTree(b)
	buf := make([]byte, 0, 1024)
	for i := 0; b.Loop(); i++ {
		v := tree.Read()
		n, _ := v.Find(paths[shuffled(i)])
		buf = v.AppendStat(v.AppendData(buf[:0], n), n)
		v.Release()
	}
}

func BenchmarkApplySetData(b *testing.B) {
	tree, paths := benchTree(b)
	var out datatree.Result
	var body []byte
	data := make([]byte, 100)
	for i := 0; b.Loop(); i++ {
		body = jute.Append(body[:0], &jute.SetDataRequest{Path: paths[shuffled(i)], Data: data})
		e := jute.Entry{Header: jute.TxnHeader{Zxid: jute.Zxid(i), Type: jute.OpSetData}, Body: body}
		tree.Apply(&e, &out)
	}
}

func BenchmarkApplyCreateDelete(b *testing.B) {
	tree, paths := benchTree(b)
	acl := []jute.ACL{{Perms: 31, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
	var out datatree.Result
	var body []byte
	var path []byte
	apply := func(op jute.OpCode, r jute.Record) {
		body = jute.Append(body[:0], r)
		e := jute.Entry{Header: jute.TxnHeader{Zxid: 1 << 40, Type: op}, Body: body}
		tree.Apply(&e, &out)
	}
	for i := 0; b.Loop(); i++ {
		path = append(append(path[:0], paths[shuffled(i)]...), "/x"...)
		apply(jute.OpCreate, &jute.CreateTxn{Path: path, Data: path, ACL: acl, ParentCVersion: -1})
		apply(jute.OpDelete, &jute.PathOnly{Path: path})
	}
}

// BenchmarkWalk gives the figure for one node.
func BenchmarkWalk(b *testing.B) {
	tree, _ := benchTree(b)
	var c datatree.Cursor
	for left := b.N; left > 0; left -= 64 {
		more, err := tree.Walk(&c, 64, func(string, []byte, int64, *jute.StatPersisted) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
		if !more {
			c = datatree.Cursor{}
		}
	}
}
