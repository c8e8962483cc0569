package prep

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/op"
	"quoll/processor/session"
	"quoll/processor/stats"
)

// prepOver is a Prep over a tree that the transactions made; they need only be possible in a log.
func prepOver(t *testing.T, rules Rules, txns ...jute.Txn) *Prep {
	t.Helper()
	tree := datatree.New(datatree.Options{ExtendedTypes: true})
	var result datatree.Result
	for i, txn := range txns {
		tree.Lock()
		tree.Apply(&jute.Entry{
			Header: jute.TxnHeader{Zxid: jute.Zxid(i + 1), Type: txn.Type}, Body: txn.Data,
		}, &result)
		tree.Unlock()
		require.Equal(t, jute.OK, result.Err, i)
	}
	rules.Auth = &auth.Rules{DigestEnabled: true}
	return New(rules, new(stats.Counts), tree, session.NewTable(1000, 0, 1, 1),
		tree.Peek().LastZxid())
}

func anyone() []jute.ACL {
	return []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
}

// created is the transaction of a create. cversion is what the parent gets; -1: the next.
func created(path string, data []byte, cversion int32) jute.Txn {
	return jute.Txn{Type: jute.OpCreate, Data: jute.Append(nil, &jute.CreateTxn{
		Path: []byte(path), Data: data, ACL: anyone(), ParentCVersion: cversion,
	})}
}

func (p *Prep) asked(as jute.OpCode, body jute.Record) Made {
	return p.Prepare(&Write{
		Type: as, Body: jute.Append(nil, body), Identity: auth.Nobody(),
	})
}

// The log of an Apache server, or of an older Quoll, may have made nodes that no write may make
// now. A write that would end Apache's server because of such a node is refused.
func TestWhatAnOldLogMadeEndsNoServer(t *testing.T) {
	quota := "/zookeeper/quota/q"
	p := prepOver(t, Rules{},
		created("/zookeeper/zookeeper_limits", nil, -1),
		created("/zookeeper/quota/zookeeper_limits", nil, -1),
		created(quota, nil, -1),
		created(quota+"/zookeeper_stats", nil, -1),
		jute.Txn{Type: jute.OpSetData, Data: jute.Append(nil, &jute.SetDataRequest{
			Path: []byte(quota + "/zookeeper_stats"), Data: []byte("?"),
		})},
		created("/plain", nil, -1),
	)
	for _, path := range []string{
		"/zookeeper/zookeeper_limits", "/zookeeper/quota/zookeeper_limits",
	} {
		got := p.asked(jute.OpDelete, &jute.PathVersion{Path: []byte(path), Version: -1})
		require.Equal(t, jute.BadArguments, got.Code, path)
		got = p.asked(jute.OpDeleteContainer, &jute.PathBuffer{Path: []byte(path)})
		require.Equal(t, jute.BadArguments, got.Code, path)
	}
	limit := &jute.CreateRequest{
		Path: []byte(quota + "/zookeeper_limits"), Data: []byte("count=1"), ACL: anyone(),
	}
	require.Equal(t, jute.BadArguments, p.asked(jute.OpCreate, limit).Code)
	stats := &jute.SetDataRequest{
		Path: []byte(quota + "/zookeeper_stats"), Data: []byte("count=1"), Version: -1,
	}
	got := p.asked(jute.OpSetData, stats)
	require.Equal(t, jute.OK, got.Code)
	require.Equal(t, jute.OpSetData, got.Entry.Header.Type)
	got = p.asked(jute.OpDeleteContainer, &jute.PathBuffer{Path: []byte("/plain")})
	require.Equal(t, jute.OK, got.Code)
}

// TestSequenceText: what Java's String.format(Locale.ENGLISH, "%010d", n) writes.
func TestSequenceText(t *testing.T) {
	for n, want := range map[int32]string{
		0: "0000000000", 1: "0000000001", 9: "0000000009", 10: "0000000010",
		999999999: "0999999999", 1000000000: "1000000000", math.MaxInt32: "2147483647",
		-1: "-000000001", -10: "-000000010", -99999999: "-099999999",
		-999999999: "-999999999", -1000000000: "-1000000000", math.MinInt32: "-2147483648",
	} {
		require.Equal(t, "/a"+want, string(appendSequence([]byte("/a"), n)))
	}
}

// A parent's counter of changes wraps around, as in Java, where an int does not stop at its end.
// The number in the next name is the counter in flight.
func TestSequenceNumbersGoRound(t *testing.T) {
	p := prepOver(t, Rules{},
		created("/p", nil, -1), created("/p/kid", nil, math.MaxInt32-1))
	next := func() (name string, parent int32) {
		in := &jute.CreateRequest{
			Path: []byte("/p/s-"), ACL: anyone(), Flags: jute.ModePersistentSequential,
		}
		got := p.asked(jute.OpCreate, in)
		require.Equal(t, jute.OK, got.Code)
		var txn jute.CreateTxn
		_, err := jute.Decode(got.Entry.Body, &txn)
		require.NoError(t, err)
		return string(txn.Path), txn.ParentCVersion
	}
	for _, want := range []struct {
		name   string
		parent int32
	}{
		{"/p/s-2147483646", math.MaxInt32},
		{"/p/s-2147483647", math.MinInt32},
		{"/p/s--2147483648", math.MinInt32 + 1},
		{"/p/s--2147483647", math.MinInt32 + 2},
	} {
		name, parent := next()
		require.Equal(t, want.name, name)
		require.Equal(t, want.parent, parent)
	}
}

