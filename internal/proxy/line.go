package proxy

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"
)

// Line forwards bytes from one server to another, or from a client to a server, without looking at
// them. It can be cut: then there is no connection, and none can be made.
type Line struct {
	listener net.Listener
	target   string
	workers  sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	ended bool
	conns map[net.Conn]bool
}

// StartLine listens at an address and forwards to target.
func StartLine(at, target string) (*Line, error) {
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return nil, err
	}
	return forward(listener, target), nil
}

// StartTLS is a line that speaks TLS with whoever connects to it, on a free port of loopback, and
// forwards what was said to target as it is.
func StartTLS(config *tls.Config, target string) (*Line, error) {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		return nil, err
	}
	return forward(listener, target), nil
}

func forward(listener net.Listener, target string) *Line {
	l := &Line{listener: listener, target: target, conns: map[net.Conn]bool{}}
	l.workers.Go(l.accept)
	return l
}

// Addr is where the line begins.
func (l *Line) Addr() string { return l.listener.Addr().String() }

// Cut breaks all connections and lets none come.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	l.shut()
}

// Heal ends a Cut.
func (l *Line) Heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
}

// Close ends the line and waits for its goroutines.
func (l *Line) Close() {
	l.mu.Lock()
	l.ended = true
	l.shut()
	l.mu.Unlock()
	l.listener.Close()
	l.workers.Wait()
}

func (l *Line) shut() {
	for nc := range l.conns {
		nc.Close()
	}
}

func (l *Line) accept() {
	for {
		nc, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.workers.Go(func() { l.serve(nc) })
	}
}

func (l *Line) serve(from net.Conn) {
	defer from.Close()
	if !l.keep(from) {
		return
	}
	defer l.forget(from)
	to := l.dial()
	if to == nil {
		return
	}
	defer to.Close()
	if !l.keep(to) {
		return
	}
	defer l.forget(to)
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(from, to)
		from.Close()
	})
	_, _ = io.Copy(to, from)
	to.Close()
	back.Wait()
}

// Bounds of the time for which a target that does not listen is tried again.
const (
	dialAgain = 5 * time.Millisecond
	dialMost  = time.Second
)

// dial connects to the target; nil if that cannot be done. Who connects to the line has a
// connection already, and would take a refusal now for the end of it. So a target that does not
// listen yet is tried again for a while.
func (l *Line) dial() net.Conn {
	for begin := time.Now(); time.Since(begin) < dialMost; {
		to, err := net.Dial("tcp", l.target)
		if err == nil {
			return to
		}
		l.mu.Lock()
		over := l.cut || l.ended
		l.mu.Unlock()
		if over {
			return nil
		}
		timer := time.NewTimer(dialAgain)
		<-timer.C
	}
	return nil
}

// keep remembers a connection, unless the line is cut.
func (l *Line) keep(nc net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut || l.ended {
		return false
	}
	l.conns[nc] = true
	return true
}

func (l *Line) forget(nc net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, nc)
}
