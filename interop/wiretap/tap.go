package main

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// call is one connection through a tap, with what each side has sent.
type call struct {
	port     string // "election" or "quorum"
	server   int    // whose port it is
	dialer   []byte
	listener []byte
}

// tap listens for one port of one server and hands the bytes on.
type tap struct {
	port   string
	server int
	target string
	accept net.Listener
	tape   *tape
}

// tape is what all taps have recorded.
type tape struct {
	mu    sync.Mutex
	calls []*call
	open  map[net.Conn]bool
	// held are the servers whose answers wait; freed is closed when they may go on.
	held  map[int]bool
	freed chan struct{}
}

func newTape() *tape {
	return &tape{open: map[net.Conn]bool{}, held: map[int]bool{}, freed: make(chan struct{})}
}

func (t *tape) listen(port string, server, target int) (*tap, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("tap: %w", err)
	}
	p := &tap{port: port, server: server, target: fmt.Sprintf("127.0.0.1:%d", target), accept: l,
		tape: t}
	go p.serve()
	return p, nil
}

// number is the port at which the tap listens.
func (p *tap) number() int { return p.accept.Addr().(*net.TCPAddr).Port }

func (p *tap) serve() {
	for {
		from, err := p.accept.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", p.target)
		if err != nil {
			from.Close()
			continue
		}
		c := &call{port: p.port, server: p.server}
		p.tape.mu.Lock()
		p.tape.calls = append(p.tape.calls, c)
		p.tape.open[from], p.tape.open[to] = true, true
		p.tape.mu.Unlock()
		go p.copy(to, from, &c.dialer, false)
		go p.copy(from, to, &c.listener, true)
	}
}

// copy hands on what one side sends, and records it when it was handed on.
func (p *tap) copy(to, from net.Conn, into *[]byte, answers bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if answers {
			p.tape.wait(p.server)
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
			p.tape.mu.Lock()
			*into = append(*into, buf[:n]...)
			p.tape.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

func (t *tape) wait(server int) {
	t.mu.Lock()
	held, freed := t.held[server], t.freed
	t.mu.Unlock()
	if held {
		<-freed
	}
}

// hold keeps back what a server answers on its ports until release.
func (t *tape) hold(server int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held[server] = true
}

// release ends all connections and lets nothing of what was held back through.
func (t *tape) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.open {
		c.Close()
	}
	t.open, t.held = map[net.Conn]bool{}, map[int]bool{}
	close(t.freed)
	t.freed = make(chan struct{})
}

// dump writes the calls in which something was said, a line each.
func (t *tape) dump(out io.Writer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.calls {
		if len(c.dialer) == 0 {
			continue
		}
		_, err := fmt.Fprintf(out, "%s %d %s %s\n", c.port, c.server, text(c.dialer),
			text(c.listener))
		if err != nil {
			return fmt.Errorf("dump: %w", err)
		}
	}
	return nil
}

func text(b []byte) string {
	if len(b) == 0 {
		return "-"
	}
	return fmt.Sprintf("%x", b)
}
