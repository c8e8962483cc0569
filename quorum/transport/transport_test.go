package transport_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"quoll/quorum/config"
	"quoll/quorum/transport"
)

// TestMain: no goroutine outlives what was stopped.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Messages are a byte that says how many follow; 0xff is no beginning of a message.
type cutter struct{}

var errBad = errors.New("bad")

func (cutter) Size(head []byte) (int, error) {
	if len(head) == 0 {
		return 0, nil
	}
	if head[0] == 0xff {
		return 0, errBad
	}
	return 1 + int(head[0]), nil
}

// four bytes of length in front, for long messages.
type longCutter struct{}

func (longCutter) Size(head []byte) (int, error) {
	if len(head) < 4 {
		return 0, nil
	}
	return 4 + int(binary.BigEndian.Uint32(head)), nil
}

// post collects what a transport tells.
type post struct {
	t      *testing.T
	tr     *transport.Transport
	events chan transport.Event
	at     config.HostPort
}

func newPost(t *testing.T, change func(*transport.Config)) *post {
	p := &post{t: t, events: make(chan transport.Event, 1000)}
	c := transport.Config{
		Sink:      func(ev transport.Event) { p.events <- ev },
		NewCutter: func(bool) transport.Cutter { return cutter{} },
		HeadBytes: 1, MaxMessage: 200, FinishWithin: 20 * time.Second,
	}
	if change != nil {
		change(&c)
	}
	p.tr = transport.New(c)
	addr, err := p.tr.Listen(config.HostPort{Host: "127.0.0.1"})
	require.NoError(t, err)
	p.at = portOf(addr)
	t.Cleanup(p.tr.Stop)
	return p
}

func portOf(addr net.Addr) config.HostPort {
	return config.HostPort{Host: "127.0.0.1", Port: addr.(*net.TCPAddr).Port}
}

// next is the next event, which must be of a kind.
func (p *post) next(kind transport.Kind) transport.Event {
	p.t.Helper()
	ev := p.event()
	require.Equal(p.t, kind, ev.Kind, "%+v", ev)
	return ev
}

// event is the next one of any kind.
func (p *post) event() transport.Event {
	p.t.Helper()
	select {
	case ev := <-p.events:
		return ev
	case <-time.After(20 * time.Second):
		p.t.Fatal("no event")
		return transport.Event{}
	}
}

// end is how a connection ends, whatever is told of it before.
func (p *post) end() error {
	p.t.Helper()
	for {
		select {
		case ev := <-p.events:
			if ev.Kind == transport.Closed {
				return ev.Err
			}
		case <-time.After(20 * time.Second):
			p.t.Fatal("it does not end")
		}
	}
}

// caller connects to it without a transport.
func (p *post) caller() (net.Conn, transport.Link) {
	p.t.Helper()
	c, err := net.Dial("tcp", p.at.String())
	require.NoError(p.t, err)
	p.t.Cleanup(func() { c.Close() })
	return c, p.next(transport.Accepted).Link
}

// pair connects two transports.
func pair(t *testing.T, change func(*transport.Config)) (a, b *post, ab, ba transport.Link) {
	a, b = newPost(t, change), newPost(t, change)
	a.tr.Dial(7, []config.HostPort{b.at})
	connected := a.next(transport.Connected)
	require.EqualValues(t, 7, connected.Peer)
	return a, b, connected.Link, b.next(transport.Accepted).Link
}

func message(text string) []byte { return append([]byte{byte(len(text))}, text...) }

func TestMessagesBothWays(t *testing.T) {
	a, b, ab, ba := pair(t, nil)
	a.tr.Send(ab, message("from a"), false)
	require.Equal(t, ab, a.next(transport.Wrote).Link)
	require.Equal(t, message("from a"), b.next(transport.Message).Data)
	b.tr.Send(ba, append(message(""), message("twice")...), false)
	b.next(transport.Wrote)
	require.Equal(t, message(""), a.next(transport.Message).Data)
	require.Equal(t, message("twice"), a.next(transport.Message).Data)
	a.tr.Close(ab)
	require.NoError(t, a.next(transport.Closed).Err)
	require.NoError(t, b.next(transport.Closed).Err)
	a.tr.Send(ab, message("late"), false)
	a.tr.Close(ab)
	require.Empty(t, a.events)
}