// A version wraps around like a Java int. -1 as the wanted version is any; no other below 0 is.
func TestNextVersion(t *testing.T) {
	for _, c := range []struct {
		now, want, next int32
		code            jute.ErrorCode
	}{
		{0, 0, 1, jute.OK}, {7, -1, 8, jute.OK}, {7, 6, 0, jute.BadVersion},
		{7, -2, 0, jute.BadVersion}, {0, math.MinInt32, 0, jute.BadVersion},
		{math.MaxInt32, math.MaxInt32, math.MinInt32, jute.OK},
		{math.MaxInt32, -1, math.MinInt32, jute.OK},
		{math.MinInt32, math.MinInt32, math.MinInt32 + 1, jute.OK},
		{-2, -2, -1, jute.OK}, {-2, -1, -1, jute.OK}, {-1, -1, 0, jute.OK},
		{-1, 0, 0, jute.BadVersion},
	} {
		next, code := nextVersion(c.now, c.want)
		if next != c.next || code != c.code {
			t.Errorf("%d, wanted %d: %d, %v", c.now, c.want, next, code)
		}
	}
}

// A client that asks for what the reaper does needs the right to delete. Apache's server asks for
// none: docs/decisions/0001-server-opcodes.md.
func TestDeleteContainerAsksForDelete(t *testing.T) {
	for set := jute.Perms(0); set <= jute.PermAll; set++ {
		acl := []jute.ACL{{Perms: set, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
		p := prepOver(t, Rules{},
			jute.Txn{Type: jute.OpCreate, Data: jute.Append(nil, &jute.CreateTxn{
				Path: []byte("/p"), ACL: acl, ParentCVersion: -1,
			})}, created("/p/kid", nil, -1))
		got := p.asked(jute.OpDeleteContainer, &jute.PathBuffer{Path: []byte("/p/kid")})
		if want := set&jute.PermDelete != 0; (got.Code == jute.OK) != want ||
			!want && got.Code != jute.NoAuth {
			t.Errorf("with %05b: %v", set, got.Code)
		}
	}
}

// A write that is refused early would be refused in its turn too, and makes no transaction.
func TestEagerChecksOfEveryPermission(t *testing.T) {
	for name, c := range map[string]struct {
		op    jute.OpCode
		body  jute.Record
		needs jute.Perms
	}{
		"create": {jute.OpCreate, &jute.CreateRequest{Path: []byte("/p/n"), ACL: anyone()},
			jute.PermCreate},
		"create2": {jute.OpCreate2, &jute.CreateRequest{Path: []byte("/p/n"), ACL: anyone()},
			jute.PermCreate},
		"delete":  {jute.OpDelete, &jute.PathVersion{Path: []byte("/p/kid")}, jute.PermDelete},
		"setData": {jute.OpSetData, &jute.SetDataRequest{Path: []byte("/p")}, jute.PermWrite},
		"setACL":  {jute.OpSetACL, &jute.SetACLRequest{Path: []byte("/p")}, jute.PermAdmin},
		"nowhere": {jute.OpSetData, &jute.SetDataRequest{Path: []byte("/q")}, 0},
		"no path": {jute.OpSetData, &jute.SetDataRequest{}, 0},
		"check":   {jute.OpCheck, &jute.PathVersion{Path: []byte("/p")}, 0},
	} {
		for set := jute.Perms(0); set <= jute.PermAll; set++ {
			acl := []jute.ACL{{Perms: set, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
			p := prepOver(t, Rules{EagerACLCheck: true},
				jute.Txn{Type: jute.OpCreate, Data: jute.Append(nil, &jute.CreateTxn{
					Path: []byte("/p"), ACL: acl, ParentCVersion: -1,
				})}, created("/p/kid", nil, -1))
			r := Write{
				Type: c.op, Body: jute.Append(nil, c.body),
				Identity: auth.Nobody(),
			}
			want := jute.OK
			if c.needs != 0 && set&c.needs == 0 {
				want = jute.NoAuth
			}
			if got := p.rules.RefuseEarly(p.tree, &r); got != want {
				t.Errorf("%s with %05b: %v, want %v", name, set, got, want)
			}
		}
	}
}

// Each write of the table of operations has its function here; a multi has its own way.
func TestEveryWriteHasItsFunction(t *testing.T) {
	for _, row := range op.Rows() {
		has := makers.Of(row.Op).make != nil
		wants := row.Kind == op.Write && row.Op != jute.OpMulti || row.Op == jute.OpCreateSession
		require.Equal(t, wants, has, row.Op)
	}
}

// The last counter of an epoch is never given: a reign must have ended before.
func TestTheLastCounterOfAnEpochIsNotGiven(t *testing.T) {
	p := prepOver(t, Rules{}, created("/a", nil, -1))
	set := &jute.SetDataRequest{Path: []byte("/a"), Version: -1}
	p.lastZxid = 3<<32 | 0xff000000 - 1
	require.False(t, p.Spent())
	require.Equal(t, jute.Zxid(3<<32|0xff000000), p.asked(jute.OpSetData, set).Entry.Header.Zxid)
	require.True(t, p.Spent())
	p.lastZxid = 3<<32 | 0xfffffffd
	require.Equal(t, jute.Zxid(3<<32|0xfffffffe), p.asked(jute.OpSetData, set).Entry.Header.Zxid)
	require.Panics(t, func() { p.asked(jute.OpSetData, set) })
	require.Panics(t, func() { p.asked(jute.OpMulti, &jute.MultiRequest{}) })
}
