package tap

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"quoll/jute/ensemble"
)

// Packet is one that goes through a tap.
type Packet struct {
	Conn      int  // which connection, from 1
	Number    int  // which packet of the connection, both directions counted, from 1
	ToLearner bool // or to the leader
	Learner   int64
	*ensemble.QuorumPacket
	Bytes int
}

func (p Packet) String() string {
	arrow := "->"
	if p.ToLearner {
		arrow = "<-"
	}
	return fmt.Sprintf("%d %s leader  %v %v, %d B", p.Learner, arrow, p.Type, p.Zxid, p.Bytes)
}

// Options of a tap.
type Options struct {
	Port   int    // to listen at, on loopback
	Target string // the real port
	Trace  io.Writer
	// Hook is told each packet before it is handed on; nil: nobody is.
	Hook func(Packet)
}

// Tap is a proxy before one port.
type Tap struct {
	options Options
	accept  net.Listener
	begun   time.Time
	mu      sync.Mutex // guards Trace and what follows
	conns   int
	open    map[net.Conn]bool
	closed  bool
}

// Times of a tap.
const (
	listensWithin = 3 * time.Second
	dialAgain     = 20 * time.Millisecond
)

// Listen starts a tap.
func Listen(o Options) (*Tap, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", o.Port))
	if err != nil {
		return nil, fmt.Errorf("tap: %w", err)
	}
	t := &Tap{options: o, accept: l, begun: time.Now(), open: map[net.Conn]bool{}}
	go t.serve()
	return t, nil
}

// Close ends the tap and all its connections.
func (t *Tap) Close() {
	t.accept.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for c := range t.open {
		c.Close()
	}
}

func (t *Tap) serve() {
	for {
		from, err := t.accept.Accept()
		if err != nil {
			return
		}
		go t.connect(from)
	}
}

// connect dials the real port until it listens.
func (t *Tap) connect(from net.Conn) {
	until := time.Now().Add(listensWithin)
	var to net.Conn
	for {
		var err error
		if to, err = net.Dial("tcp", t.options.Target); err == nil {
			break
		}
		if time.Now().After(until) {
			from.Close()
			return
		}
		time.Sleep(dialAgain)
	}
	t.mu.Lock()
	t.conns++
	c := &conn{Tap: t, id: t.conns}
	t.open[from], t.open[to] = true, true
	closed := t.closed
	t.mu.Unlock()
	if closed {
		from.Close()
		to.Close()
		return
	}
	go c.copy(to, from, false)
	go c.copy(from, to, true)
}

// write adds a line to the trace.
func (t *Tap) write(text string) {
	if t.options.Trace == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.options.Trace, "%s %s\n", time.Now().Format("15:04:05.000"), text)
}
