package link

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client/internal/calls"
	"quoll/jute"
)

// office is a queue whose writer and reader are the test.
type office struct {
	*calls.Queue
	t *testing.T
}

func newOffice(t *testing.T) office {
	clock := func() time.Duration { return 0 }
	return office{calls.NewQueue(calls.Limits{Requests: 1000, Bytes: 1 << 20}, clock), t}
}

func (o office) ask(kind calls.Kind) {
	o.t.Helper()
	c := o.New(jute.OpSetData, kind)
	c.End(c.Begin())
	require.NoError(o.t, o.Enqueue(context.Background(), c))
}

// answered asks so often, and answers everything at once.
func (o office) answered(xid int32, n int) {
	o.t.Helper()
	for range n {
		o.ask(calls.Write)
	}
	o.Take(nil, 0)
	for i := range n {
		c, err := o.Match(jute.ReplyHeader{Xid: xid + int32(i)}, i < n-1)
		require.NoError(o.t, err)
		o.Complete(c, nil)
	}
}

// Whoever was answered together is written together, however long it takes.
func TestTheWriterWaitsForWhoComesBack(t *testing.T) {
	o := newOffice(t)
	o.answered(1, 3)
	m := newMeeting(time.Hour)
	o.ask(calls.Write)
	go func() {
		o.ask(calls.Write)
		o.ask(calls.Write)
	}()
	m.wait(o.Queue, nil)
	unsent, _ := o.Len()
	require.Equal(t, 3, unsent)
	require.Zero(t, m.alone)
}

// Whoever does not come is waited for less and less often, until all come again.
func TestTheWriterDoesNotWaitForEver(t *testing.T) {
	o := newOffice(t)
	m := newMeeting(time.Nanosecond)
	xid := int32(1)
	var waits []int
	for round := range 300 {
		o.answered(xid, 2)
		xid += 2
		o.ask(calls.Write)
		before := m.alone
		m.wait(o.Queue, nil)
		if before == 0 {
			waits = append(waits, round)
			require.NotZero(t, m.alone, "nobody came")
		}
		o.Take(nil, 0)
		c, err := o.Match(jute.ReplyHeader{Xid: xid}, false)
		require.NoError(t, err)
		o.Complete(c, nil)
		xid++
	}
	require.Equal(t, []int{0, 2, 6, 14, 30, 62, 126, 191, 256}, waits)

	// Whoever is back before the writer looks says nothing of the others.
	m.within = time.Hour
	for tries := 0; m.vain > 0; tries++ {
		require.Less(t, tries, 1000)
		m.alone = 0
		o.answered(xid, 2)
		o.ask(calls.Write)
		var other sync.WaitGroup
		other.Go(func() { o.ask(calls.Write) })
		m.wait(o.Queue, nil)
		other.Wait()
		o.Take(nil, 0)
		for range 2 {
			c, err := o.Match(jute.ReplyHeader{Xid: xid + 2}, false)
			require.NoError(t, err)
			o.Complete(c, nil)
			xid++
		}
		xid += 2
	}
}

// The end of the link is not kept waiting.
func TestTheEndOfALinkEndsAMeeting(t *testing.T) {
	o := newOffice(t)
	o.answered(1, 2)
	o.ask(calls.Write)
	stop := make(chan struct{})
	close(stop)
	m := newMeeting(time.Hour)
	m.wait(o.Queue, stop)
	require.True(t, o.Awaited())
}
