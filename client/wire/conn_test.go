package wire_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"quoll/client/wire"
	"quoll/jute"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHandshakeLayouts(t *testing.T) {
	var got []byte
	seen := make(chan struct{}, 1)
	addr := serve(t, func(p *peer) {
		got = p.raw
		p.grant()
		seen <- struct{}{}
		p.echo()
	})
	for _, short := range []bool{false, true} {
		c := dial(t, addr, wire.Options{
			Timeout: 7 * time.Second, NoReadOnlyByte: short, SessionID: 99,
			Passwd: []byte("fedcba9876543210"), LastZxidSeen: 5,
		})
		<-seen
		want := 45
		if short {
			want = 44
		}
		if len(got) != want {
			t.Errorf("connect request of %d bytes, want %d", len(got), want)
		}
		s := c.Session()
		if s.ID != 0x1234 || s.Timeout != 7*time.Second || s.HasReadOnly == short ||
			!bytes.Equal(s.Passwd, []byte("0123456789abcdef")) {
			t.Errorf("session %+v", s)
		}
		c.Abort()
	}
}

func TestRefusals(t *testing.T) {
	ctx := testContext(t)
	expired := serve(t, func(p *peer) {
		p.send(&jute.ConnectResponse{Passwd: make([]byte, 16)})
	})
	if _, err := wire.Dial(ctx, expired, wire.Options{}); !errors.Is(err, wire.ErrExpired) {
		t.Errorf("want ErrExpired, got %v", err)
	}
	hangsUp := serve(t, func(*peer) {})
	if _, err := wire.Dial(ctx, hangsUp, wire.Options{}); !errors.Is(err, io.EOF) {
		t.Errorf("want io.EOF, got %v", err)
	}
	release := make(chan struct{})
	silent := serve(t, func(*peer) { <-release })
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err := wire.Dial(short, silent, wire.Options{})
	close(release)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want DeadlineExceeded, got %v", err)
	}
	huge := serve(t, func(p *peer) { _, _ = p.nc.Write([]byte{0x7f, 0, 0, 0}) })
	if _, err := wire.Dial(ctx, huge, wire.Options{}); !errors.Is(err, wire.ErrFrame) {
		t.Errorf("want ErrFrame, got %v", err)
	}
}

func TestManyGoroutinesGetTheirOwnReplies(t *testing.T) {
	addr := serve(t, func(p *peer) { p.grant(); p.echo() })
	c := dial(t, addr, wire.Options{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 300 {
				size := (g*37 + i) % 50
				var body jute.Record
				if size > 0 {
					body = raw(make([]byte, size))
				}
				f := c.Send(jute.OpSync, body)
				if i%3 == 0 {
					c.Ping()
				}
				h, got, err := f.Wait(t.Context())
				if err != nil || h.Xid != f.Xid() || len(got) != size {
					t.Errorf("xid %d: %v, %d bytes, %v", f.Xid(), h, len(got), err)
					return
				}
			}
		}()
	}
	wg.Wait()
	if err := c.Close(testContext(t)); err != nil {
		t.Errorf("close: %v", err)
	}
	if c.LastZxid() == 0 {
		t.Error("no zxid seen")
	}
}

func TestEventsKeepTheirPlace(t *testing.T) {
	addr := serve(t, func(p *peer) {
		p.grant()
		p.event("/a")
		for i := range 3 {
			h, _, err := p.read()
			if err != nil {
				return
			}
			p.reply(h.Xid, 1)
			for range i {
				p.event(fmt.Sprint("/", i))
			}
		}
	})
	var events []wire.Event
	var frames []string
	c := dial(t, addr, wire.Options{
		OnEvent: func(e wire.Event) { events = append(events, e) },
		Transcript: func(d wire.Direction, frame []byte) {
			frames = append(frames, fmt.Sprint(d, " ", len(frame)))
		},
	})
	for range 3 {
		if _, _, err := c.Send(jute.OpWhoAmI, nil).Wait(testContext(t)); err != nil {
			t.Fatal(err)
		}
	}
	<-c.Done()
	want := "[NodeDeleted /a zxid=0x7 before reply 0 NodeDeleted /1 zxid=0x7 before reply 2 " +
		"NodeDeleted /2 zxid=0x7 before reply 3 NodeDeleted /2 zxid=0x7 before reply 3]"
	if got := fmt.Sprint(events); got != want {
		t.Errorf("events %s\nwant   %s", got, want)
	}
	if frames[0] != "sent 45" || len(frames) != 2+3+3+4 {
		t.Errorf("transcript %q", frames)
	}
	if !errors.Is(c.Err(), io.EOF) {
		t.Errorf("want io.EOF, got %v", c.Err())
	}
}

