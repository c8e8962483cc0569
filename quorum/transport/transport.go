package transport

import (
	"context"
	"errors"
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
	// ErrFull: more was to be sent than may wait for the other end to read.
	ErrFull = errors.New("too much waits to be sent")
	// ErrRoom: it had said nothing, and had to make room for another accepted connection.
	ErrRoom = errors.New("too many connections, and this one was silent")
	// ErrNoStream: there is no such connection, or no stream follows on it.
	ErrNoStream = errors.New("no stream to be read")
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
	Wrote                     // Link, Bytes: so much has been handed to the kernel
	Closed                    // Link, Err: the connection has ended; its last event
)

// Event is one of them.
type Event struct {
	Kind  Kind
	Link  Link
	Peer  jute.PeerID
	Data  []byte // whoever gets it owns it
	Bytes int
	Err   error // why; nil when this side closed the connection, or the other one orderly
}

// A Cutter tells the length of the messages of one connection from their first bytes.
type Cutter interface {
	// Size returns the length of the message that begins with head, or 0 when more of it must be
	// seen. After it has said a length it is asked about the next message. An error ends the
	// connection.
	Size(head []byte) (int, error)
}

// A StreamCutter knows messages behind which something follows that is no message.
type StreamCutter interface {
	Cutter
	// Streams reports whether a stream follows the message whose length Size has said last. The
	// connection is not read then, until Transport.Reader has read the stream.
	Streams() bool
}

// Config is what a transport needs to know.
type Config struct {
	// Sink is told of events, from many goroutines. While it blocks, the connection is not read. It
	// must not block for ever, or Stop does. At a Wrote of no more than 16 KiB (maxNow) it must not
	// call the transport: GiveNow may be telling it, and holds the connection's mutex.
	Sink func(Event)
	// NewCutter makes the cutter of a connection, which was accepted or dialled.
	NewCutter func(accepted bool) Cutter
	// HeadBytes is the most that a cutter wants to see of a message. Zero means all of it.
	HeadBytes int
	// MaxMessage is the longest message, in bytes.
	MaxMessage int
	// ReadBytes is the room that a connection has for what it reads, in bytes; a longer message
	// has more while it comes. Zero means 512.
	ReadBytes int
	// QueueBytes is how much may wait to be sent on one connection. More ends the connection. Zero
	// means twice MaxMessage.
	QueueBytes int
	// ConnectWithin bounds a dial, of which each of several addresses has an equal part, and
	// Wrap (zookeeper.cnxTimeout). Zero means 5 s.
	ConnectWithin time.Duration
	// WriteWithin bounds each write of up to 256 KiB, and StreamWithin each read and each such
	// write of a stream. Zero means 5 s.
	WriteWithin, StreamWithin time.Duration
	// AckWithin bounds how long bytes that were sent may go unacknowledged. A way that loses them
	// is not seen otherwise, because the kernel goes on for a quarter of an hour, and, when the
	// way works again, may not try for as long as it did not. Zero leaves it to the kernel.
	AckWithin time.Duration
	// FinishWithin bounds how long Finish lets what was sent leave, and then how long the other end
	// may take to hang up. Zero means 1 s.
	FinishWithin time.Duration
	// ListenFailed, unless nil, is told why a port is not listened at yet: once for each
	// ListenSoon, from a goroutine of its own.
	ListenFailed func(at config.HostPort, err error)
	// KeepAlive makes the kernel probe silent connections (zookeeper.tcpKeepAlive).
	KeepAlive bool
	// MaxAccepted is how many accepted connections there may be at once. Zero means 256. Beyond it
	// the oldest one that has told no message makes room.
	MaxAccepted int
	// Wrap, unless nil, makes of a new connection the one that is used, before the first byte.
	Wrap func(c net.Conn, accepted bool) (net.Conn, error)
}

// Stats are what has been counted since the start.
type Stats struct {
	BadInput int64 // connections that ended because of what they sent
	Refused  int64 // connections for which nobody made room, or refused by Wrap
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
	unlisten  chan struct{} // closed by the next Unlisten
}

