package client_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/internal/authority"
	"quoll/jute"
)

// frameOf is a frame with a length that need not be true.
func frameOf(length uint32, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, length), body...)
}

// statusTexts is an option by which a client's statuses are heard, and the texts of their errors.
func statusTexts() (texts func() string, option client.Option) {
	var mu sync.Mutex
	var all strings.Builder
	return func() string {
			mu.Lock()
			defer mu.Unlock()
			return all.String()
		}, client.WithTrace(&client.Trace{Status: func(s client.Status) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintln(&all, s.State, s.Err)
		}})
}

// Whatever a server sends instead of an answer, the connection is given up and the read is asked
// again. The third connection is in order.
func TestServersThatMakeNoSense(t *testing.T) {
	header := func(xid int32) []byte {
		return jute.Append(nil, &jute.ReplyHeader{Xid: xid, Zxid: 1})
	}
	for name, d := range map[string]struct {
		why    string // in the status
		answer func(xid int32) []byte
	}{
		"garbage": {`length 1213486160 ("HTTP")`, func(int32) []byte {
			return []byte("HTTP/1.1 400 Bad Request\r\n\r\n")
		}},
		"a negative length": {"length -1", func(int32) []byte { return frameOf(0xffffffff, nil) }},
		"a huge length": {"length 2147483647", func(int32) []byte {
			return frameOf(1<<31-1, nil)
		}},
		"a short header": {"3 bytes", func(int32) []byte { return frameOf(3, []byte{0, 0, 0}) }},
		"another xid": {"xid 2, and 1 is next", func(xid int32) []byte {
			return frameOf(16, header(xid+1))
		}},
		"an xid of before": {"xid 0, and 1 is next", func(xid int32) []byte {
			return frameOf(16, header(xid-1))
		}},
		"no watches asked": {"setWatches was not asked for", func(int32) []byte {
			return frameOf(16, header(jute.XidSetWatches))
		}},
		"no auth asked": {"auth was not asked for", func(int32) []byte {
			return frameOf(16, header(jute.XidAuth))
		}},
		"a short event": {"event", func(int32) []byte {
			return frameOf(18, append(header(jute.XidNotification), 0, 0))
		}},
		"half an answer": {"EOF", func(xid int32) []byte { return frameOf(100, header(xid)) }},
		"nothing":        {"EOF", func(int32) []byte { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, &fake{script: func(p *peer, n int) {
				if n > 2 {
					p.well()
					return
				}
				h, _, err := p.next()
				if err == nil {
					_, _ = p.Write(d.answer(h.Xid))
				}
			}})
			told, status := statusTexts()
			c, err := client.New(f.addr, status,
				client.WithBackoff(time.Millisecond, time.Millisecond))
			require.NoError(t, err)
			defer c.Close()
			data, _, err := c.Get(testContext(t), "/")
			require.NoError(t, err)
			require.Equal(t, "well", string(data))
			require.Equal(t, int32(3), f.conns.Load())
			require.Contains(t, told(), "connection to "+f.addr)
			require.Contains(t, told(), d.why)
		})
	}
}

func TestProtocolErrorsAreTold(t *testing.T) {
	f := startFake(t, &fake{script: func(p *peer, n int) {
		h, _, err := p.next()
		if err == nil {
			p.send(&jute.ReplyHeader{Xid: h.Xid + 7})
		}
	}})
	told := make(chan error, 100)
	c, err := client.New(f.addr, client.WithBackoff(time.Millisecond, time.Millisecond),
		client.WithTrace(&client.Trace{Status: func(s client.Status) {
			if s.State == client.Suspended {
				told <- s.Err
			}
		}}))
	require.NoError(t, err)
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = c.Set(ctx, "/", nil, -1)
	require.ErrorIs(t, err, client.ErrUnknownOutcome)
	require.ErrorIs(t, <-told, client.ErrProtocol)
}

// The header is that of an answer, the body is not. The error says which call on which node of which
// server that was, and the connection goes on.
func TestBodiesThatDoNotDecode(t *testing.T) {
	f := startFake(t, &fake{script: func(p *peer, _ int) {
		for {
			h, _, err := p.next()
			if err != nil {
				return
			}
			p.send(&jute.ReplyHeader{Xid: h.Xid, Zxid: 1}, &jute.ErrorResponse{Err: 0x7fffffff})
		}
	}})
	c, err := client.New(f.addr)
	require.NoError(t, err)
	defer c.Close()
	ctx := testContext(t)
	require.NoError(t, c.WaitConnected(ctx))
	bare := map[jute.OpCode]bool{ // their answers have no body, or that of a number
		jute.OpSync: true, jute.OpDelete: true, jute.OpAuth: true, jute.OpAddWatch: true,
		jute.OpGetAllChildren: true,
	}
	for name, r := range requests() {
		err := r.do(ctx, c)
		if bare[r.op] {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, client.ErrProtocol, name)
		require.ErrorContains(t, err, r.op.String(), name)
		require.ErrorContains(t, err, f.addr, name)
		switch r.op {
		case jute.OpMulti, jute.OpMultiRead, jute.OpReconfig, jute.OpWhoAmI:
		default:
			require.ErrorContains(t, err, `"/r`, name)
		}
	}
	_, err = c.Async().Get(ctx, "/").Wait(ctx)
	require.ErrorIs(t, err, client.ErrProtocol)
	require.Equal(t, int32(1), f.conns.Load())
}