// Auth and sasl are answered when they arrive: ahead of what waits before them.
func TestEarlyReplies(t *testing.T) {
	addr := serve(t, func(p *peer) {
		p.grant()
		var first jute.RequestHeader
		for i := range 3 {
			h, _, err := p.read()
			if err != nil {
				return
			}
			if i == 0 {
				first = h
				continue
			}
			p.reply(h.Xid, 0)
		}
		p.reply(first.Xid, 3)
	})
	c := dial(t, addr, wire.Options{})
	late := c.Send(jute.OpSync, &jute.PathOnly{Path: []byte("/")})
	auth := c.SendXid(jute.XidAuth, jute.OpAuth, &jute.AuthPacket{})
	sasl := c.Send(jute.OpSASL, &jute.SASLToken{})
	for i, f := range []*wire.Future{auth, sasl, late} {
		if _, err := f.Into(testContext(t), nil); err != nil || f.Index() != i {
			t.Errorf("request %d: reply %d, %v", i, f.Index(), err)
		}
	}
}

func TestWrongXidEndsTheConnection(t *testing.T) {
	addr := serve(t, func(p *peer) {
		p.grant()
		h, _, _ := p.read()
		p.reply(h.Xid+1, 1)
		_, _, _ = p.read()
	})
	c := dial(t, addr, wire.Options{})
	_, _, err := c.Send(jute.OpSync, nil).Wait(testContext(t))
	if !errors.Is(err, wire.ErrXid) || !errors.Is(c.Err(), wire.ErrXid) {
		t.Errorf("want ErrXid, got %v and %v", err, c.Err())
	}
	if _, _, err := c.Send(jute.OpSync, nil).Wait(testContext(t)); !errors.Is(err, wire.ErrXid) {
		t.Errorf("after the end: %v", err)
	}
}

func TestAbortFailsWhatIsPending(t *testing.T) {
	addr := serve(t, func(p *peer) { p.grant(); _, _, _ = p.read(); _, _, _ = p.read() })
	c := dial(t, addr, wire.Options{})
	f := c.Send(jute.OpSync, nil)
	c.Abort()
	if _, _, err := f.Wait(testContext(t)); !errors.Is(err, wire.ErrClosed) {
		t.Errorf("want ErrClosed, got %v", err)
	}
}

func TestReattachNamesTheSession(t *testing.T) {
	requests := make(chan jute.ConnectRequest, 2)
	addr := serve(t, func(p *peer) { requests <- p.connect; p.grant(); p.echo() })
	c := dial(t, addr, wire.Options{NoReadOnlyByte: true})
	c.Abort()
	again, err := c.Reattach(testContext(t), c.Session(), 77)
	if err != nil {
		t.Fatal(err)
	}
	again.Abort()
	<-requests
	r := <-requests
	if r.SessionID != 0x1234 || r.LastZxidSeen != 77 || r.HasReadOnly ||
		string(r.Passwd) != "0123456789abcdef" {
		t.Errorf("connect request %+v", r)
	}
}

func TestPingEvery(t *testing.T) {
	pinged := make(chan struct{})
	addr := serve(t, func(p *peer) {
		p.grant()
		for range 3 {
			h, _, err := p.read()
			if err != nil || h.Type != jute.OpPing || h.Xid != jute.XidPing {
				return
			}
			p.reply(h.Xid, 1)
		}
		close(pinged)
		p.echo()
	})
	dial(t, addr, wire.Options{PingEvery: time.Millisecond})
	select {
	case <-pinged:
	case <-testContext(t).Done():
		t.Error("no pings came")
	}
}

