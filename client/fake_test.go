package client_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// fake is a server that does what a test wants.
type fake struct {
	addr     string
	conns    atomic.Int32
	readOnly atomic.Bool
	// script is called with each connection after the handshake; n counts them from 1.
	script func(p *peer, n int)
	tls    *tls.Config // nil: plain
	// greet replaces the handshake if it is not nil.
	greet func(p *peer, n int)
}

// peer is the server's end of a connection.
type peer struct {
	net.Conn
	connect jute.ConnectRequest
}

func startFake(t *testing.T, f *fake) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f.addr = listener.Addr().String()
	var all sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	all.Go(func() {
		for {
			nc, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[nc] = true
			mu.Unlock()
			all.Go(func() {
				defer nc.Close()
				if f.tls != nil {
					f.serve(&peer{Conn: tls.Server(nc, f.tls)})
					return
				}
				f.serve(&peer{Conn: nc})
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for nc := range open {
			nc.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return f
}

func (f *fake) serve(p *peer) {
	var word [4]byte
	if _, err := io.ReadFull(p, word[:]); err != nil {
		return
	}
	if string(word[:]) == "isro" {
		answer := "rw"
		if f.readOnly.Load() {
			answer = "ro"
		}
		_, _ = io.WriteString(p, answer)
		return
	}
	frame := make([]byte, binary.BigEndian.Uint32(word[:]))
	if _, err := io.ReadFull(p, frame); err != nil {
		return
	}
	if _, err := jute.Decode(frame, &p.connect); err != nil {
		return
	}
	n := int(f.conns.Add(1))
	if f.greet != nil {
		f.greet(p, n)
	} else {
		p.grant(0x1000+jute.SessionID(n), f.readOnly.Load())
	}
	if f.script != nil {
		f.script(p, n)
	}
}

// grant answers the handshake. A session that the client asks for is resumed.
func (p *peer) grant(id jute.SessionID, readOnly bool) {
	if p.connect.SessionID != 0 {
		id = p.connect.SessionID
	}
	p.send(&jute.ConnectResponse{
		TimeOut: p.connect.TimeOut, SessionID: id, Passwd: make([]byte, 16),
		HasReadOnly: true, ReadOnly: readOnly,
	})
}

func (p *peer) send(records ...jute.Record) {
	frame := jute.FrameStart(nil)
	for _, r := range records {
		frame = jute.Append(frame, r)
	}
	jute.FrameEnd(frame, 0)
	_, _ = p.Write(frame)
}

// next is the header of the next request.
func (p *peer) next() (h jute.RequestHeader, body []byte, err error) {
	var length [4]byte
	if _, err := io.ReadFull(p, length[:]); err != nil {
		return h, nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(length[:]))
	if _, err := io.ReadFull(p, frame); err != nil {
		return h, nil, err
	}
	n, err := jute.Decode(frame, &h)
	return h, frame[n:], err
}

// well answers reads with "well", and everything else with OK or a Stat.
func (p *peer) well() {
	for zxid := jute.Zxid(1); ; zxid++ {
		h, _, err := p.next()
		if err != nil {
			return
		}
		reply := &jute.ReplyHeader{Xid: h.Xid, Zxid: zxid}
		switch h.Type {
		case jute.OpGetData:
			p.send(reply, &jute.DataStat{Data: []byte("well")})
		case jute.OpSetData, jute.OpExists:
			p.send(reply, &jute.Stat{})
		case jute.OpCloseSession:
			p.send(reply)
			return
		default:
			p.send(reply)
		}
	}
}

// steady answers every request with the same body, and allocates nothing.
func (p *peer) steady(body jute.Record) {
	reply := jute.Append(jute.Append(jute.FrameStart(nil), &jute.ReplyHeader{}), body)
	jute.FrameEnd(reply, 0)
	in := make([]byte, 64<<10)
	for {
		if _, err := io.ReadFull(p, in[:4]); err != nil {
			return
		}
		size := binary.BigEndian.Uint32(in)
		if _, err := io.ReadFull(p, in[:size]); err != nil {
			return
		}
		copy(reply[4:8], in[:4]) // the xid
		if _, err := p.Write(reply); err != nil {
			return
		}
	}
}
