package datatree_test

import (
	"fmt"
	"math"
	"testing"

	"quoll/datatree"
	"quoll/jute"
)

// TestForwardCversion: the replay of a create whose node is there already, for every relation of
// the transaction's counter to the parent's. The counter, the pzxid and the tree's digest go
// forward together or not at all.
func TestForwardCversion(t *testing.T) {
	const has, madeAt, again = 7, jute.Zxid(100), jute.Zxid(200)
	ops := map[jute.OpCode]func(path string, cversion int32) jute.Record{
		jute.OpCreate:          createTxn,
		jute.OpCreate2:         createTxn,
		jute.OpCreateContainer: containerTxn,
		jute.OpCreateTTL:       ttlTxn,
	}
	for _, parent := range []string{"", "/p"} {
		for op, txn := range ops {
			for cversion, want := range map[int32]int32{
				-1: has + 1, has - 1: has, has: has, has + 1: has + 1, has + 90: has + 90, 0: has,
				-2: has, math.MinInt32: has, math.MaxInt32: math.MaxInt32,
			} {
				name := fmt.Sprintf("%v in %q with %d", op, parent, cversion)
				tree := datatree.New(datatree.Options{Digest: true, ExtendedTypes: true})
				replay := func(zxid jute.Zxid, op jute.OpCode, body jute.Record) {
					tree.Replay(&jute.Entry{
						Header: jute.TxnHeader{Zxid: zxid, Type: op}, Body: jute.Append(nil, body),
					})
				}
				if parent != "" {
					replay(1, jute.OpCreate, createTxn(parent, -1))
				}
				replay(madeAt, jute.OpCreate, createTxn(parent+"/kid", has))
				replay(again, op, txn(parent+"/kid", cversion))
				stat := statOf(t, tree, parent)
				wantPzxid := madeAt
				if want != has {
					wantPzxid = again
				}
				if stat.Cversion != want || stat.Pzxid != wantPzxid {
					t.Errorf("%s: cversion %d, pzxid %v; want %d, %v",
						name, stat.Cversion, stat.Pzxid, want, wantPzxid)
				}
				if tree.Peek().LastZxid() != again || tree.Faults() != (datatree.Faults{}) {
					t.Errorf("%s: last zxid %v, %+v", name, tree.Peek().LastZxid(), tree.Faults())
				}
				wantDigestOfItself(t, name, tree)
			}
		}
	}
}

// TestForwardCversionOfNobody: a create below a parent that is gone changes nothing.
func TestForwardCversionOfNobody(t *testing.T) {
	tree := datatree.New(datatree.Options{Digest: true})
	before := tree.Peek().TreeDigest()
	tree.Replay(&jute.Entry{
		Header: jute.TxnHeader{Zxid: 5, Type: jute.OpCreate},
		Body:   jute.Append(nil, createTxn("/gone/kid", 9)),
	})
	if v := tree.Peek(); v.TreeDigest() != before || v.LastZxid() != 5 {
		t.Errorf("digest %x, was %x; last zxid %v", v.TreeDigest(), before, v.LastZxid())
	}
}

func createTxn(path string, cversion int32) jute.Record {
	return &jute.CreateTxn{Path: []byte(path), Data: []byte("d"), ParentCVersion: cversion}
}

func containerTxn(path string, cversion int32) jute.Record {
	return &jute.CreateContainerTxn{Path: []byte(path), ParentCVersion: cversion}
}

func ttlTxn(path string, cversion int32) jute.Record {
	return &jute.CreateTTLTxn{Path: []byte(path), ParentCVersion: cversion, TTL: 1}
}

func statOf(t *testing.T, tree *datatree.Tree, path string) (st jute.StatPersisted) {
	t.Helper()
	v := tree.Peek()
	ref, ok := v.Find([]byte(path))
	if !ok {
		t.Fatalf("%q is not there", path)
	}
	v.Persisted(ref, &st)
	return st
}

// wantDigestOfItself adds up the digests of the nodes.
func wantDigestOfItself(t *testing.T, name string, tree *datatree.Tree) {
	t.Helper()
	var d datatree.Digester
	var sum uint64
	var c datatree.Cursor
	for more := true; more; {
		var err error
		more, err = tree.Walk(&c, 64, func(
			path string, data []byte, _ int64, st *jute.StatPersisted,
		) error {
			sum += d.Node([]byte(path), data, st)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := tree.Peek().TreeDigest(); got != sum {
		t.Errorf("%s: the tree says %x, its nodes add up to %x", name, got, sum)
	}
}