// counting counts the writes of a connection.
type counting struct {
	net.Conn
	writes *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

func TestAMessageLeavesInOneWriteThroughTheHook(t *testing.T) {
	var writes, accepted atomic.Int64
	a, b, ab, _ := pair(t, func(c *transport.Config) {
		c.Wrap = func(nc net.Conn, isAccepted bool) (net.Conn, error) {
			if isAccepted {
				accepted.Add(1)
			}
			return counting{nc, &writes}, nil
		}
	})
	a.tr.Send(ab, message(strings.Repeat("x", 150)), false)
	b.next(transport.Message)
	a.next(transport.Wrote)
	require.EqualValues(t, 1, writes.Load())
	require.EqualValues(t, 1, accepted.Load())
}

func TestTheLastMessageArrivesBeforeTheEnd(t *testing.T) {
	a, b, ab, ba := pair(t, nil)
	// The other end has sent something that is read by nobody any more.
	b.tr.Send(ba, message("unread"), false)
	b.next(transport.Wrote)
	a.tr.Send(ab, message("goodbye"), true)
	require.Equal(t, message("goodbye"), b.next(transport.Message).Data)
	require.NoError(t, b.next(transport.Closed).Err)
	require.NoError(t, a.end())
}

func TestWhoDoesNotHangUpIsNotWaitedForLong(t *testing.T) {
	p := newPost(t, func(c *transport.Config) { c.FinishWithin = 50 * time.Millisecond })
	raw, err := net.Dial("tcp", p.at.String())
	require.NoError(t, err)
	defer raw.Close()
	link := p.next(transport.Accepted).Link
	p.tr.Send(link, message("goodbye"), true)
	p.next(transport.Wrote)
	require.ErrorIs(t, p.next(transport.Closed).Err, os.ErrDeadlineExceeded)
}

func TestASplitMessage(t *testing.T) {
	p := newPost(t, nil)
	raw, err := net.Dial("tcp", p.at.String())
	require.NoError(t, err)
	p.next(transport.Accepted)
	for _, b := range message("split") {
		_, err = raw.Write([]byte{b})
		require.NoError(t, err)
	}
	require.Equal(t, message("split"), p.next(transport.Message).Data)
	_, err = raw.Write([]byte{9, 'x'})
	require.NoError(t, err)
	raw.Close()
	p.next(transport.Closed)
	require.Empty(t, p.events, "half a message is none")
}

func TestBadInputEndsTheConnectionAndIsCounted(t *testing.T) {
	for _, bad := range [][]byte{{0xff}, {201}, {1, 'x', 0xff, 0, 0}} {
		p := newPost(t, nil)
		raw, err := net.Dial("tcp", p.at.String())
		require.NoError(t, err)
		p.next(transport.Accepted)
		_, err = raw.Write(bad)
		require.NoError(t, err)
		if bad[0] == 1 {
			require.Equal(t, message("x"), p.next(transport.Message).Data)
		}
		closed := p.next(transport.Closed)
		if bad[0] == 201 {
			require.ErrorIs(t, closed.Err, transport.ErrMessage)
		} else {
			require.ErrorIs(t, closed.Err, errBad)
		}
		require.EqualValues(t, 1, p.tr.Stats().BadInput)
		_, err = io.ReadAll(raw)
		var reset *net.OpError
		require.True(t, err == nil || errors.As(err, &reset))
		raw.Close()
	}
}

func TestALongMessageIsReadInPieces(t *testing.T) {
	a, b, ab, _ := pair(t, func(c *transport.Config) {
		c.NewCutter = func(bool) transport.Cutter { return longCutter{} }
		c.HeadBytes, c.MaxMessage = 4, 4+1<<20
	})
	long := binary.BigEndian.AppendUint32(nil, 1<<20)
	for len(long) < 4+1<<20 {
		long = append(long, byte(len(long)>>3))
	}
	a.tr.Send(ab, long, false)
	require.Equal(t, long, b.next(transport.Message).Data)
	a.next(transport.Wrote)
	a.tr.Send(ab, []byte{0, 0, 0, 1, 'x'}, false)
	require.Equal(t, []byte{0, 0, 0, 1, 'x'}, b.next(transport.Message).Data)
}

// nobody is a port that nobody has at the moment.
func nobody(t *testing.T) config.HostPort {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener.Close()
	return portOf(listener.Addr())
}

func TestDials(t *testing.T) {
	a, b := newPost(t, nil), newPost(t, nil)
	a.tr.Dial(1, []config.HostPort{refusing(t)})
	failed := a.next(transport.Failed)
	require.EqualValues(t, 1, failed.Peer)
	require.Error(t, failed.Err)
	a.tr.Dial(2, []config.HostPort{refusing(t), {Host: "localhost", Port: b.at.Port}})
	require.EqualValues(t, 2, a.next(transport.Connected).Peer)
	a.tr.Dial(3, nil)
	require.EqualValues(t, 3, a.next(transport.Failed).Peer)
}

func TestTheHookMayRefuse(t *testing.T) {
	refuse := errors.New("no")
	a := newPost(t, func(c *transport.Config) {
		c.Wrap = func(net.Conn, bool) (net.Conn, error) { return nil, refuse }
	})
	b := newPost(t, nil)
	a.tr.Dial(1, []config.HostPort{b.at})
	require.ErrorIs(t, a.next(transport.Failed).Err, refuse)
	b.next(transport.Accepted)
	b.next(transport.Closed)
	b.tr.Dial(2, []config.HostPort{a.at})
	b.next(transport.Connected)
	b.next(transport.Closed)
	require.EqualValues(t, 1, a.tr.Stats().Refused)
	require.Empty(t, a.events)
}

func TestTheHookIsBounded(t *testing.T) {
	a := newPost(t, func(c *transport.Config) {
		c.ConnectWithin = 50 * time.Millisecond
		c.Wrap = func(nc net.Conn, _ bool) (net.Conn, error) {
			_, err := nc.Read(make([]byte, 1))
			return nc, err
		}
	})
	raw, err := net.Dial("tcp", a.at.String())
	require.NoError(t, err)
	defer raw.Close()
	_, err = raw.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.EqualValues(t, 1, a.tr.Stats().Refused)
}

func TestTheHooksDeadlineIsNotTheConnections(t *testing.T) {
	p := newPost(t, func(c *transport.Config) {
		c.ConnectWithin = 1
		c.Wrap = func(nc net.Conn, _ bool) (net.Conn, error) { return nc, nil }
	})
	raw, err := net.Dial("tcp", p.at.String())
	require.NoError(t, err)
	defer raw.Close()
	p.next(transport.Accepted)
	_, err = raw.Write(message("x"))
	require.NoError(t, err)
	p.next(transport.Message)
}

func TestTooManyCallers(t *testing.T) {
	p := newPost(t, func(c *transport.Config) { c.MaxAccepted = 1 })
	first, err := net.Dial("tcp", p.at.String())
	require.NoError(t, err)
	link := p.next(transport.Accepted).Link
	_, err = first.Write(message("x"))
	require.NoError(t, err)
	p.next(transport.Message)
	second, err := net.Dial("tcp", p.at.String())
	require.NoError(t, err)
	defer second.Close()
	require.NoError(t, second.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, err = second.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.EqualValues(t, 1, p.tr.Stats().Refused)
	first.Close()
	require.Equal(t, link, p.next(transport.Closed).Link)
	third, err := net.Dial("tcp", p.at.String())
	require.NoError(t, err)
	defer third.Close()
	p.next(transport.Accepted)
}

// Any number of callers who say nothing, or the beginning of a message, keep nobody out; and who has
// said something stays.
func TestSilentCallersMakeRoom(t *testing.T) {
	p := newPost(t, func(c *transport.Config) { c.MaxAccepted = 3 })
	speaker, link := p.caller()
	_, err := speaker.Write(message("x"))
	require.NoError(t, err)
	require.Equal(t, link, p.next(transport.Message).Link)
	cut, oldest := p.caller()
	_, err = cut.Write(message("cut short")[:3])
	require.NoError(t, err)
	_, second := p.caller()
	for range 20 {
		c, err := net.Dial("tcp", p.at.String())
		require.NoError(t, err)
		defer c.Close()
		var came transport.Link
		for range 2 { // in either order
			ev := p.event()
			if ev.Kind == transport.Accepted {
				came = ev.Link
				continue
			}
			require.Equal(t, transport.Closed, ev.Kind)
			require.Equal(t, oldest, ev.Link)
			require.ErrorIs(t, ev.Err, transport.ErrRoom)
		}
		oldest, second = second, came
	}
	require.Zero(t, p.tr.Stats().Refused)
	_, err = speaker.Write(message("y"))
	require.NoError(t, err)
	require.Equal(t, link, p.next(transport.Message).Link)
}

// TestNothingComesBehindTheEnd: Wrote is being told while the connection ends.
func TestNothingComesBehindTheEnd(t *testing.T) {
	var order []transport.Kind
	ended := make(chan struct{})
	var tr atomic.Pointer[transport.Transport]
	p := newPost(t, func(c *transport.Config) {
		c.Sink = func(ev transport.Event) {
			switch ev.Kind {
			case transport.Accepted:
				go tr.Load().Send(ev.Link, message("x"), false)
			case transport.Wrote:
				tr.Load().Close(ev.Link)
				select {
				case <-ended:
				case <-time.After(50 * time.Millisecond): // the end waits for us
				}
				order = append(order, ev.Kind)
			case transport.Closed:
				order = append(order, ev.Kind)
				close(ended)
			}
		}
	})
	tr.Store(p.tr)
	raw, err := net.Dial("tcp", p.at.String())
	require.NoError(t, err)
	defer raw.Close()
	<-ended
	require.Equal(t, []transport.Kind{transport.Wrote, transport.Closed}, order)
}

func TestUnlistenLeavesConnections(t *testing.T) {
	a, b, ab, _ := pair(t, nil)
	b.tr.Unlisten()
	a.tr.Dial(1, []config.HostPort{b.at})
	a.next(transport.Failed)
	a.tr.Send(ab, message("still"), false)
	b.next(transport.Message)
}

func TestStop(t *testing.T) {
	a, b, _, _ := pair(t, nil)
	a.tr.Stop()
	require.ErrorIs(t, a.next(transport.Closed).Err, transport.ErrStopped)
	b.next(transport.Closed)
	a.tr.Dial(1, []config.HostPort{b.at})
	_, err := a.tr.Listen(config.HostPort{Host: "127.0.0.1"})
	require.Error(t, err)
	require.Empty(t, a.events)
}
