package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"quoll/jute"
)

// Errors of the handshake: Dial and DialPipeline return them.
var (
	// ErrExpired is returned when the server does not know the session, or not with this password
	// (KeeperException.SessionExpired).
	ErrExpired = errors.New("session expired")
)

// Errors that end a connection: every future that has no reply yet completes with one, and so does
// Next of a Pipeline. The handshake returns ErrFrame too. An io.EOF inside says that the server
// hung up.
var (
	// ErrClosed is returned when this side has closed the connection.
	ErrClosed = errors.New("connection closed")
	// ErrXid is returned when a reply belongs to no request, or comes out of order.
	ErrXid = errors.New("reply out of order")
	// ErrFrame is returned when the server sends a frame whose length is negative or above
	// MaxFrame, or one that does not decode.
	ErrFrame = errors.New("bad frame")
)

// Options says how to connect. The zero value asks for a new session of ten seconds.
type Options struct {
	// Timeout is the session timeout to ask for; the server may give another. 0: 10 s.
	Timeout time.Duration
	// SessionID and Passwd name a session to take over. 0 asks for a new one.
	SessionID jute.SessionID
	Passwd    []byte
	// LastZxidSeen must not be ahead of the server: it hangs up on such a client.
	LastZxidSeen jute.Zxid
	// ReadOnly says that a read-only server will do.
	ReadOnly bool
	// NoReadOnlyByte leaves that byte out, as clients before 3.4 do.
	NoReadOnlyByte bool
	// Dialer makes the TCP connection; nil: net.Dialer.
	Dialer func(ctx context.Context, network, addr string) (net.Conn, error)
	// MaxFrame bounds what a server may send in one frame, in bytes. 0: 64 MiB.
	MaxFrame int
	// PingEvery sends a ping when this much time went by, to keep the session. 0: never.
	PingEvery time.Duration
	// OnEvent is told of each watch event, in the order of the wire. It runs on the reader
	// goroutine: replies wait for it, and it must not wait for one.
	OnEvent func(Event)
	// Transcript is shown each frame, without its length: a sent one when it takes its place in
	// the output, a received one before its future completes. Calls do not overlap, and keep the
	// order of each direction. Caveats: the frame is on loan until the call returns; it must be
	// copied to be kept.
	Transcript func(d Direction, frame []byte)
}

// Direction is which way a frame travels.
type Direction uint8

// The directions.
const (
	Sent Direction = iota
	Received
)

func (d Direction) String() string {
	if d == Sent {
		return "sent"
	}
	return "received"
}

// Session is what server and client agreed on.
type Session struct {
	ID          jute.SessionID
	Passwd      []byte
	Timeout     time.Duration
	ReadOnly    bool // the server is read-only
	HasReadOnly bool // the server sent that byte at all
}

// Event is a watch event.
type Event struct {
	Type jute.EventType
	// State is 3, SyncConnected, from every server known.
	State int32
	Path  string
	// Zxid is that of the change, or -1 where the server does not tell.
	Zxid jute.Zxid
	// BeforeReply is the index, from 0, of the first reply that came after the event.
	BeforeReply int
}

func (e Event) String() string {
	return fmt.Sprintf("%v %s zxid=%v before reply %d", e.Type, e.Path, e.Zxid, e.BeforeReply)
}

const (
	defaultTimeout  = 10 * time.Second
	defaultMaxFrame = 64 << 20
	passwdBytes     = 16
)

func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxFrame == 0 {
		o.MaxFrame = defaultMaxFrame
	}
	if o.Passwd == nil {
		o.Passwd = make([]byte, passwdBytes)
	}
	if o.Dialer == nil {
		o.Dialer = new(net.Dialer).DialContext
	}
	return o
}

func (o Options) connectRequest() *jute.ConnectRequest {
	return &jute.ConnectRequest{
		LastZxidSeen: o.LastZxidSeen,
		TimeOut:      int32(o.Timeout / time.Millisecond),
		SessionID:    o.SessionID,
		Passwd:       o.Passwd,
		ReadOnly:     o.ReadOnly,
		HasReadOnly:  !o.NoReadOnlyByte,
	}
}
