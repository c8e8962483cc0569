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

// The writer waits for half the time that a write takes, and 400 µs at most. Whoever comes in time is
// written with the first.
func TestHowLongTheWriterWaits(t *testing.T) {
	const us = time.Microsecond
	for name, test := range map[string]struct {
		answered int
		come     int
		apart    time.Duration // one comes after another
		took     time.Duration // by the last write
		waits    time.Duration
		vain     int
	}{
		"all come at once":         {64, 63, 0, 800 * us, 0, 0},
		"all come":                 {64, 63, 5 * us, 800 * us, 315 * us, 0},
		"nobody comes":             {2, 0, 0, 500 * us, 250 * us, 1},
		"nobody comes for long":    {2, 0, 0, time.Second, 400 * us, 1},
		"most come":                {64, 50, 2 * us, 800 * us, 400 * us, 1},
		"they trickle in":          {1000, 999, 50 * us, time.Second, 400 * us, 1},
		"it took no time":          {2, 1, us, 0, 0, 1},
		"the second one is slower": {2, 1, 300 * us, 500 * us, 250 * us, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				o.answered(1, test.answered)
				m := newMeeting()
				o.ask(calls.Write)
				var others sync.WaitGroup
				defer others.Wait()
				others.Go(func() {
					for range test.come {
						time.Sleep(test.apart)
						o.ask(calls.Write)
					}
				})
				begun := time.Now()
				m.wait(o.Queue, test.took, nil, nil)
				require.Equal(t, test.waits, time.Since(begun))
				require.Equal(t, test.vain, m.vain)
			})
		})
	}
}

// Behind a wait in vain the writer waits less and less often, until all come again.
func TestTheWriterWaitsLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		m := newMeeting()
		xid := int32(1)
		round := func(come int) {
			o.answered(xid, 2)
			xid += 2
			for range come {
				o.ask(calls.Write)
			}
			m.wait(o.Queue, time.Millisecond, nil, nil)
			unsent, _ := o.Len()
			o.Take(nil, 0)
			for range unsent {
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

// What goes ahead of the calls is not kept waiting, and neither is the end of the link.
func TestWhatEndsAMeeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan struct{})
		close(closed)
		for _, c := range []struct{ poke, stop chan struct{} }{{closed, nil}, {nil, closed}} {
			o := newOffice(t)
			o.answered(1, 2)
			o.ask(calls.Write)
			begun := time.Now()
			m := newMeeting()
			m.wait(o.Queue, time.Hour, c.poke, c.stop)
			require.True(t, o.Awaited())
			require.Zero(t, time.Since(begun))
			require.Zero(t, m.vain)
		}
	})
}

// A link waits for a caller who comes a little later, and one write has the requests of both. An
// event behind the replies of writes is no reply that is still at hand.
func TestALinkWaitsForWhoComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.start()
		first, second := s.write(), s.write()
		for range 2 {
			s.next()
		}
		s.now.Add(int64(time.Millisecond))
		synctest.Wait()
		s.sendAtOnce(&jute.ReplyHeader{Xid: first.Xid()}, &jute.ReplyHeader{Xid: second.Xid()})
		<-s.events
		begun := time.Now()
		s.write()
		go func() {
			time.Sleep(maxMeeting / 2)
			s.write()
		}()
		s.next()
		require.Equal(t, maxMeeting/2, time.Since(begun))
		s.next()
		require.Equal(t, maxMeeting/2, time.Since(begun))
	})
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
