package proxy

import (
	"net"
	"slices"
	"sync"
	"time"

	"quoll/jute"
)

// Where is the place of a cut.
type Where uint8

// The places.
const (
	Before Where = iota
	After
	Inside
)

// Proxy forwards connections to one server.
type Proxy struct {
	listener net.Listener
	workers  sync.WaitGroup

	mu     sync.Mutex
	target string // the server; "" refuses connections
	conns  map[*conn]bool
	cuts   []cut
	delay  time.Duration
	gate   chan struct{} // closed while frames may pass
	closed bool
}

// cut is one that is still to happen.
type cut struct {
	op    jute.OpCode
	where Where
	done  chan struct{}
}

// Start listens on a free port of loopback and forwards to target.
func Start(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		listener: listener, target: target, conns: map[*conn]bool{}, gate: make(chan struct{}),
	}
	close(p.gate)
	p.workers.Go(p.accept)
	return p, nil
}

// Addr is where clients connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Target changes the server, for connections to come. "" closes those instead.
func (p *Proxy) Target(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = addr
}

// Cut breaks a connection once, at the next request with the operation. The channel is closed when
// that has happened.
func (p *Proxy) Cut(op jute.OpCode, where Where) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := cut{op: op, where: where, done: make(chan struct{})}
	p.cuts = append(p.cuts, c)
	return c.done
}

// takeCut returns the cut that a request with the operation triggers.
func (p *Proxy) takeCut(op jute.OpCode) (cut, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.cuts, func(c cut) bool { return c.op == op })
	if i < 0 {
		return cut{}, false
	}
	c := p.cuts[i]
	p.cuts = slices.Delete(p.cuts, i, i+1)
	return c, true
}

// Delay holds each frame for d, in each direction.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Pause lets no frame pass, in either direction, until Resume. Connections stay.
func (p *Proxy) Pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.gate:
		p.gate = make(chan struct{})
	default:
	}
}

// Resume ends a Pause.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open()
}

func (p *Proxy) open() {
	select {
	case <-p.gate:
	default:
		close(p.gate)
	}
}

// Drop closes the connections of a session; 0 means all. It returns how many there were.
func (p *Proxy) Drop(session jute.SessionID) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for c := range p.conns {
		if session == 0 || c.session == session {
			c.shut()
			n++
		}
	}
	return n
}

// Passwd is the password of a session that was made through the proxy.
func (p *Proxy) Passwd(session jute.SessionID) (passwd []byte, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if c.session == session {
			return c.passwd, true
		}
	}
	return nil, false
}

// Close ends all connections and waits for the goroutines.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.open()
	for c := range p.conns {
		c.shut()
	}
	p.mu.Unlock()
	p.listener.Close()
	p.workers.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		target := p.target
		p.mu.Unlock()
		p.workers.Go(func() { p.serve(client, target) })
	}
}

// serve connects to the server and forwards until either side ends.
func (p *Proxy) serve(client net.Conn, target string) {
	defer client.Close()
	if target == "" {
		return
	}
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	c := &conn{proxy: p, client: client, server: server, cuts: map[int32]cut{}}
	defer c.shut()
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.conns[c] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, c)
	}()
	c.run()
}
