package transport

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"quoll/quorum/config"
)

// listenAgain is the pause before a port that is in use is tried again.
const listenAgain = 100 * time.Millisecond

// keepAlive is what the kernel does with a silent connection: nothing, unless it is told to.
func (t *Transport) keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: t.config.KeepAlive}
}

// control sets what the kernel does with a connection whose bytes are lost. An accepted one has it
// from its listener.
func (t *Transport) control() func(network, address string, c syscall.RawConn) error {
	if t.config.AckWithin == 0 {
		return nil
	}
	return dropUnacked(t.config.AckWithin)
}

// Listen accepts connections at an address until Unlisten or Stop. The host may be empty, which
// means all. It returns the address, with the port that was given for port 0.
func (t *Transport) Listen(at config.HostPort) (net.Addr, error) {
	t.mu.Lock()
	until := t.unlisten
	t.mu.Unlock()
	return t.listen(at, until)
}

func (t *Transport) listen(at config.HostPort, until <-chan struct{}) (net.Addr, error) {
	lc := net.ListenConfig{
		KeepAlive: -1, KeepAliveConfig: t.keepAlive(), Control: t.control(),
	}
	listener, err := lc.Listen(t.ctx, "tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("listen at %v: %w", at, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped || stopped(until) {
		listener.Close()
		return nil, ErrStopped
	}
	t.listeners[listener] = true
	t.running.Add(1)
	go t.accept(listener)
	return listener.Addr(), nil
}

func stopped(until <-chan struct{}) bool {
	select {
	case <-until:
		return true
	default:
		return false
	}
}

// ListenSoon listens at each of the addresses, as soon as that can be done: while a port is in use
// it is tried again ten times a second, until Unlisten or Stop.
func (t *Transport) ListenSoon(ports []config.HostPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	for _, at := range ports {
		t.running.Add(1)
		go t.listenSoon(at, t.unlisten)
	}
}

func (t *Transport) listenSoon(at config.HostPort, until <-chan struct{}) {
	defer t.running.Done()
	for told := false; ; told = true {
		_, err := t.listen(at, until)
		if err == nil || stopped(until) {
			return
		}
		if !told && t.config.ListenFailed != nil {
			t.config.ListenFailed(at, err)
		}
		select {
		case <-time.After(listenAgain):
		case <-until:
			return
		}
	}
}

// Unlisten accepts no more connections. Those that stand stay.
func (t *Transport) Unlisten() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for listener := range t.listeners {
		listener.Close()
	}
	clear(t.listeners)
	close(t.unlisten)
	t.unlisten = make(chan struct{})
}

func (t *Transport) accept(listener net.Listener) {
	defer t.running.Done()
	for {
		c, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// There are no descriptors, or the caller is gone already. Neither is over at once.
			if !t.pause(100 * time.Millisecond) {
				return
			}
			continue
		}
		if !t.room() {
			t.refused.Add(1)
			c.Close()
			continue
		}
		t.running.Add(1)
		go t.takeAccepted(c)
	}
}

// pause waits, unless the transport is stopped.
func (t *Transport) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.ctx.Done():
		return false
	}
}

// room takes a place for an accepted connection, if there is one. A server says at once who it is.
// So the oldest connection that has said nothing makes room: those who are silent keep nobody out.
func (t *Transport) room() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return false
	}
	if t.accepted < t.config.MaxAccepted {
		t.accepted++
		return true
	}
	var oldest *conn
	for _, c := range t.conns { // order-free: the smallest link
		if c.place && c.silent && (oldest == nil || c.link < oldest.link) {
			oldest = c
		}
	}
	if oldest == nil {
		return false
	}
	oldest.place = false
	oldest.end(ErrRoom)
	return true
}

// leave gives the place of an accepted connection back.
func (t *Transport) leave() {
	t.mu.Lock()
	t.accepted--
	t.mu.Unlock()
}

// spoke notes that a connection has told a message.
func (t *Transport) spoke(c *conn) {
	t.mu.Lock()
	c.silent = false
	t.mu.Unlock()
}

// remove forgets a connection that has ended.
func (t *Transport) remove(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, c.link)
	if c.place {
		t.accepted--
	}
}

func (t *Transport) takeAccepted(c net.Conn) {
	defer t.running.Done()
	c, err := t.wrap(c, true)
	if err != nil {
		t.leave()
		return
	}
	t.run(c, true, Event{Kind: Accepted})
}