func TestHandshakesThatMakeNoSense(t *testing.T) {
	for name, d := range map[string]struct {
		why   string // in the status
		greet func(p *peer)
	}{
		"garbage": {`length 1397966893 ("SSH-")`, func(p *peer) {
			_, _ = io.WriteString(p, "SSH-2.0-OpenSSH_9.6\r\n")
		}},
		"nothing": {"the server hung up without an answer", func(p *peer) {}},
		"a TLS alert": {"the server speaks TLS", func(p *peer) {
			_, _ = p.Write([]byte{21, 3, 3, 0, 2, 2, 70})
		}},
		"a short answer": {"bad frame", func(p *peer) { _, _ = p.Write(frameOf(2, []byte{0, 0})) }},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, &fake{greet: func(p *peer, n int) {
				if n < 3 {
					d.greet(p)
					p.Close()
					return
				}
				p.grant(5, false)
			}, script: func(p *peer, n int) { p.well() }})
			told, status := statusTexts()
			c, err := client.Dial(testContext(t), f.addr, status,
				client.WithBackoff(time.Millisecond, time.Millisecond))
			require.NoError(t, err)
			require.Equal(t, int32(3), f.conns.Load())
			require.Contains(t, told(), f.addr)
			require.Contains(t, told(), d.why)
			require.NoError(t, c.Close())
		})
	}
}

// A server that takes the client and hangs up at once is not asked again without a pause.
func TestServersThatHangUpAtOnce(t *testing.T) {
	f := startFake(t, &fake{script: func(p *peer, n int) { p.Close() }})
	c, err := client.New(f.addr, client.WithBackoff(20*time.Millisecond, 40*time.Millisecond))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, _, err = c.Get(ctx, "/")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, f.conns.Load(), int32(100))
	_ = c.Close()
}

// A read that makes the server hang up is sent again with pauses, until its time is over.
func TestAReadThatNoServerSurvives(t *testing.T) {
	f := startFake(t, &fake{script: func(p *peer, n int) {
		p.send(&jute.ReplyHeader{Xid: jute.XidNotification},
			&jute.WatcherEvent{Type: jute.EventDeleted, Path: []byte("/none")})
		_, _, _ = p.next()
	}})
	c, err := client.New(f.addr, client.WithBackoff(20*time.Millisecond, 40*time.Millisecond))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, _, err = c.Get(ctx, "/")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, f.conns.Load(), int32(100))
	_ = c.Close()
}

// A server that is silent is given up, before the session is lost.
func TestASilentServer(t *testing.T) {
	f := startFake(t, &fake{script: func(p *peer, n int) {
		if n > 1 {
			p.well()
		}
		for {
			if _, _, err := p.next(); err != nil {
				return
			}
		}
	}})
	c, err := client.New(f.addr, client.WithSessionTimeout(1200*time.Millisecond))
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.WaitConnected(testContext(t)))
	session := c.Session()
	_, _, err = c.Get(testContext(t), "/")
	require.NoError(t, err)
	require.Equal(t, int32(2), f.conns.Load())
	require.True(t, isOpen(session.Lapsed()), "there was time to go elsewhere")
}

// With nothing to do the client pings, and the session does not lapse.
func TestIdleClientsPing(t *testing.T) {
	pings := make(chan struct{}, 100)
	f := startFake(t, &fake{script: func(p *peer, n int) {
		for {
			h, _, err := p.next()
			if err != nil {
				return
			}
			if h.Type == jute.OpPing {
				pings <- struct{}{}
			}
			p.send(&jute.ReplyHeader{Xid: h.Xid})
		}
	}})
	c, err := client.New(f.addr, client.WithSessionTimeout(1200*time.Millisecond))
	require.NoError(t, err)
	defer c.Close()
	for range 3 {
		<-pings
	}
	require.True(t, isOpen(c.Session().Lapsed()))
	require.Equal(t, int32(1), f.conns.Load())
}

