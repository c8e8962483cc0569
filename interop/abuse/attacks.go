package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"sync"
	"time"

	"quoll/jute"
)

// attack is a way of being a nuisance.
type attack struct {
	name     string
	what     string
	boundMiB int64 // of the server's RSS
	// run attacks until ctx ends. An error is what a legal client met that it must not.
	run func(ctx context.Context, t *target) error
}

// attacks is the table. The bounds are the server's base of some 30 MiB, what its limits let the
// attackers use, and as much again for the garbage collector. The deaf may use 256 MiB in all
// (quoll.outputTotalBytes), and 16 KiB each, a reply or two, on top.
//
// quoll.watchTotalBytes, a quarter of the memory, is set to that of a machine of 1 GiB.
func attacks() []attack {
	return []attack{
		{"random", "random bytes, before and after a handshake", 128, random},
		{"frames", "frames of -1, 0, maxbuffer+1 and other wrong lengths", 128, frames},
		{"loris", "1 byte a second on 2,000 sockets", 192, loris},
		{"deaf", "4,000 clients that ask for 6 MB each and never read", 672, deaf},
		{"large", "200 sets of 1 MB in flight: a legal client", 256, large},
		{"sleeper", "a reader that sleeps with 30 MB to read: a legal client", 192, sleeper},
		{"endless", "1,500 sessions with a frame of 1 MB that never ends", 430, endless},
		{"watch", "one connection that watches 1,500 paths of 900 KB", 430, longWatch},
		{"watches", "50 connections that watch 1,500 paths of 900 KB each", 430, longWatches},
	}
}

// target is whom an attack is aimed at, and what came of it.
type target struct {
	settings
	mu   sync.Mutex
	tale map[string]int64
}

func newTarget(s settings) *target { return &target{settings: s, tale: map[string]int64{}} }

// count adds to one of the figures of the report.
func (t *target) count(what string, n int64) {
	t.mu.Lock()
	t.tale[what] += n
	t.mu.Unlock()
}

func (t *target) counts() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.tale)
}

// dial connects. A refusal is the server's right; the attacker waits a moment then.
func (t *target) dial(ctx context.Context) (*net.TCPConn, bool) {
	d := net.Dialer{Timeout: 5 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", t.addr)
	if err != nil {
		if ctx.Err() == nil {
			t.count("dials failed", 1)
			pause(ctx, 10*time.Millisecond)
		}
		return nil, false
	}
	t.count("connections", 1)
	return conn.(*net.TCPConn), true
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// hello is the frame of a connect request.
func hello(timeout time.Duration) []byte {
	frame := jute.Append(jute.FrameStart(nil), &jute.ConnectRequest{
		TimeOut: int32(timeout.Milliseconds()), Passwd: make([]byte, 16),
	})
	jute.FrameEnd(frame, 0)
	return frame
}

// shake makes a session on a connection.
func shake(conn net.Conn, timeout time.Duration) error {
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write(hello(timeout)); err != nil {
		return err
	}
	frame, err := readFrame(conn, nil)
	if err != nil {
		return err
	}
	var r jute.ConnectResponse
	if _, err := jute.Decode(frame, &r); err != nil {
		return err
	}
	if r.TimeOut <= 0 {
		return errors.New("the handshake was refused")
	}
	return conn.SetDeadline(time.Time{})
}

// readFrame reads one frame into buf, or into a larger one.
func readFrame(r io.Reader, buf []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head[:]))
	if n > 64<<20 {
		return nil, fmt.Errorf("a frame of %d bytes", n)
	}
	if n > cap(buf) {
		buf = make([]byte, n)
	}
	_, err := io.ReadFull(r, buf[:n])
	return buf[:n], err
}

// closed says whether the server closes a connection within a time, whatever it sends before.
func closed(conn net.Conn, within time.Duration) bool {
	if conn.SetReadDeadline(time.Now().Add(within)) != nil {
		return true
	}
	_, err := io.Copy(io.Discard, conn)
	var timeout net.Error
	return !(errors.As(err, &timeout) && timeout.Timeout())
}
