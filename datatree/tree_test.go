package datatree_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"quoll/datatree"
	"quoll/jute"
)

func TestNewTree(t *testing.T) {
	v := datatree.New(datatree.Options{Digest: true}).Peek()
	if v.NodeCount() != 5 || v.ApproximateDataSize() != 44 || v.LastZxid() != 0 {
		t.Error(v.NodeCount(), v.ApproximateDataSize(), v.LastZxid())
	}
	if got := v.AllChildrenNumber([]byte("/")); got != v.NodeCount()-2 {
		t.Error(got)
	}
	n, _ := v.Find([]byte("/zookeeper/config"))
	if acl := v.ACL(n); len(acl) != 1 || acl[0].Perms != jute.PermRead || v.ACLKey(n) != 1 {
		t.Error(acl)
	}
	for _, path := range []string{"", "/"} {
		if n, ok := v.Find([]byte(path)); !ok || v.NumChildren(n) != 1 {
			t.Errorf("%q", path)
		}
	}
	if v.LastDigest() != (datatree.ZxidDigest{Version: 2}) || len(v.DigestLog()) != 0 {
		t.Error("a digest before the first transaction")
	}
}

func TestKind(t *testing.T) {
	plain := datatree.Options{}
	extended := datatree.Options{ExtendedTypes: true}
	old := datatree.Options{ExtendedTypes: true, Emulate353TTL: true}
	for owner, want := range map[jute.SessionID][3]datatree.Kind{
		0:                       {0, 0, 0},
		5:                       {datatree.KindEphemeral, datatree.KindEphemeral, datatree.KindEphemeral},
		datatree.ContainerOwner: {datatree.KindContainer, datatree.KindContainer, datatree.KindContainer},
		datatree.TTLOwner(7):    {datatree.KindEphemeral, datatree.KindTTL, datatree.KindTTL},
		datatree.TTLOwner(7) | 1<<41: {
			datatree.KindEphemeral, datatree.KindEphemeral, datatree.KindTTL},
		-1<<63 | 9: {datatree.KindEphemeral, datatree.KindEphemeral, datatree.KindTTL},
	} {
		got := [3]datatree.Kind{plain.Kind(owner), extended.Kind(owner), old.Kind(owner)}
		if got != want {
			t.Errorf("%v: %v, want %v", owner, got, want)
		}
	}
	if ttl := datatree.TTLOf(datatree.TTLOwner(datatree.MaxTTL)); ttl != datatree.MaxTTL {
		t.Error(ttl)
	}
}

func TestZxidsDoNotGoBack(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree, zxid: 9}
	w.create("/a")
	w.zxid = 4
	w.create("/b")
	if z := tree.Peek().LastZxid(); z != 10 {
		t.Error(z)
	}
	tree.SetLastZxid(1 << 32)
	if z := tree.Peek().LastZxid(); z != 1<<32 {
		t.Error(z)
	}
}

// TestDigestHistory: one every 128 zxids, the last 1,024 of them.
func TestDigestHistory(t *testing.T) {
	tree := datatree.New(datatree.Options{Digest: true})
	w := &writer{tree: tree, zxid: 63}
	w.create("/a")
	for w.zxid < 128*1100 {
		w.zxid += 63
		w.apply(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/a"), Version: int32(w.zxid)})
	}
	log := tree.Peek().DigestLog()
	if len(log) != 1024 || log[1023].Zxid != 128*1100 || log[0].Zxid != 128*77 {
		t.Fatal(len(log), log[0], log[len(log)-1])
	}
	if log[1023] != tree.Peek().LastDigest() || log[1023].Digest != tree.Peek().TreeDigest() {
		t.Error(log[1023])
	}
}

func TestDigestsCanBeOff(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree}
	w.create("/a")
	v := tree.Peek()
	n, _ := v.Find([]byte("/a"))
	var st jute.StatPersisted
	if v.TreeDigest() != 0 || v.DigestOf(n) != 0 || v.DigestWith(n, []byte("/a"), &st) != 0 {
		t.Error("a digest")
	}
}

// TestDigestMismatch: a mismatch is counted, and told with the digest that was wanted.
func TestDigestMismatch(t *testing.T) {
	tree := datatree.New(datatree.Options{Digest: true})
	apply := func(zxid jute.Zxid, version int32, digest uint64) {
		e := jute.Entry{Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpError},
			Body:      jute.Append(nil, &jute.ErrorResponse{}),
			HasDigest: true, Digest: jute.TxnDigest{Version: version, TreeDigest: digest}}
		tree.Apply(&e, &datatree.Result{})
	}
	have := tree.Peek().TreeDigest()
	apply(1, 2, have)
	apply(2, 1, 77)
	tree.IgnoreDigestsUntil(3)
	apply(3, 2, 77)
	if f := tree.Faults(); f.Mismatches != 0 {
		t.Fatalf("%+v", f)
	}
	apply(4, 2, 77)
	want := datatree.Mismatch{Zxid: 4, Want: 77, Have: have}
	if f := tree.Faults(); f.Mismatches != 1 || f.Mismatch != want {
		t.Fatalf("%+v", f)
	}
}

// TestNoDigestOfAFuzzyTreeIsKept: the hash command showed digests, and a snapshot could have ended
// with one, of a tree that held parts of later transactions of a SNAP.
func TestNoDigestOfAFuzzyTreeIsKept(t *testing.T) {
	tree := datatree.New(datatree.Options{Digest: true})
	tree.IgnoreDigestsUntil(300)
	apply := func(zxid jute.Zxid) {
		e := jute.Entry{Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpError},
			Body: jute.Append(nil, &jute.ErrorResponse{})}
		tree.Replay(&e)
	}
	for _, zxid := range []jute.Zxid{127, 128, 256, 300} {
		apply(zxid)
	}
	v := tree.Peek()
	if len(v.DigestLog()) != 0 || v.LastDigest().Zxid != 0 {
		t.Fatalf("%+v, last %+v", v.DigestLog(), v.LastDigest())
	}
	apply(301)
	apply(384)
	v = tree.Peek()
	if log := v.DigestLog(); len(log) != 1 || log[0].Zxid != 384 || v.LastDigest() != log[0] {
		t.Fatalf("%+v, last %+v", log, v.LastDigest())
	}
}