// The server says something all the time, but answers nothing until the session has lapsed. The
// connection stays, the session revives, and another *Session stands for it.
func TestSessionRevivesOnItsConnection(t *testing.T) {
	lapsed := make(chan struct{})
	f := startFake(t, &fake{script: func(p *peer, n int) {
		asked := make(chan jute.RequestHeader, 100)
		go func() {
			defer close(asked)
			for {
				h, _, err := p.next()
				if err != nil {
					return
				}
				asked <- h
			}
		}()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		answers, open := (<-chan jute.RequestHeader)(nil), lapsed
		for {
			select {
			case <-tick.C:
				p.send(&jute.ReplyHeader{Xid: jute.XidNotification},
					&jute.WatcherEvent{Type: jute.EventDeleted, Path: []byte("/none")})
			case <-open:
				answers, open = asked, nil
			case h, ok := <-answers:
				if !ok {
					return
				}
				p.send(&jute.ReplyHeader{Xid: h.Xid})
			}
		}
	}})
	c, err := client.New(f.addr, client.WithSessionTimeout(600*time.Millisecond))
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.WaitConnected(testContext(t)))
	first := c.Session()
	closed(t, first.Lapsed(), "nothing is answered")
	close(lapsed)
	for c.Session() == first {
		_, changed := c.Status()
		if c.Session() == first {
			<-changed
		}
	}
	require.Equal(t, first.ID(), c.Session().ID())
	require.True(t, isOpen(c.Session().Lapsed()))
	require.False(t, isOpen(first.Lapsed()))
	require.True(t, isOpen(first.Done()))
	require.Equal(t, int32(1), f.conns.Load())
}

// A server without a quorum answers reads. When one with a quorum is found, the client goes there
// with a new session, because it cannot have the old one there.
func TestReadOnlyServers(t *testing.T) {
	t.Run("plain", func(t *testing.T) { comesFromReadOnly(t, &fake{}) })
	t.Run("TLS", func(t *testing.T) {
		a, err := authority.New()
		require.NoError(t, err)
		cert, err := a.Issue("127.0.0.1")
		require.NoError(t, err)
		comesFromReadOnly(t, &fake{tls: &tls.Config{Certificates: []tls.Certificate{cert}}},
			client.WithTLS(&tls.Config{RootCAs: a.Pool()}))
	})
}

func comesFromReadOnly(t *testing.T, minority *fake, opts ...client.Option) {
	ctx := testContext(t)
	minority.readOnly.Store(true)
	minority.script = func(p *peer, n int) {
		if !minority.readOnly.Load() {
			p.well()
			return
		}
		for {
			h, _, err := p.next()
			if err != nil {
				return
			}
			reply := &jute.ReplyHeader{Xid: h.Xid, Zxid: 1}
			switch h.Type {
			case jute.OpSetData:
				reply.Err = jute.NotReadOnly
				p.send(reply)
			case jute.OpGetData:
				p.send(reply, &jute.DataStat{Data: []byte("old")})
			default:
				p.send(reply)
			}
		}
	}
	startFake(t, minority)
	c, err := client.New(minority.addr, append(opts, client.WithReadOnly(),
		client.WithBackoff(time.Millisecond, time.Millisecond))...)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.WaitConnected(ctx))
	now, _ := c.Status()
	require.Equal(t, client.ReadOnly, now.State)
	first := c.Session()
	data, _, err := c.Get(ctx, "/")
	require.NoError(t, err)
	require.Equal(t, "old", string(data))
	_, err = c.Set(ctx, "/", nil, -1)
	require.ErrorIs(t, err, client.ErrReadOnly)

	// The server joins a quorum: whoever asks it again by isro gets another answer.
	minority.readOnly.Store(false)
	waitState(t, c, client.Connected)
	require.NotEqual(t, first.ID(), c.Session().ID())
	closed(t, first.Done(), "nobody else knows the session")
	data, _, err = c.Get(ctx, "/")
	require.NoError(t, err)
	require.Equal(t, "well", string(data))
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too")
	}
	ctx := context.Background()
	for name, f := range map[string]struct {
		body jute.Record
		do   func(c *client.Client) error
		most float64
	}{
		"get": {&jute.DataStat{Data: make([]byte, 100)}, func(c *client.Client) error {
			_, _, err := c.Get(ctx, "/some/path")
			return err
		}, 2},
		"set": {&jute.Stat{}, func(c *client.Client) error {
			_, err := c.Set(ctx, "/some/path", make([]byte, 100), -1)
			return err
		}, 2},
		"exists": {&jute.Stat{}, func(c *client.Client) error {
			_, _, err := c.Exists(ctx, "/some/path")
			return err
		}, 1},
	} {
		server := startFake(t, &fake{script: func(p *peer, _ int) { p.steady(f.body) }})
		c, err := client.Dial(ctx, server.addr+"/chroot")
		require.NoError(t, err)
		got := testing.AllocsPerRun(1000, func() {
			if err := f.do(c); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %v allocations", name, got)
		require.LessOrEqual(t, got, f.most, name)
		_ = c.Close()
	}
}