// New makes a transport without connections.
func New(config Config) *Transport {
	if config.ConnectWithin <= 0 {
		config.ConnectWithin = 5 * time.Second
	}
	if config.WriteWithin <= 0 {
		config.WriteWithin = 5 * time.Second
	}
	if config.StreamWithin <= 0 {
		config.StreamWithin = 5 * time.Second
	}
	if config.FinishWithin <= 0 {
		config.FinishWithin = time.Second
	}
	if config.ReadBytes == 0 {
		config.ReadBytes = 512
	}
	if config.QueueBytes == 0 {
		config.QueueBytes = 2 * config.MaxMessage
	}
	if config.MaxAccepted == 0 {
		config.MaxAccepted = 256
	}
	t := &Transport{
		config: config, conns: map[Link]*conn{}, listeners: map[net.Listener]bool{},
		unlisten: make(chan struct{}),
	}
	t.ctx, t.stop = context.WithCancel(context.Background())
	return t
}

// Stats returns the counts.
func (t *Transport) Stats() Stats {
	return Stats{BadInput: t.badInput.Load(), Refused: t.refused.Load()}
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
// Failed follows. An address that does not even refuse leaves time for those behind it: whoever
// dials gives up at about Config.ConnectWithin.
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
			Timeout:   t.config.ConnectWithin / time.Duration(len(ports)),
			KeepAlive: -1, KeepAliveConfig: t.keepAlive(), Control: t.control(),
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

// Send hands bytes to a connection, which copies them. What is sent leaves in the order of the
// calls, and Wrote says how much has left. With last, it is as if Finish came behind it. On a
// connection that has ended nothing happens.
func (t *Transport) Send(link Link, data []byte, last bool) {
	if c := t.find(link); c != nil {
		c.send(append([]byte(nil), data...), false)
		if last {
			c.finish()
		}
	}
}

// Give is Send without the copy: the connection owns the bytes from then on.
func (t *Transport) Give(link Link, data []byte) {
	if c := t.find(link); c != nil {
		c.send(data, false)
	}
}

// GiveNow is Give for few bytes, up to 16 KiB. If nothing waits in front of them, they leave before
// it returns, as far as the kernel takes them, and Wrote comes meanwhile, on this goroutine. That
// spares waking the writer, but what is given so leaves in more and smaller writes.
func (t *Transport) GiveNow(link Link, data []byte) {
	if c := t.find(link); c != nil {
		c.send(data, true)
	}
}

// Finish ends a connection when everything sent before has left and the other end has hung up, or
// Config.FinishWithin is over for either. What it brings meanwhile is dropped. Closed follows.
func (t *Transport) Finish(link Link) {
	if c := t.find(link); c != nil {
		c.finish()
	}
}

// Close ends a connection at once. Closed follows.
func (t *Transport) Close(link Link) {
	if c := t.find(link); c != nil {
		c.end(nil)
	}
}

// Pause stops reading from a connection. The messages of one more read may still come. While it is
// not read, the end of the other side is not noticed.
func (t *Transport) Pause(link Link) {
	if c := t.find(link); c != nil {
		c.pause(true)
	}
}

// Resume goes on reading from a connection.
func (t *Transport) Resume(link Link) {
	if c := t.find(link); c != nil {
		c.pause(false)
	}
}

// Reader is the stream that follows a message of which StreamCutter has said so. It is there when
// the event Message is told. There is one reader a stream.
func (t *Transport) Reader(link Link) (*Reader, error) {
	if c := t.find(link); c != nil {
		return c.takeReader()
	}
	return nil, ErrNoStream
}

// Writer writes to a connection, behind everything sent before. What is sent before the writer is
// closed waits for that.
func (t *Transport) Writer(link Link) (*Writer, error) {
	if c := t.find(link); c != nil {
		return c.newWriter()
	}
	return nil, ErrNoStream
}

// Remote is the address of the other end of a connection, "" when it has ended.
func (t *Transport) Remote(link Link) string {
	if c := t.find(link); c != nil {
		return c.c.RemoteAddr().String()
	}
	return ""
}

func (t *Transport) find(link Link) *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.conns[link]
}

// Stop ends everything and waits for it. Events may come until it returns.
func (t *Transport) Stop() {
	t.stop()
	t.mu.Lock()
	t.stopped = true
	conns := make([]*conn, 0, len(t.conns))
	for _, c := range t.conns {
		conns = append(conns, c)
	}
	t.mu.Unlock()
	t.Unlisten()
	for _, c := range conns {
		c.end(ErrStopped)
	}
	t.running.Wait()
}
