package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"quoll/jute"
)

// readBytes is how much one read of the socket may take, unless a frame is larger.
const readBytes = 64 << 10

// socket is a TCP connection with a session on it, cut into frames.
//
//	in: | consumed | r  whole and partial frames  w | free |
type socket struct {
	nc       net.Conn
	maxFrame int
	session  Session

	in   []byte
	r, w int
}

// dial connects and shakes hands. ctx bounds both.
func dial(ctx context.Context, addr string, o Options) (*socket, error) {
	nc, err := o.Dialer(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("client: dial %s: %w", addr, err)
	}
	s := &socket{nc: nc, maxFrame: o.MaxFrame, in: make([]byte, readBytes)}
	// A context that ends unblocks the socket; the one deadline serves both reading and writing.
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	err = s.handshake(o)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		nc.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("client: connect to %s: %w", addr, err)
	}
	return s, nil
}

func (s *socket) handshake(o Options) error {
	frame := appendFrame(nil, o.connectRequest())
	if o.Transcript != nil {
		o.Transcript(Sent, frame[4:])
	}
	if _, err := s.nc.Write(frame); err != nil {
		return err
	}
	reply, err := s.next()
	if err != nil {
		return s.unanswered(err)
	}
	if o.Transcript != nil {
		o.Transcript(Received, reply)
	}
	var r jute.ConnectResponse
	if _, err := jute.Decode(reply, &r); err != nil {
		return fmt.Errorf("%w: %w", ErrFrame, err)
	}
	if r.TimeOut <= 0 {
		return ErrExpired
	}
	s.session = Session{
		ID:          r.SessionID,
		Passwd:      bytes.Clone(r.Passwd),
		Timeout:     time.Duration(r.TimeOut) * time.Millisecond,
		ReadOnly:    r.ReadOnly,
		HasReadOnly: r.HasReadOnly,
	}
	return nil
}

// unanswered says what it may mean that a connect request got no answer.
func (s *socket) unanswered(err error) error {
	if !errors.Is(err, ErrFrame) {
		return fmt.Errorf("the server hung up without an answer: %w", err)
	}
	if bytes.HasPrefix(s.in[s.r:s.w], []byte{alert, 3}) {
		return fmt.Errorf("the server speaks TLS: %w", err)
	}
	return err
}

// alert is how a TLS record begins by which a server refuses what is not TLS. The version follows.
const alert = 0x15

func appendFrame(dst []byte, r jute.Record) []byte {
	at := len(dst)
	dst = jute.Append(jute.FrameStart(dst), r)
	jute.FrameEnd(dst, at)
	return dst
}

// next waits for a whole frame and returns it without its length. It stays valid until the next
// call.
func (s *socket) next() ([]byte, error) {
	for {
		size, err := s.front()
		if err != nil {
			return nil, err
		}
		if size >= 0 && s.w-s.r >= 4+size {
			frame := s.in[s.r+4 : s.r+4+size]
			s.r += 4 + size
			return frame, nil
		}
		if err := s.fill(size); err != nil {
			return nil, err
		}
	}
}

// buffered says whether next would return without reading the socket.
func (s *socket) buffered() bool {
	size, err := s.front()
	return err != nil || size >= 0 && s.w-s.r >= 4+size
}

// front is the length of the first frame, -1 when it has not arrived.
func (s *socket) front() (int, error) {
	if s.w-s.r < 4 {
		return -1, nil
	}
	size := int(int32(binary.BigEndian.Uint32(s.in[s.r:])))
	if size < 0 || size > s.maxFrame {
		return 0, fmt.Errorf("%w: length %d (%q)", ErrFrame, size, s.in[s.r:s.r+4])
	}
	return size, nil
}

// fill reads once, after making room for a frame of the given size.
func (s *socket) fill(size int) error {
	if s.r == s.w {
		s.r, s.w = 0, 0
		if len(s.in) > 16*readBytes && size <= readBytes {
			s.in = make([]byte, readBytes)
		}
	}
	if need := 4 + max(size, 0); s.r+need > len(s.in) || s.w == len(s.in) {
		to := s.in
		if need > len(to) {
			to = make([]byte, need+readBytes)
		}
		s.w = copy(to, s.in[s.r:s.w])
		s.in, s.r = to, 0
	}
	n, err := s.nc.Read(s.in[s.w:])
	s.w += n
	if n > 0 {
		return nil
	}
	return err
}
