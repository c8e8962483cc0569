package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/jute"
)

// over returns a world whose tree has a given last zxid.
func over(t *testing.T, zxid jute.Zxid) *world {
	tree := datatree.New(datatree.Options{Digest: true, ExtendedTypes: true})
	tree.Lock()
	tree.Apply(&jute.Entry{
		Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpCreateSession},
		Body:   jute.Append(nil, &jute.CreateSessionTxn{TimeOut: 4000}),
	}, new(datatree.Result))
	tree.Unlock()
	return worldOver(t, replica.RollRules{SnapCount: 1000}, tree)
}

// Alone, a server whose epoch is used up begins the next by itself; its clients notice nothing.
func TestAServerAloneBeginsTheNextEpoch(t *testing.T) {
	w := over(t, 0xff000000-2)
	c := w.connect() // takes the last zxid but one of the epoch
	var in []byte
	for i := range 5 {
		in = append(in, c.ask(jute.OpCreate, create("/a"+string(rune('0'+i)), "", 0))...)
	}
	c.feed(in)
	w.all()
	w.all()
	want := []jute.Zxid{0xff000000 - 1, 0xff000000, 1<<32 | 1, 1<<32 | 2, 1<<32 | 3, 1<<32 | 4}
	for i := range 5 {
		require.Equal(t, want[i+1], c.reply().Zxid)
	}
	require.Equal(t, want[len(want)-1], w.tree.Peek().LastZxid())
	require.Zero(t, w.tree.Faults())
}

// A server that starts with a tree whose epoch is used up begins the next one too.
func TestAServerFindsAnEpochUsedUp(t *testing.T) {
	for _, last := range []jute.Zxid{0xff000000, 0xfffffffe, 0xffffffff} {
		w := over(t, last)
		c := w.connect()
		c.feed(c.ask(jute.OpCreate, create("/a", "", 0)))
		w.all()
		require.Equal(t, jute.Zxid(1<<32|2), c.reply().Zxid)
	}
}
