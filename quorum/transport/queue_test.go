package transport_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/quorum/config"
	"quoll/quorum/transport"
)

func TestWhoDoesNotReadIsClosed(t *testing.T) {
	p := newPost(t, func(c *transport.Config) { c.WriteWithin = 50 * time.Millisecond })
	_, link := p.caller()
	p.tr.Send(link, make([]byte, 64<<20), false)
	require.ErrorIs(t, p.end(), os.ErrDeadlineExceeded)
}

func TestMoreThanMayWaitEndsTheConnection(t *testing.T) {
	p := newPost(t, func(c *transport.Config) { c.QueueBytes = 1 << 20 })
	_, link := p.caller()
	p.tr.Send(link, make([]byte, 64<<20), false) // a single one may be longer
	p.next(transport.Wrote)
	p.tr.Send(link, make([]byte, 1), false)
	require.ErrorIs(t, p.end(), transport.ErrFull)
}

// TestWhatHasLeftMakesRoom: the sum of all that is sent is far above what may wait.
func TestWhatHasLeftMakesRoom(t *testing.T) {
	a, b, ab, _ := pair(t, func(c *transport.Config) { c.QueueBytes = 300 })
	for range 50 {
		a.tr.Give(ab, message(strings.Repeat("x", 199)))
		require.Equal(t, 200, a.next(transport.Wrote).Bytes)
		b.next(transport.Message)
	}
}

// gated lets its first write through when it is told to.
type gated struct {
	counting
	gate <-chan struct{}
}

func (c gated) Write(p []byte) (int, error) {
	<-c.gate
	return c.counting.Write(p)
}

// TestWhatWaitsLeavesTogether: while one write runs more is given; it leaves in order, and Wrote
// counts every byte once.
func TestWhatWaitsLeavesTogether(t *testing.T) {
	var writes atomic.Int64
	gate := make(chan struct{})
	a, b, ab, _ := pair(t, func(c *transport.Config) {
		c.Wrap = func(nc net.Conn, accepted bool) (net.Conn, error) {
			if accepted {
				return nc, nil
			}
			return gated{counting{nc, &writes}, gate}, nil
		}
		c.QueueBytes = 1000
	})
	texts := []string{"one", "two", "three", "four"}
	sent := 0
	for _, text := range texts {
		a.tr.Give(ab, message(text))
		sent += len(message(text))
	}
	close(gate)
	for _, text := range texts {
		require.Equal(t, message(text), b.next(transport.Message).Data)
	}
	told := 0
	for events := 1; sent > 0; events++ {
		sent -= a.next(transport.Wrote).Bytes
		require.GreaterOrEqual(t, sent, 0)
		told = events
	}
	require.LessOrEqual(t, told, 2, "the first, and all that waited behind it")
}

// TestALongOneLeavesInPieces, each with its own deadline and Wrote.
func TestALongOneLeavesInPieces(t *testing.T) {
	p := newPost(t, func(c *transport.Config) { c.QueueBytes = 2 << 20 })
	raw, link := p.caller()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	p.tr.Give(link, sent)
	p.tr.Give(link, message("next"))
	got := make([]byte, len(sent)+5)
	_, err := io.ReadFull(raw, got)
	require.NoError(t, err)
	require.Equal(t, append(append([]byte(nil), sent...), message("next")...), got)
	events, left := 0, len(got)
	for ; left > 0; events++ {
		n := p.next(transport.Wrote).Bytes
		require.LessOrEqual(t, n, 256<<10)
		left -= n
	}
	require.Zero(t, left)
	require.GreaterOrEqual(t, events, 4)
}

