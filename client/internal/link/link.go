package link

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"quoll/client/internal/calls"
	"quoll/client/wire"
	"quoll/jute"
)

// ErrAuthRefused is why a link ended whose server did not accept a credential.
var ErrAuthRefused = errors.New("authentication refused")

// closeXid is the xid of closeSession. No call gets as far.
const closeXid int32 = 0x7fffffff

// Events hears of watch events, on the reader. It must not block.
type Events func(event jute.EventType, path string, zxid jute.Zxid)

// Clock is the client's monotonic clock.
type Clock func() time.Duration

// Link is a connection with a session.
type Link struct {
	server string
	pipe   *wire.Pipeline
	clock  Clock
	queue  *calls.Queue
	events Events
	opened time.Duration // when the connect request was sent

	control control
	pulse   pulse

	poke     chan struct{} // holds one token when control has frames
	stop     chan struct{} // closed when the reader has ended
	written  chan struct{} // closed when the writer has ended
	gone     chan struct{}
	draining atomic.Bool // closeSession was sent: no other reply is looked at
	err      error       // why the link ended; read after gone is closed
}

// control is the frames that go ahead of the calls, and the answers to them that are to come.
type control struct {
	mu          sync.Mutex
	frames      []byte
	auths, sets int           // answers to credentials and to setWatches
	pinging     bool          // a ping is not answered yet
	pinged      time.Duration // when it was sent
}

// pulse has moments on the clock, and what the replies tell.
type pulse struct {
	sent, received, heard atomic.Int64
	took                  atomic.Int64 // how long the last write was under way, in ns
	replies               atomic.Int64 // frames since the handshake
	zxid                  atomic.Int64
}

// Request says to which server a link goes, and what the handshake says.
type Request struct {
	Server    string
	SessionID jute.SessionID
	Passwd    []byte
	Timeout   time.Duration
	LastZxid  jute.Zxid
	ReadOnly  bool      // a server without a quorum will do
	MaxFrame  int       // from the server
	SASL      Mechanism // nil: none
}

// Open connects, shakes hands, and runs the exchange of SASL. Nothing else is sent or read before
// Start.
func Open(ctx context.Context, d *Dialer, clock Clock, r Request) (*Link, error) {
	l := &Link{
		server: r.Server, clock: clock,
		poke: make(chan struct{}, 1), gone: make(chan struct{}),
		written: make(chan struct{}), stop: make(chan struct{}),
	}
	pipe, err := wire.DialPipeline(ctx, r.Server, wire.Options{
		Timeout: r.Timeout, SessionID: r.SessionID, Passwd: r.Passwd,
		LastZxidSeen: r.LastZxid, ReadOnly: r.ReadOnly, MaxFrame: r.MaxFrame,
		Dialer: func(ctx context.Context, _, server string) (net.Conn, error) {
			nc, err := d.Connect(ctx, server)
			l.opened = clock()
			return nc, err
		},
	})
	if err != nil {
		return nil, err
	}
	l.pipe = pipe
	now := int64(clock())
	l.pulse.sent.Store(now)
	l.pulse.received.Store(now)
	l.pulse.heard.Store(int64(l.opened))
	l.pulse.zxid.Store(int64(r.LastZxid))
	if r.SASL != nil {
		if err := l.authenticate(ctx, r.SASL); err != nil {
			l.Drop()
			return nil, err
		}
	}
	return l, nil
}

// Server is the server, as it was given.
func (l *Link) Server() string { return l.server }

// Session is what the handshake agreed on.
func (l *Link) Session() wire.Session { return l.pipe.Session() }

// Opened is when the connect request was sent.
func (l *Link) Opened() time.Duration { return l.opened }

// Start lets the calls of the queue go, behind the control that was pushed before.
func (l *Link) Start(queue *calls.Queue, events Events) {
	l.queue, l.events = queue, events
	l.prod()
	go l.write()
	go l.read()
}

// Drop closes a link that was never started.
func (l *Link) Drop() { _ = l.pipe.Close() }

// Auth pushes a credential.
func (l *Link) Auth(scheme string, cred []byte) {
	l.push(jute.XidAuth, jute.OpAuth,
		&jute.AuthPacket{Scheme: []byte(scheme), Auth: cred}, &l.control.auths)
}

// SetWatches pushes what a client that comes back watches.
func (l *Link) SetWatches(s *jute.SetWatches) {
	op := jute.OpSetWatches
	if s.Two {
		op = jute.OpSetWatches2
	}
	l.push(jute.XidSetWatches, op, s, &l.control.sets)
}

// Ping pushes a ping, unless one is under way.
func (l *Link) Ping() {
	l.control.mu.Lock()
	due := !l.control.pinging
	if due {
		l.control.pinging, l.control.pinged = true, l.clock()
	}
	l.control.mu.Unlock()
	if due {
		l.push(jute.XidPing, jute.OpPing, nil, nil)
	}
}

// EndSession pushes closeSession. From now on the link looks at no reply but that one: the calls of
// the queue have to be settled. When the answer has come, the link ends with a nil Err.
func (l *Link) EndSession() {
	l.draining.Store(true)
	l.push(closeXid, jute.OpCloseSession, nil, nil)
}

// push appends a control frame, and counts it if its answer has to be told from others.
func (l *Link) push(xid int32, op jute.OpCode, body jute.Record, counter *int) {
	c := &l.control
	c.mu.Lock()
	at := len(c.frames)
	c.frames = jute.FrameStart(c.frames)
	c.frames = jute.Append(c.frames, &jute.RequestHeader{Xid: xid, Type: op})
	if body != nil {
		c.frames = jute.Append(c.frames, body)
	}
	jute.FrameEnd(c.frames, at)
	if counter != nil {
		*counter++
	}
	c.mu.Unlock()
	l.prod()
}

func (l *Link) prod() {
	select {
	case l.poke <- struct{}{}:
	default:
	}
}

// Abort breaks the connection. Gone is closed soon after.
func (l *Link) Abort() { _ = l.pipe.Close() }

// Gone is closed when the link has ended. It must have been started.
func (l *Link) Gone() <-chan struct{} { return l.gone }

// Err is why the link has ended: nil after the answer to closeSession, ErrAuthRefused, or what
// broke it.
func (l *Link) Err() error { return l.err }

// Sent is when something was written last, Received when something was read last.
func (l *Link) Sent() time.Duration { return time.Duration(l.pulse.sent.Load()) }

// Received is when something was read last.
func (l *Link) Received() time.Duration { return time.Duration(l.pulse.received.Load()) }

// Heard is when the latest request was sent that was answered.
func (l *Link) Heard() time.Duration { return time.Duration(l.pulse.heard.Load()) }

// Proven says whether the server has answered anything since the handshake.
func (l *Link) Proven() bool { return l.pulse.replies.Load() > 0 }

// LastZxid is the highest zxid of a reply. Events do not count: a transaction may have several, and
// the others would be missed if the connection broke between them.
func (l *Link) LastZxid() jute.Zxid { return jute.Zxid(l.pulse.zxid.Load()) }
