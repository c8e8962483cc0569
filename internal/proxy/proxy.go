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
	// Held is no cut: everything is held back from the request on, as by Pause.
	Held
)

// direction is which way a frame goes.
type direction uint8

const (
	requests direction = iota
	replies
)

// Proxy forwards connections to one server.
type Proxy struct {
	listener net.Listener
	workers  sync.WaitGroup

	mu     sync.Mutex
	target string // the server; "" refuses connections
	conns  map[*conn]bool
	cuts   []*cut
	delay  time.Duration
	gates  [2]chan struct{} // by direction; closed while frames may pass
	seen   map[jute.OpCode]func()
	closed bool
}

// cut is one that is still to happen.
type cut struct {
	op    jute.OpCode
	nth   int // not 0: at this request from now on, whatever op is
	where Where
	done  chan struct{}
}

// concerns tells whether a request is the one, of which it is told each.
func (c *cut) concerns(op jute.OpCode) bool {
	if c.nth == 0 {
		return c.op == op
	}
	if op == jute.OpPing || op == jute.OpCreateSession || op == jute.OpNotification {
		return false
	}
	c.nth--
	return c.nth == 0
}

// Start listens on a free port of loopback and forwards to target.
func Start(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		listener: listener, target: target, conns: map[*conn]bool{},
		seen: map[jute.OpCode]func(){},
	}
	for way := range p.gates {
		p.gates[way] = make(chan struct{})
		close(p.gates[way])
	}
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

// Cut breaks a connection once, at the next request with the operation; a connect request has
// OpCreateSession. OpNotification is the next watch event, as if it were a reply. The channel is
// closed when that has happened.
func (p *Proxy) Cut(op jute.OpCode, where Where) <-chan struct{} {
	return p.add(cut{op: op, where: where})
}

// CutNth breaks a connection once, at the n-th request from now on, counted from 1 over all
// connections. Pings and connect requests do not count.
func (p *Proxy) CutNth(n int, where Where) <-chan struct{} {
	return p.add(cut{nth: n, where: where})
}

func (p *Proxy) add(c cut) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.done = make(chan struct{})
	p.cuts = append(p.cuts, &c)
	return c.done
}

// takeCut is told of a request, and returns the cut that it triggers.
func (p *Proxy) takeCut(op jute.OpCode) (c *cut, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.seen[op]; f != nil {
		f()
	}
	i := slices.IndexFunc(p.cuts, func(c *cut) bool { return c.concerns(op) })
	if i < 0 {
		return nil, false
	}
	c = p.cuts[i]
	p.cuts = slices.Delete(p.cuts, i, i+1)
	if c.where == Held {
		p.pause()
		close(c.done)
		return nil, false
	}
	return c, true
}

// Forget drops the cuts that have not met their request, and returns how many there were.
func (p *Proxy) Forget() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.cuts)
	p.cuts = nil
	return n
}

// Seen calls f for each request with the operation, on a goroutine of the proxy, before the request
// is forwarded. A nil f ends that.
func (p *Proxy) Seen(op jute.OpCode, f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[op] = f
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
	p.pause()
}

func (p *Proxy) pause() {
	p.shutGate(requests)
	p.shutGate(replies)
}

// Withhold is Pause for what the server sends. Requests pass.
func (p *Proxy) Withhold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shutGate(replies)
}

// Resume ends a Pause or a Withhold.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open()
}

func (p *Proxy) shutGate(way direction) {
	select {
	case <-p.gates[way]:
		p.gates[way] = make(chan struct{})
	default:
	}
}

func (p *Proxy) open() {
	for _, gate := range p.gates {
		select {
		case <-gate:
		default:
			close(gate)
		}
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
	c := &conn{proxy: p, client: client, server: server, cuts: map[int32]*cut{}}
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
