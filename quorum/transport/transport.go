package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"quoll/jute"
	"quoll/quorum/config"
)

var (
	// ErrStopped: the transport was stopped.
	ErrStopped = errors.New("transport is stopped")
	// ErrEarly: a message was to be sent before the last but one had left.
	ErrEarly = errors.New("message before the last one has left")
	// ErrMessage: a message is longer than Config.MaxMessage.
	ErrMessage = errors.New("message is too long")
)

// Link names a connection, beginning with 1, and never again.
type Link uint64

// Kind is what has happened.
type Kind uint8

// The kinds of events.
const (
	Connected Kind = iota + 1 // Link, Peer: a dial has worked
	Failed                    // Peer, Err: a dial has not
	Accepted                  // Link: somebody has connected
	Message                   // Link, Data: a whole message
	Wrote                     // Link: the last Send has been handed to the kernel
	Closed                    // Link, Err: the connection has ended; its last event
)

// Event is one of them.
type Event struct {
	Kind Kind
	Link Link
	Peer jute.PeerID
	Data []byte // whoever gets it owns it
	Err  error  // why; nil when this side closed the connection, or the other one orderly
}

// A Cutter tells the length of the messages of one connection from their first bytes.
type Cutter interface {
	// Size returns the length of the message that begins with head, or 0 when more of it must be
	// seen. After it has said a length it is asked about the next message. An error ends the
	// connection.
	Size(head []byte) (int, error)
}

// Config is what a transport needs to know.
type Config struct {
	// Sink is told of events, from many goroutines. While it blocks, the connection is not read. It
	// must not block for ever, or Stop does.
	Sink func(Event)
	// NewCutter makes the cutter of a connection, which was accepted or dialled.
	NewCutter func(accepted bool) Cutter
	// HeadBytes is the most that a cutter wants to see of a message.
	HeadBytes int
	// MaxMessage is the longest message, in bytes.
	MaxMessage int
	// ConnectWithin bounds each attempt to connect, and Wrap (zookeeper.cnxTimeout). Zero means
	// 5 s.
	ConnectWithin time.Duration
	// WriteWithin bounds each write. Zero means 5 s.
	WriteWithin time.Duration
	// KeepAlive makes the kernel probe silent connections (zookeeper.tcpKeepAlive).
	KeepAlive bool
	// MaxAccepted is how many accepted connections there may be at once. Zero means 256.
	MaxAccepted int
	// Wrap, unless nil, makes of a new connection the one that is used, before the first byte.
	Wrap func(c net.Conn, accepted bool) (net.Conn, error)
}

// Stats are what has been counted since the start.
type Stats struct {
	BadInput int64 // connections that ended because of what they sent
	Refused  int64 // connections beyond MaxAccepted, or refused by Wrap
}

// Transport holds the connections of one port.
type Transport struct {
	config   Config
	ctx      context.Context
	stop     context.CancelFunc
	running  sync.WaitGroup
	badInput atomic.Int64
	refused  atomic.Int64

	mu        sync.Mutex
	stopped   bool
	lastLink  Link
	conns     map[Link]*conn
	accepted  int
	listeners map[net.Listener]bool
}

// New makes a transport without connections.
func New(config Config) *Transport {
	if config.ConnectWithin == 0 {
		config.ConnectWithin = 5 * time.Second
	}
	if config.WriteWithin == 0 {
		config.WriteWithin = 5 * time.Second
	}
	if config.MaxAccepted == 0 {
		config.MaxAccepted = 256
	}
	t := &Transport{config: config, conns: map[Link]*conn{}, listeners: map[net.Listener]bool{}}
	t.ctx, t.stop = context.WithCancel(context.Background())
	return t
}

// Stats returns the counts.
func (t *Transport) Stats() Stats {
	return Stats{BadInput: t.badInput.Load(), Refused: t.refused.Load()}
}

// keepAlive is what the kernel does with a silent connection: nothing, unless it is told to.
func (t *Transport) keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: t.config.KeepAlive}
}

// Listen accepts connections at an address until Unlisten or Stop. The host may be empty, which
// means all. It returns the address, with the port that was given for port 0.
func (t *Transport) Listen(at config.HostPort) (net.Addr, error) {
	lc := net.ListenConfig{KeepAlive: -1, KeepAliveConfig: t.keepAlive()}
	listener, err := lc.Listen(t.ctx, "tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("listen at %v: %w", at, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		listener.Close()
		return nil, ErrStopped
	}
	t.listeners[listener] = true
	t.running.Add(1)
	go t.accept(listener)
	return listener.Addr(), nil
}

// Unlisten accepts no more connections. Those that stand stay.
func (t *Transport) Unlisten() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for listener := range t.listeners {
		listener.Close()
	}
	clear(t.listeners)
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

// room takes a place for an accepted connection, if there is one.
func (t *Transport) room() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped || t.accepted >= t.config.MaxAccepted {
		return false
	}
	t.accepted++
	return true
}

// leave gives the place of an accepted connection back.
func (t *Transport) leave() {
	t.mu.Lock()
	t.accepted--
	t.mu.Unlock()
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

// wrap lets the hook have a connection, which it must be done with in time.
func (t *Transport) wrap(c net.Conn, accepted bool) (net.Conn, error) {
	if t.config.Wrap == nil {
		return c, nil
	}
	// A socket that takes no deadline is closed, and so the hook fails.
	_ = c.SetDeadline(time.Now().Add(t.config.ConnectWithin))
	wrapped, err := t.config.Wrap(c, accepted)
	if err != nil {
		if accepted {
			t.refused.Add(1)
		}
		c.Close()
		return nil, err
	}
	_ = c.SetDeadline(time.Time{})
	return wrapped, nil
}

// Dial connects to the first of the addresses that answers. Names are resolved now. Connected or
// Failed follows.
func (t *Transport) Dial(peer jute.PeerID, ports []config.HostPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	t.running.Add(1)
	go t.dial(peer, ports)
}

func (t *Transport) dial(peer jute.PeerID, ports []config.HostPort) {
	defer t.running.Done()
	err := error(ErrStopped)
	for _, port := range ports {
		var c net.Conn
		dialer := net.Dialer{
			Timeout: t.config.ConnectWithin, KeepAlive: -1, KeepAliveConfig: t.keepAlive(),
		}
		if c, err = dialer.DialContext(t.ctx, "tcp", port.String()); err != nil {
			continue
		}
		if c, err = t.wrap(c, false); err == nil {
			t.run(c, false, Event{Kind: Connected, Peer: peer})
			return
		}
	}
	t.config.Sink(Event{Kind: Failed, Peer: peer, Err: err})
}

// Send hands a message to a connection, which copies it and writes it at once. The next one may be
// handed over after Wrote. With last, the connection is closed when the message has left. On one
// that has ended nothing happens.
func (t *Transport) Send(link Link, data []byte, last bool) {
	if c := t.find(link); c != nil {
		c.send(append([]byte(nil), data...), last)
	}
}

// Close ends a connection. Closed follows.
func (t *Transport) Close(link Link) {
	if c := t.find(link); c != nil {
		c.end(nil)
	}
}

func (t *Transport) find(link Link) *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.conns[link]
}

// Stop ends everything and waits for it. Events may come until it returns.
func (t *Transport) Stop() {
	t.stop()
	t.Unlisten()
	t.mu.Lock()
	t.stopped = true
	conns := make([]*conn, 0, len(t.conns))
	for _, c := range t.conns {
		conns = append(conns, c)
	}
	t.mu.Unlock()
	for _, c := range conns {
		c.end(ErrStopped)
	}
	t.running.Wait()
}
