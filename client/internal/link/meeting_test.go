package link

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
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

// The writer waits as long as a quarter of those who are awaited come within each while. Whoever comes
// in time is written with the first.
func TestHowLongTheWriterWaits(t *testing.T) {
	const us = time.Microsecond
	for name, test := range map[string]struct {
		answered int
		apart    time.Duration // one comes after another
		come     int
		waits    time.Duration
		vain     int
		late     time.Duration // the 41st and those behind it come with so much more between them
	}{
		"all come at once":       {64, 0, 63, 0, 0, 0},
		"all come":               {64, 3 * us, 63, 189 * us, 0, 0},
		"it takes two whiles":    {64, 5 * us, 63, 315 * us, 0, 0},
		"nobody comes":           {2, 0, 0, 200 * us, 1, 0},
		"most come, and no more": {64, 2 * us, 50, 400 * us, 1, 0},
		"the last ones are slow": {64, 5 * us, 63, 775 * us, 0, 20 * us},
		"they trickle in":        {1000, 50 * us, 999, 200 * us, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				o.answered(1, test.answered)
				m := newMeeting(meetWithin)
				o.ask(calls.Write)
				var others sync.WaitGroup
				defer others.Wait()
				others.Go(func() {
					for i := range test.come {
						time.Sleep(test.apart)
						if i >= 40 {
							time.Sleep(test.late)
						}
						o.ask(calls.Write)
					}
				})
				begun := time.Now()
				m.wait(o.Queue, nil)
				require.Equal(t, test.waits, time.Since(begun))
				require.Equal(t, test.vain, m.vain)
			})
		})
	}
}

// A link waits for a caller who comes a little later, and one write has the requests of both. What
// comes behind the replies of writes and is no reply holds nothing up.
func TestALinkWaitsForWhoComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.start()
		first, second := s.write(), s.write()
		for range 2 {
			s.next()
		}
		s.sendAtOnce(&jute.ReplyHeader{Xid: first.Xid()}, &jute.ReplyHeader{Xid: second.Xid()})
		<-s.events
		require.Equal(t, 2, s.queue.Awaited())
		begun := time.Now()
		s.write()
		go func() {
			time.Sleep(meetWithin / 2)
			s.write()
		}()
		s.next()
		require.Equal(t, meetWithin/2, time.Since(begun))
		s.next()
		require.Equal(t, meetWithin/2, time.Since(begun))
	})
}

// Behind a wait in vain the writer waits less and less often, until all come again.
func TestTheWriterWaitsLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		m := newMeeting(meetWithin)
		xid := int32(1)
		round := func(come int) {
			o.answered(xid, 2)
			xid += 2
			for range come {
				o.ask(calls.Write)
			}
			m.wait(o.Queue, nil)
			o.Take(nil, 0)
			for range come {
				c, err := o.Match(jute.ReplyHeader{Xid: xid}, false)
				require.NoError(t, err)
				o.Complete(c, nil)
				xid++
			}
		}
		var waits []int
		for n := range 300 {
			begun := time.Now()
			round(1)
			if time.Since(begun) > 0 {
				waits = append(waits, n)
			}
		}
		require.Equal(t, []int{0, 2, 6, 14, 30, 62, 126, 191, 256}, waits)
		m.alone = 0
		round(2)
		require.NotZero(t, m.vain, "who comes before the writer looks says nothing of the others")
		go func() {
			time.Sleep(time.Microsecond)
			o.ask(calls.Write)
		}()
		round(1)
		require.Zero(t, m.vain)
	})
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
	require.Equal(t, 1, o.Awaited())
}

// write puts a write into the queue.
func (s *stage) write() *calls.Call {
	c := s.queue.New(jute.OpSetData, calls.Write)
	c.End(c.Begin())
	require.NoError(s.t, s.queue.Enqueue(context.Background(), c))
	return c
}

// sendAtOnce sends replies, and an event behind them, with one write.
func (s *stage) sendAtOnce(replies ...*jute.ReplyHeader) {
	var frames []byte
	add := func(records ...jute.Record) {
		at := len(frames)
		frames = jute.FrameStart(frames)
		for _, r := range records {
			frames = jute.Append(frames, r)
		}
		jute.FrameEnd(frames, at)
	}
	for _, r := range replies {
		add(r)
	}
	add(&jute.ReplyHeader{Xid: jute.XidNotification},
		&jute.WatcherEvent{Type: jute.EventDeleted, Path: []byte("/a")})
	_, _ = s.server.Write(frames)
}
