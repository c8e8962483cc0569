package proxy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"time"

	"quoll/jute"
)

// maxFrame is above what any client or server of a test sends.
const maxFrame = 128 << 20

var errCut = errors.New("cut")

// connectXid stands for the connect request, which has none. No request has it.
const connectXid = math.MinInt32

// conn is one connection through the proxy.
type conn struct {
	proxy          *Proxy
	client, server net.Conn
	session        jute.SessionID // behind the proxy's mutex
	passwd         []byte         // the same

	mu   sync.Mutex
	cuts map[int32]*cut // by xid, of requests whose reply is to be spoiled
}

// shut ends both directions.
func (c *conn) shut() {
	c.client.Close()
	c.server.Close()
}

func (c *conn) run() {
	var other sync.WaitGroup
	other.Go(func() {
		defer c.shut()
		c.forward(requests, c.client, c.server, c.request, c.connect)
	})
	c.forward(replies, c.server, c.client, c.reply, c.handshake)
	c.shut()
	other.Wait()
}

// forward moves frames until one side ends. first sees the first frame, each the others. They
// return the part of the frame that is forwarded.
func (c *conn) forward(
	way direction, from, to net.Conn, each, first func(frame []byte) ([]byte, error),
) {
	in := make([]byte, 0, 4<<10)
	for n := 0; ; n++ {
		frame, err := read(from, in)
		if err != nil {
			return
		}
		var failure error
		if n > 0 {
			frame, failure = each(frame)
		} else {
			frame, failure = first(frame)
		}
		c.wait(way)
		if _, err := to.Write(frame); err != nil || failure != nil {
			return
		}
		in = frame[:0]
	}
}

// read returns the next frame with its length. Four-letter words come without one and go through
// as they are.
func read(from io.Reader, in []byte) ([]byte, error) {
	in = append(in[:0], 0, 0, 0, 0)
	if _, err := io.ReadFull(from, in); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(in))
	if size > maxFrame {
		return in, nil
	}
	if cap(in) < 4+size {
		in = append(make([]byte, 0, 4+size), in...)
	}
	in = in[:4+size]
	_, err := io.ReadFull(from, in[4:])
	return in, err
}

// wait holds a frame back as long as the proxy says.
func (c *conn) wait(way direction) {
	c.proxy.mu.Lock()
	gate, delay := c.proxy.gates[way], c.proxy.delay
	c.proxy.mu.Unlock()
	<-gate
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		<-timer.C
	}
}

// connect sees the connect request, or a four-letter word.
func (c *conn) connect(frame []byte) ([]byte, error) {
	if len(frame) <= 4 {
		return frame, nil
	}
	return c.cut(jute.OpCreateSession, connectXid, frame)
}

func (c *conn) request(frame []byte) ([]byte, error) {
	var h jute.RequestHeader
	if _, err := jute.Decode(frame[4:], &h); err != nil {
		return frame, nil
	}
	return c.cut(h.Type, h.Xid, frame)
}

// cut carries out the cut that a request triggers, or remembers it for the reply.
func (c *conn) cut(op jute.OpCode, xid int32, frame []byte) ([]byte, error) {
	cut, ok := c.proxy.takeCut(op)
	if !ok {
		return frame, nil
	}
	if cut.where == Before {
		c.shut()
		close(cut.done)
		return nil, errCut
	}
	c.mu.Lock()
	c.cuts[xid] = cut
	c.mu.Unlock()
	return frame, nil
}

// handshake learns the session from the server's first frame.
func (c *conn) handshake(frame []byte) ([]byte, error) {
	var r jute.ConnectResponse
	if _, err := jute.Decode(frame[4:], &r); err == nil {
		c.proxy.mu.Lock()
		c.session, c.passwd = r.SessionID, bytes.Clone(r.Passwd)
		c.proxy.mu.Unlock()
	}
	return c.spoil(connectXid, frame)
}

func (c *conn) reply(frame []byte) ([]byte, error) {
	var h jute.ReplyHeader
	if _, err := jute.Decode(frame[4:], &h); err != nil {
		return frame, nil
	}
	if h.Xid == jute.XidNotification {
		if _, err := c.cut(jute.OpNotification, h.Xid, frame); err != nil {
			return nil, err
		}
	}
	return c.spoil(h.Xid, frame)
}

// spoil is what remains of the reply to a request.
func (c *conn) spoil(xid int32, frame []byte) ([]byte, error) {
	c.mu.Lock()
	cut, ok := c.cuts[xid]
	c.mu.Unlock()
	if !ok {
		return frame, nil
	}
	defer close(cut.done)
	if cut.where == Inside {
		return frame[:len(frame)/2], errCut
	}
	return nil, errCut
}
