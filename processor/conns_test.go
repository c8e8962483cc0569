package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/jute"
	"quoll/processor/mail"
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
	w := testWorld(t, 1)
	other := *w
	other.box = mail.NewBox(func() {})
	c, _, _ := testChain(t, w, Rules{})
	s := w.open()
	v := w.tree.Read()
	if watches == jute.OpGetData {
		v.WatchData([]byte("/big"), s.Watcher)
	} else {
		v.WatchChildren([]byte("/big"), s.Watcher)
	}
	v.Release()
	strangers := [2]*client{}
	w.tree.SetSink(&between{Sink: &c.final, run: func() {
		w.close(s)
		strangers[0], strangers[1] = w.open(), other.open()
	}})
	applyTo(w.tree, 100, change)
	c.final.out.Publish()
	w.drain()
	other.drain()
	for _, stranger := range strangers {
		require.NotEqual(t, s.Watcher, stranger.Watcher)
		require.Empty(t, stranger.out, "who has sent nothing was sent an event")
	}
	require.Equal(t, s.Watcher, w.open().Watcher, "the number is used again")
	require.EqualValues(t, 4, w.open().Watcher, "after three numbers the next")
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