// TestUndecodableTransactions: they are counted and change nothing.
func TestUndecodableTransactions(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	var out datatree.Result
	for i, op := range []jute.OpCode{
		jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL, jute.OpDelete,
		jute.OpSetData, jute.OpSetACL, jute.OpMulti, jute.OpError, jute.OpCheck, jute.OpCloseSession,
		jute.OpGetData,
	} {
		e := jute.Entry{Header: jute.TxnHeader{Zxid: jute.Zxid(i), Type: op}, Body: []byte{0, 0, 0}}
		tree.Apply(&e, &out)
		if f := tree.Faults(); out.Err != jute.MarshallingError || f.Inconsistencies != uint64(i+1) {
			t.Errorf("%v: %v, %+v", op, out.Err, f)
		}
	}
	if tree.Peek().NodeCount() != 5 {
		t.Error("a node was made")
	}
}

// TestOldCreate: logs of before 3.3 do not say what the parent's create counter becomes.
func TestOldCreate(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	body := jute.Append(nil, &jute.CreateTxn{Path: []byte("/a"), ACL: []jute.ACL{world(1)}})
	e := jute.Entry{Header: jute.TxnHeader{Zxid: 1, Type: jute.OpCreate}, Body: body[:len(body)-4]}
	var out datatree.Result
	tree.Apply(&e, &out)
	v := tree.Peek()
	var st jute.StatPersisted
	root, _ := v.Find(nil)
	v.Persisted(root, &st)
	if out.Err != jute.OK || st.Cversion != 1 {
		t.Error(out.Err, st)
	}
}

// TestResultIsUsedAgain: a Result keeps nothing of an earlier multi.
func TestResultIsUsedAgain(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree}
	multi := &jute.MultiTxn{Txns: []jute.Txn{{Type: jute.OpError, Data: []byte{0, 0, 0, 1}}}}
	w.apply(jute.OpMulti, multi)
	if len(w.out.Multi) != 1 || w.out.Err != 1 {
		t.Fatalf("%+v", w.out)
	}
	w.create("/a")
	if len(w.out.Multi) != 0 || w.out.Err != jute.OK {
		t.Fatalf("%+v", w.out)
	}
}

// TestNamesInPieces lists many children in chunks that go on where the last one ended.
func TestNamesInPieces(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree}
	w.create("/p")
	var want []string
	for i := range 5000 {
		want = append(want, fmt.Sprintf("n%d", i))
		w.create("/p/" + want[i])
	}
	v := tree.Peek()
	n, _ := v.Find([]byte("/p"))
	var got []string
	for from := 0; from < v.NumChildren(n); {
		var b []byte
		b, from = v.AppendNames(nil, n, from, 777)
		for c := jute.Decoder(b); len(c.Rest()) > 0; {
			var name []byte
			c.Text("name", &name)
			got = append(got, string(name))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d names", len(got))
	}
}

// Ephemerals are listed in pieces. A node that is removed between two pieces hides none that stays.
func TestEphemeralsAreListedInPieces(t *testing.T) {
	const session = 7
	w := &writer{tree: datatree.New(datatree.Options{})}
	create := func(path []byte) {
		txn := jute.Append(nil, &jute.CreateTxn{Path: path, Ephemeral: true, ParentCVersion: -1})
		w.zxid++
		w.tree.Lock()
		defer w.tree.Unlock()
		w.tree.Apply(&jute.Entry{Header: jute.TxnHeader{
			ClientID: session, Zxid: w.zxid, Type: jute.OpCreate,
		}, Body: txn}, new(datatree.Result))
	}
	for i := range 100 {
		create(fmt.Appendf(nil, "/e%02d", i))
	}
	var listed [][]byte
	left := -1
	for gone := 0; left != 0; {
		listed, left = w.tree.Peek().EphemeralsFrom(listed, session, left, 7)
		for range 40 { // some that were listed, and some that were not
			w.apply(jute.OpDelete, &jute.PathBuffer{Path: fmt.Appendf(nil, "/e%02d", gone*37%100)})
			gone = min(gone+1, 79)
		}
	}
	slices.SortFunc(listed, bytes.Compare)
	for _, path := range w.tree.Peek().EphemeralsOf(session) {
		if _, ok := slices.BinarySearchFunc(listed, path, bytes.Compare); !ok {
			t.Errorf("%s was missed", path)
		}
	}
}

// TestShown: clients are told where the reign began as long as no transaction is behind it.
func TestShown(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree, zxid: 1<<32 + 6}
	w.create("/a")
	for _, c := range []struct{ reign, want jute.Zxid }{
		{0, 1<<32 + 7}, {1 << 32, 1<<32 + 7}, {2 << 32, 2 << 32},
	} {
		tree.Lock()
		tree.Reign(c.reign)
		tree.Unlock()
		if got := tree.Peek().Shown(); got != c.want {
			t.Errorf("%v in the reign of %v, not %v", got, c.reign, c.want)
		}
	}
	w.zxid = 2 << 32
	w.create("/b")
	if v := tree.Peek(); v.Shown() != v.LastZxid() || v.Shown() != 2<<32+1 {
		t.Errorf("%v", v.Shown())
	}
}
