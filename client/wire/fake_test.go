package wire_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// peer is the server's end of one connection, driven by the test. Its failures end the test's
// connection, so that the test sees them as an unexpected end.
type peer struct {
	nc      net.Conn
	connect jute.ConnectRequest
	raw     []byte // the connect request as it came
}

func (p *peer) read() (jute.RequestHeader, []byte, error) {
	frame, err := p.frame()
	if err != nil {
		return jute.RequestHeader{}, nil, err
	}
	var h jute.RequestHeader
	n, err := jute.Decode(frame, &h)
	return h, frame[n:], err
}

func (p *peer) frame() ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(p.nc, length[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(p.nc, frame)
	return frame, err
}

func (p *peer) send(records ...jute.Record) {
	frame := jute.FrameStart(nil)
	for _, r := range records {
		frame = jute.Append(frame, r)
	}
	jute.FrameEnd(frame, 0)
	_, _ = p.nc.Write(frame)
}

func (p *peer) reply(xid int32, zxid jute.Zxid, body ...jute.Record) {
	p.send(append([]jute.Record{&jute.ReplyHeader{Xid: xid, Zxid: zxid}}, body...)...)
}

func (p *peer) event(path string) {
	p.send(&jute.ReplyHeader{Xid: jute.XidNotification, Zxid: 7},
		&jute.WatcherEvent{Type: jute.EventDeleted, State: 3, Path: []byte(path)})
}

// echo answers every request with OK and the request's own body, and closeSession by hanging up.
func (p *peer) echo() {
	for zxid := jute.Zxid(1); ; zxid++ {
		h, body, err := p.read()
		if err != nil {
			return
		}
		p.reply(h.Xid, zxid, raw(body))
		if h.Type == jute.OpCloseSession {
			return
		}
	}
}

// raw is bytes that are sent as they are.
type raw []byte

func (r raw) Fields(c *jute.Coder) {
	e := jute.Encoder(c.Bytes())
	*c = e
	for i := 0; i < len(r); i++ {
		b := r[i] != 0
		c.Bool("b", &b)
	}
}

// serve listens, grants every session, and runs script for each connection. Everything ends with
// the test.
func serve(t *testing.T, script func(*peer)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			nc, err := listener.Accept()
			if err != nil {
				return
			}
			run(nc, script)
		}
	}()
	return listener.Addr().String()
}

func run(nc net.Conn, script func(*peer)) {
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	p := &peer{nc: nc}
	frame, err := p.frame()
	if err != nil {
		return
	}
	p.raw = frame
	if _, err := jute.Decode(frame, &p.connect); err != nil {
		return
	}
	script(p)
}

func (p *peer) grant() {
	p.send(&jute.ConnectResponse{
		TimeOut: p.connect.TimeOut, SessionID: 0x1234, Passwd: []byte("0123456789abcdef"),
		HasReadOnly: p.connect.HasReadOnly,
	})
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T, addr string, o wire.Options) *wire.Conn {
	t.Helper()
	c, err := wire.Dial(testContext(t), addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return c
}