func TestPipeline(t *testing.T) {
	addr := serve(t, func(p *peer) { p.grant(); p.echo() })
	p, err := wire.DialPipeline(testContext(t), addr, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	frame := wire.NewFrame(jute.OpSync, raw(make([]byte, 100)))
	const outstanding, total = 16, 5000
	step := func(received int) {
		r, err := p.Next()
		if err != nil || r.Header.Xid != int32(received)+1 || len(r.Body) != 100 {
			t.Fatalf("reply %d: %+v, %v", received, r.Header, err)
		}
		p.Push(frame)
		if !p.Buffered() {
			if err := p.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range outstanding {
		p.Push(frame)
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	for i := range total {
		step(i)
	}
}

// TestPipelineSendsAll: each request once, in order, never more in flight than may be, and an answer
// that is not OK is the end.
func TestPipelineSendsAll(t *testing.T) {
	const inFlight, total, refused = 7, 100, 60
	addr := serve(t, func(p *peer) {
		p.grant()
		for i := 0; ; i++ {
			h, body, err := p.read()
			if err != nil {
				return
			}
			if len(body) != i%total {
				t.Errorf("request %d has %d bytes", i, len(body))
			}
			code := jute.OK
			if i == total+refused {
				code = jute.NoNode
			}
			p.send(&jute.ReplyHeader{Xid: h.Xid, Zxid: 1, Err: code})
		}
	})
	p, err := wire.DialPipeline(testContext(t), addr, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	asked := 0
	frame := func(i int) []byte {
		asked++
		return wire.NewFrame(jute.OpSync, raw(make([]byte, i)))
	}
	if err := p.All(total, inFlight, frame); err != nil || asked != total {
		t.Fatalf("%d asked: %v", asked, err)
	}
	asked = 0
	if err := p.All(total, inFlight, frame); !errors.Is(err, jute.NoNode) ||
		asked > refused+inFlight {
		t.Fatalf("%d asked: %v", asked, err)
	}
}

// instant is a server without a network: each frame written is answered by the next read.
type instant struct {
	net.Conn
	owed int
	xid  int32
	out  []byte
}

func (n *instant) Write(b []byte) (int, error) {
	for at := 0; at < len(b); at += 4 + int(binary.BigEndian.Uint32(b[at:])) {
		n.owed++
	}
	return len(b), nil
}

func (n *instant) Read(b []byte) (int, error) {
	n.out = n.out[:0]
	for ; n.owed > 0; n.owed-- {
		at := len(n.out)
		n.out = jute.FrameStart(n.out)
		if n.xid == 0 {
			n.out = jute.Append(n.out, &jute.ConnectResponse{TimeOut: 1})
		} else {
			n.out = jute.AppendReplyHeader(n.out, n.xid, 1, jute.OK)
		}
		n.xid++
		jute.FrameEnd(n.out, at)
	}
	return copy(b, n.out), nil
}

func (n *instant) Close() error { return nil }

func pipelineWithoutNetwork(tb testing.TB) *wire.Pipeline {
	p, err := wire.DialPipeline(context.Background(), "", wire.Options{
		Dialer: func(context.Context, string, string) (net.Conn, error) { return &instant{}, nil },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestPipelineAllocatesNothing(t *testing.T) {
	p := pipelineWithoutNetwork(t)
	frame := wire.NewFrame(jute.OpGetData, &jute.PathWatch{Path: []byte("/some/node")})
	allocs := testing.AllocsPerRun(1000, func() {
		for range 16 {
			p.Push(frame)
		}
		if err := p.Flush(); err != nil {
			t.Fatal(err)
		}
		for range 16 {
			if _, err := p.Next(); err != nil {
				t.Fatal(err)
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations for 16 requests", allocs)
	}
}

func BenchmarkPipeline(b *testing.B) {
	p := pipelineWithoutNetwork(b)
	frame := wire.NewFrame(jute.OpGetData, &jute.PathWatch{Path: []byte("/some/node")})
	for b.Loop() {
		p.Push(frame)
		if err := p.Flush(); err != nil {
			b.Fatal(err)
		}
		if _, err := p.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

// Frames larger than the read buffer, and cut anywhere, come out whole.
func TestLargeFrames(t *testing.T) {
	addr := serve(t, func(p *peer) { p.grant(); p.echo() })
	p, err := wire.DialPipeline(testContext(t), addr, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, size := range []int{1, 200_000, 64<<10 - 20, 64<<10 - 19, 3 << 20, 5, 2 << 20} {
		p.Push(wire.NewFrame(jute.OpSync, raw(make([]byte, size))))
		if err := p.Flush(); err != nil {
			t.Fatal(err)
		}
		r, err := p.Next()
		if err != nil || len(r.Body) != size {
			t.Fatalf("%d bytes: got %d, %v", size, len(r.Body), err)
		}
	}
}

// A server that hangs up without an answer has not ended the session, as far as anyone knows.
func TestCloseTellsThatTheSessionMayLiveOn(t *testing.T) {
	for name, code := range map[string]jute.ErrorCode{"no answer": 0, "refused": jute.SystemError} {
		t.Run(name, func(t *testing.T) {
			addr := serve(t, func(p *peer) {
				p.grant()
				h, _, err := p.read()
				if err == nil && code != 0 {
					p.send(&jute.ReplyHeader{Xid: h.Xid, Err: code})
				}
			})
			c := dial(t, addr, wire.Options{})
			for range 2 {
				if err := c.Close(testContext(t)); err == nil {
					t.Error("the session may live on, and Close says nothing")
				}
			}
		})
	}
	addr := serve(t, func(p *peer) { p.grant(); p.echo() })
	c := dial(t, addr, wire.Options{})
	c.Abort()
	if err := c.Close(testContext(t)); !errors.Is(err, wire.ErrClosed) {
		t.Errorf("the connection was dropped, its session was not closed: %v", err)
	}
	c = dial(t, addr, wire.Options{})
	for i := range 2 {
		if err := c.Close(testContext(t)); err != nil {
			t.Errorf("close %d: %v", i+1, err)
		}
	}
}
