package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"quoll/client/wire"
	"quoll/interop/process"
	"quoll/jute"
)

// server is a server with a client that looks on.
type server struct {
	*process.Server
	eyes *wire.Conn
	dir  string
}

func (r *run) start(ctx context.Context, at, name string, settings map[string]string) (
	*server, error,
) {
	extra := map[string]string{
		"clientPortAddress": "0.0.0.0", "tickTime": fmt.Sprint(tick.Milliseconds()),
	}
	for key, value := range settings {
		extra[key] = value
	}
	child, err := process.StartQuoll(ctx, r.quoll, process.Options{
		DataDir: filepath.Join(at, name), ExtraConfig: extra,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &server{Server: child, dir: name}
	s.eyes, err = wire.Dial(ctx, s.Addr(), wire.Options{
		Timeout: 10 * time.Second, PingEvery: time.Second,
	})
	if err != nil {
		s.Kill()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func (s *server) end() {
	s.eyes.Abort()
	s.Kill()
}

// there says whether a peer's ephemeral is.
func (s *server) there(ctx context.Context, p *peer) (bool, error) {
	_, err := s.eyes.Exists(ctx, p.ephemeral, false)
	switch {
	case errors.Is(err, jute.NoNode):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%s: look for %s: %w", s.dir, p.ephemeral, err)
	}
	return true, nil
}

// goneWithin waits until a peer's ephemeral is gone, and says how long that took.
func (s *server) goneWithin(ctx context.Context, p *peer, most time.Duration) (
	took time.Duration, err error,
) {
	for began := time.Now(); ; {
		there, err := s.there(ctx, p)
		took = time.Since(began)
		switch {
		case err != nil || !there:
			return took, err
		case took > most:
			return took, fmt.Errorf("%s: %s is still there after %v", s.dir, p.ephemeral, took)
		}
		if err := rest(ctx, 20*time.Millisecond); err != nil {
			return took, err
		}
	}
}

// peer is a client of whom every byte is known. It has one ephemeral, and pings until it is told to
// stop.
type peer struct {
	r         *run
	nc        net.Conn
	ephemeral string
	xid       int32
	replies   atomic.Int64
	taken     atomic.Int64 // bytes
	pace      atomic.Int64 // bytes a second that it reads; 0: as they come, below: none
	ended     chan struct{}
	quiet     chan struct{}
	stop      sync.Once
	mu        sync.Mutex // guards writes
}

// join opens a session and makes an ephemeral.
func (r *run) join(s *server, name string) (*peer, error) {
	nc, err := r.dial(fmt.Sprintf("%s:%d", serverAddress, s.Port()))
	if err != nil {
		return nil, err
	}
	p := &peer{
		r: r, nc: nc, ephemeral: "/" + name,
		ended: make(chan struct{}), quiet: make(chan struct{}),
	}
	hello := &jute.ConnectRequest{
		TimeOut: int32(timeout.Milliseconds()), Passwd: make([]byte, 16), HasReadOnly: true,
	}
	p.send(frameOf(hello))
	p.ask(jute.OpCreate, &jute.CreateRequest{
		Path: []byte(p.ephemeral), Data: []byte{}, ACL: wire.World(), Flags: jute.ModeEphemeral,
	})
	if err := nc.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	for range 2 {
		frame, err := readFrame(nc)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		var h jute.ReplyHeader
		if _, err := jute.Decode(frame, &h); err == nil && h.Xid == 1 && h.Err != jute.OK {
			return nil, fmt.Errorf("%s: create: %v", name, h.Err)
		}
	}
	if err := nc.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return p, nil
}

// live has it read and ping from now on.
func (p *peer) live() {
	go p.read()
	go func() {
		ticker := time.NewTicker(timeout / 4)
		defer ticker.Stop()
		for {
			select {
			case <-p.quiet:
				return
			case <-ticker.C:
				p.send(frameOf(&jute.RequestHeader{Xid: jute.XidPing, Type: jute.OpPing}))
			}
		}
	}()
}

// read takes replies at its pace, until the connection ends.
func (p *peer) read() {
	defer close(p.ended)
	for p.pace.Load() < 0 {
		select {
		case <-p.quiet:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	in := bufio.NewReaderSize(paced{p}, 16<<10)
	for {
		if _, err := readFrame(in); err != nil {
			return
		}
		p.replies.Add(1)
	}
}

// paced reads at a peer's pace.
type paced struct{ p *peer }

func (r paced) Read(b []byte) (int, error) {
	pace := r.p.pace.Load()
	if pace > 0 {
		b = b[:min(len(b), int(pace/20))]
		time.Sleep(time.Second / 20)
	}
	n, err := r.p.nc.Read(b)
	r.p.taken.Add(int64(n))
	return n, err
}

// send writes; who sends into a full socket waits.
func (p *peer) send(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.nc.Write(b) // its error is the connection's end, which read sees
}

func (p *peer) ask(op jute.OpCode, body jute.Record) {
	p.xid++
	p.send(frameOf(&jute.RequestHeader{Xid: p.xid, Type: op}, body))
}

// cut takes the network away, and stops the pings.
func (p *peer) cut() error {
	p.silence()
	return p.r.cut(p.nc)
}

// silence stops the pings.
func (p *peer) silence() { p.stop.Do(func() { close(p.quiet) }) }

func (p *peer) close() {
	p.silence()
	_ = p.nc.Close()
}

// alive says whether its connection stands.
func (p *peer) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func frameOf(records ...jute.Record) []byte {
	b := jute.FrameStart(nil)
	for _, r := range records {
		b = jute.Append(b, r)
	}
	jute.FrameEnd(b, 0)
	return b
}

func readFrame(from io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err := io.ReadFull(from, b)
	return b, err
}
