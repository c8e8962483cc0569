package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/jute"
	"quoll/processor/session"
)

// between runs something at the moment when the watchers of an event are found and not yet told.
type between struct {
	watch.Sink
	run func()
}

func (b *between) Deliver(ev watch.Event, acl []jute.ACL, to []watch.Watcher) {
	if run := b.run; run != nil {
		b.run = nil
		run()
	}
	b.Sink.Deliver(ev, acl, to)
}

// The watchers of an event are found in one step, and told in the next. A connection that ends in
// between must not leave its number to one that begins in between, on this loop or another.
func TestAnEventIsNotToldToTheNextWithTheNumber(t *testing.T) {
	for _, op := range []jute.OpCode{jute.OpGetData, jute.OpGetChildren} {
		for _, change := range []jute.OpCode{jute.OpSetData, jute.OpDelete} {
			if op == jute.OpGetChildren && change == jute.OpSetData {
				continue // tells nobody
			}
			t.Run(op.String()+" "+change.String(), func(t *testing.T) {
				closeBetween(t, op, change)
			})
		}
	}
}

func closeBetween(t *testing.T, watches, change jute.OpCode) {
	l, _ := testLane(t, 0, 1)
	other := NewLane(l.Shared, func() {})
	table := session.NewTable(1000, 0, 1, 1)
	c := NewChain(Rules{Prep: PrepRules{Auth: l.Rules.Auth}}, l.Tree, table, l.Conns,
		new(proposals), nil)
	s, _ := client(l, 1)
	s.Input(request(1, watches, &jute.PathWatch{Path: []byte("/big"), Watch: true}))
	number := s.Watcher
	out := [2]*output{{}, {}}
	strangers := [2]*Stream{}
	l.Tree.SetSink(&between{Sink: &c.final, run: func() {
		s.Closed(nil)
		strangers[0] = l.Open(out[0], s.Peer)
		strangers[1] = other.Open(out[1], s.Peer)
	}})
	applyTo(l.Tree, 100, change)
	c.final.out.Publish()
	l.Drain()
	other.Drain()
	for i, stranger := range strangers {
		require.Equal(t, fresh, stranger.phase)
		require.NotEqual(t, number, stranger.Watcher)
		require.Empty(t, out[i].out, "who has sent nothing was sent an event")
	}
	require.Equal(t, number, l.Open(&output{}, s.Peer).Watcher, "the number is used again")
	require.EqualValues(t, 4, l.Open(&output{}, s.Peer).Watcher, "after three numbers the next")
}

// applyTo changes or deletes /big.
func applyTo(tree *datatree.Tree, zxid jute.Zxid, op jute.OpCode) {
	var txn jute.Record = &jute.SetDataRequest{Path: []byte("/big"), Data: []byte("x"), Version: 1}
	if op == jute.OpDelete {
		txn = &jute.PathBuffer{Path: []byte("/big")}
	}
	var result datatree.Result
	tree.Lock()
	defer tree.Unlock()
	tree.Apply(&jute.Entry{
		Header: jute.TxnHeader{Zxid: zxid, Type: op}, Body: jute.Append(nil, txn),
	}, &result)
}
