package transport_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/quorum/transport"
)

// TestWhatIsGivenNowHasLeft: when GiveNow returns, the bytes are with the kernel, and Wrote is told.
func TestWhatIsGivenNowHasLeft(t *testing.T) {
	a, b, ab, _ := pair(t, nil)
	for i := range 20 {
		text := message(fmt.Sprint("message ", i))
		a.tr.GiveNow(ab, text)
		select {
		case ev := <-a.events:
			require.Equal(t, transport.Event{Kind: transport.Wrote, Link: ab, Bytes: len(text)}, ev)
		default:
			t.Fatal("nothing is told when GiveNow returns")
		}
		require.Equal(t, text, b.next(transport.Message).Data)
	}
}

// TestWhatIsGivenNowWaitsItsTurn: messages are given in both ways, more than the kernel takes. They
// arrive in order, and Wrote counts every byte once.
func TestWhatIsGivenNowWaitsItsTurn(t *testing.T) {
	var told atomic.Int64
	p := newPost(t, func(c *transport.Config) {
		c.QueueBytes = 64 << 20
		tell := c.Sink
		c.Sink = func(ev transport.Event) {
			if told.Add(int64(ev.Bytes)); ev.Kind != transport.Wrote {
				tell(ev)
			}
		}
	})
	peer, link := p.caller()
	const messages = 40_000
	sent := 0
	for i := range messages {
		text := message(fmt.Sprintf("%8d%s", i, strings.Repeat("x", i%190)))
		if sent += len(text); i%3 == 0 {
			p.tr.Give(link, text)
		} else {
			p.tr.GiveNow(link, text)
		}
	}
	require.NoError(t, peer.SetReadDeadline(time.Now().Add(20*time.Second)))
	for i := range messages {
		want := message(fmt.Sprintf("%8d%s", i, strings.Repeat("x", i%190)))
		got := make([]byte, len(want))
		_, err := io.ReadFull(peer, got)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	p.tr.Stop()
	require.EqualValues(t, sent, told.Load())
}

// TestAStreamIsNotInterrupted: while a Writer has its turn, what is given now waits behind it.
func TestAStreamIsNotInterrupted(t *testing.T) {
	p := newPost(t, nil)
	peer, link := p.caller()
	w, err := p.tr.Writer(link)
	require.NoError(t, err)
	for range 3 { // the first time the queue is empty, and the stream is the writer's
		_, err = w.Write([]byte("stream"))
		require.NoError(t, err)
		p.tr.GiveNow(link, message("behind"))
	}
	w.Done()
	want := "streamstreamstream" + strings.Repeat(string(message("behind")), 3)
	require.NoError(t, peer.SetReadDeadline(time.Now().Add(20*time.Second)))
	got := make([]byte, len(want))
	_, err = io.ReadFull(peer, got)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

// veiled gives its socket away, as a hook's connection may, and has a Write of its own.
type veiled struct {
	gated
	socket *net.TCPConn
}

func (v veiled) SyscallConn() (syscall.RawConn, error) { return v.socket.SyscallConn() }

// TestWithoutASocketTheWriterWrites: a connection that the hook has wrapped, as TLS does, gets
// nothing behind its back.
func TestWithoutASocketTheWriterWrites(t *testing.T) {
	gate := make(chan struct{})
	a, b, ab, _ := pair(t, func(c *transport.Config) {
		c.Wrap = func(nc net.Conn, accepted bool) (net.Conn, error) {
			if accepted {
				return nc, nil
			}
			return veiled{gated{counting{nc, new(atomic.Int64)}, gate}, nc.(*net.TCPConn)}, nil
		}
	})
	a.tr.GiveNow(ab, message("one"))
	require.Empty(t, a.events)
	close(gate)
	require.Equal(t, message("one"), b.next(transport.Message).Data)
}

// holdWrote makes the sink close telling at its only Wrote, and then wait for the gate.
func holdWrote(c *transport.Config, telling chan<- struct{}, gate <-chan struct{}) {
	tell := c.Sink
	c.Sink = func(ev transport.Event) {
		if ev.Kind == transport.Wrote {
			close(telling)
			<-gate
		}
		tell(ev)
	}
}

// TestNothingIsToldBehindTheEnd: the connection ends while GiveNow tells what has left.
func TestNothingIsToldBehindTheEnd(t *testing.T) {
	telling, gate := make(chan struct{}), make(chan struct{})
	p := newPost(t, func(c *transport.Config) { holdWrote(c, telling, gate) })
	peer, link := p.caller()
	over := make(chan struct{})
	go func() {
		defer close(over)
		p.tr.GiveNow(link, message("text"))
	}()
	<-telling
	peer.Close()
	p.silence(50 * time.Millisecond)
	close(gate)
	p.next(transport.Wrote)
	p.next(transport.Closed)
	<-over
}

// TestMuchIsLeftToTheWriter: who gives more than 16 KiB does not pay for it.
func TestMuchIsLeftToTheWriter(t *testing.T) {
	telling, gate := make(chan struct{}), make(chan struct{})
	p := newPost(t, func(c *transport.Config) {
		c.MaxMessage = 64 << 10
		holdWrote(c, telling, gate)
	})
	_, link := p.caller()
	over := make(chan struct{})
	go func() {
		defer close(over)
		p.tr.GiveNow(link, make([]byte, 16<<10+1))
	}()
	select {
	case <-over:
	case <-time.After(20 * time.Second):
		t.Error("it was written on the goroutine of who gave it")
	}
	close(gate)
	require.Equal(t, 16<<10+1, p.next(transport.Wrote).Bytes)
}

// TestNothingIsGivenBehindFinish, also in the moment before the writer hears of the end.
func TestNothingIsGivenBehindFinish(t *testing.T) {
	p := newPost(t, nil)
	for range 200 {
		peer, link := p.caller()
		p.tr.Finish(link)
		p.tr.GiveNow(link, message("too late"))
		got, err := io.ReadAll(peer)
		require.NoError(t, err)
		require.Empty(t, got)
		peer.Close()
		require.NoError(t, p.end())
	}
}
