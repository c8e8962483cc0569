package wire

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"quoll/jute"
)

// Pipeline is a connection for one goroutine that wants to be fast, or for two of which one only
// calls Write and the other only Next: what is pushed gathers until Flush, replies are lent from
// the read buffer, and nothing is allocated a request. A closed loop
// with n requests outstanding is
//
//	for range n { p.Push(frame) }
//	for {
//		p.Flush()
//		for once := true; once || p.Buffered(); once = false {
//			reply, err := p.Next()
//			... // look at reply
//			p.Push(frame)
//		}
//	}
type Pipeline struct {
	socket     *socket
	out        []byte
	lastXid    int32
	transcript func(Direction, []byte)
}

// Reply is one frame from the server. A watch event is one with Header.Xid jute.XidNotification.
//
// Caveats: Body is on loan: it lies in the read buffer, and the next call of Next overwrites it.
type Reply struct {
	Header jute.ReplyHeader
	Body   []byte
}

// DialPipeline connects like Dial. PingEvery and OnEvent of the options mean nothing to a Pipeline.
func DialPipeline(ctx context.Context, addr string, o Options) (*Pipeline, error) {
	o = o.withDefaults()
	s, err := dial(ctx, addr, o)
	if err != nil {
		return nil, err
	}
	return &Pipeline{socket: s, transcript: o.Transcript}, nil
}

// Session is what the handshake agreed on.
func (p *Pipeline) Session() Session { return p.socket.session }

// NewFrame encodes a request once, to be pushed many times. Its xid is 0 and filled in by Push.
func NewFrame(op jute.OpCode, body jute.Record) []byte {
	frame := jute.Append(jute.FrameStart(nil), &jute.RequestHeader{Type: op})
	if body != nil {
		frame = jute.Append(frame, body)
	}
	jute.FrameEnd(frame, 0)
	return frame
}

// Push copies a frame made by NewFrame to the output, under the next xid, which it returns.
func (p *Pipeline) Push(frame []byte) int32 {
	p.lastXid++
	if p.lastXid <= 0 {
		p.lastXid = 1
	}
	p.PushXid(p.lastXid, frame)
	return p.lastXid
}

// PushXid is Push under an xid of the caller's choice.
func (p *Pipeline) PushXid(xid int32, frame []byte) {
	at := len(p.out)
	p.out = append(p.out, frame...)
	binary.BigEndian.PutUint32(p.out[at+4:], uint32(xid))
	if p.transcript != nil {
		p.transcript(Sent, p.out[at+4:])
	}
}

// PushRaw copies bytes to the output as they are.
func (p *Pipeline) PushRaw(b []byte) { p.out = append(p.out, b...) }

// Flush writes what was pushed.
func (p *Pipeline) Flush() error {
	if len(p.out) == 0 {
		return nil
	}
	_, err := p.socket.nc.Write(p.out)
	p.out = p.out[:0]
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return nil
}

// Write writes whole frames at once, behind what was flushed, and says how many bytes the kernel
// took. One goroutine may call it while another one calls Next.
func (p *Pipeline) Write(frames []byte) (n int, err error) { return p.socket.nc.Write(frames) }

// Next waits for the next frame from the server. It does not flush. io.EOF is inside the error when
// the server hung up.
func (p *Pipeline) Next() (Reply, error) {
	frame, err := p.socket.next()
	if err != nil {
		return Reply{}, fmt.Errorf("client: %w", err)
	}
	if p.transcript != nil {
		p.transcript(Received, frame)
	}
	if len(frame) < jute.ReplyHeaderBytes {
		return Reply{}, fmt.Errorf("client: %w: %d bytes", ErrFrame, len(frame))
	}
	be := binary.BigEndian
	return Reply{
		Header: jute.ReplyHeader{
			Xid:  int32(be.Uint32(frame)),
			Zxid: jute.Zxid(be.Uint64(frame[4:])),
			Err:  jute.ErrorCode(be.Uint32(frame[12:])),
		},
		Body: frame[jute.ReplyHeaderBytes:],
	}, nil
}

// All sends n requests, some in flight, and waits for the answers: each must be OK. What frame
// returns for the i-th request is copied at once.
func (p *Pipeline) All(n, inFlight int, frame func(i int) []byte) error {
	sent := 0
	for done := range n {
		for ; sent < n && sent < done+inFlight; sent++ {
			p.Push(frame(sent))
		}
		if !p.Buffered() {
			if err := p.Flush(); err != nil {
				return err
			}
		}
		reply, err := p.Next()
		if err != nil {
			return err
		}
		if reply.Header.Err != jute.OK {
			return fmt.Errorf("request %d of %d: %w", done, n, reply.Header.Err)
		}
	}
	return nil
}

// Buffered says whether Next would return without waiting for the network.
func (p *Pipeline) Buffered() bool { return p.socket.buffered() }

// SetDeadline bounds Flush and Next; the zero time lifts it.
func (p *Pipeline) SetDeadline(t time.Time) error { return p.socket.nc.SetDeadline(t) }

// Close drops the connection. The session stays, unless a closeSession was pushed and answered.
func (p *Pipeline) Close() error { return p.socket.nc.Close() }