// TestPauseStopsReading: what the other end sends fills the kernels' buffers and stays there.
func TestPauseStopsReading(t *testing.T) {
	p := newPost(t, nil)
	raw, link := p.caller()
	p.tr.Pause(link)
	long := bytes.Repeat(message(strings.Repeat("y", 199)), 100_000)
	require.NoError(t, raw.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
	n, err := raw.Write(long)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.LessOrEqual(t, len(p.events), 512/200, "a read that ran already")
	p.tr.Resume(link)
	require.NoError(t, raw.SetWriteDeadline(time.Time{}))
	go func() {
		_, _ = raw.Write(long[n:])
	}()
	for range 100_000 {
		require.Len(t, p.next(transport.Message).Data, 200)
	}
}

func TestWhoIsNotReadCanBeClosed(t *testing.T) {
	p := newPost(t, nil)
	for _, end := range []func(transport.Link){p.tr.Close, p.tr.Finish} {
		raw, link := p.caller()
		p.tr.Pause(link)
		_, err := raw.Write(message("for the read that runs, if one does"))
		require.NoError(t, err)
		select {
		case ev := <-p.events:
			require.Equal(t, transport.Message, ev.Kind)
		case <-time.After(200 * time.Millisecond):
		}
		end(link)
		raw.Close()
		require.NoError(t, p.end())
	}
}

func TestFinishLetsTheQueueLeave(t *testing.T) {
	a, b, ab, ba := pair(t, func(c *transport.Config) { c.QueueBytes = 1 << 20 })
	for range 1000 {
		a.tr.Give(ab, message(strings.Repeat("z", 99)))
	}
	a.tr.Finish(ab)
	a.tr.Finish(ab)
	a.tr.Give(ab, message("too late"))
	b.tr.Give(ba, message("not heard"))
	for range 1000 {
		require.Len(t, b.nextMessage(), 100)
	}
	require.NoError(t, b.end())
	for ev := range a.events {
		require.NotEqual(t, transport.Message, ev.Kind, "what comes behind Finish is dropped")
		if ev.Kind == transport.Closed {
			require.NoError(t, ev.Err)
			break
		}
	}
}

// nextMessage is the next message, whatever has left meanwhile.
func (p *post) nextMessage() []byte {
	for {
		if ev := <-p.events; ev.Kind != transport.Wrote {
			require.Equal(p.t, transport.Message, ev.Kind, "%+v", ev)
			return ev.Data
		}
	}
}

func TestFinishDoesNotWaitForEver(t *testing.T) {
	p := newPost(t, func(c *transport.Config) {
		c.WriteWithin, c.FinishWithin = time.Hour, 50*time.Millisecond
	})
	_, link := p.caller()
	p.tr.Give(link, make([]byte, 64<<20))
	for stuck := false; !stuck; { // until a write runs that does not end
		select {
		case ev := <-p.events:
			require.Equal(t, transport.Wrote, ev.Kind)
		case <-time.After(200 * time.Millisecond):
			stuck = true
		}
	}
	p.tr.Finish(link)
	require.ErrorIs(t, p.end(), os.ErrDeadlineExceeded)
}

func TestAPortInUseIsTriedAgain(t *testing.T) {
	var told atomic.Int64
	failed := make(chan error, 10)
	a := newPost(t, func(c *transport.Config) {
		c.ListenFailed = func(_ config.HostPort, err error) {
			told.Add(1)
			failed <- err
		}
	})
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := portOf(other.Addr())
	a.tr.Unlisten()
	a.tr.ListenSoon([]config.HostPort{at})
	require.Error(t, <-failed)
	other.Close()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", at.String())
		if err != nil {
			return false
		}
		c.Close()
		return true
	}, 20*time.Second, 10*time.Millisecond)
	require.EqualValues(t, 1, told.Load())
	a.next(transport.Accepted)
	a.next(transport.Closed)

	a.tr.Unlisten()
	other, err = net.Listen("tcp", at.String())
	require.NoError(t, err)
	a.tr.ListenSoon([]config.HostPort{at})
	require.Error(t, <-failed)
	a.tr.Unlisten()
	other.Close()
	a.tr.Stop() // nobody listens any more, and nobody tries
	_, err = net.Dial("tcp", at.String())
	require.Error(t, err)
}
