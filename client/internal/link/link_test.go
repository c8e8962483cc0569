package link

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"quoll/client/internal/calls"
	"quoll/jute"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a link whose server and clock are the test.
type stage struct {
	*Link
	t      *testing.T
	server net.Conn
	queue  *calls.Queue
	now    atomic.Int64
	events chan string
}

// newStage makes a link that is not started.
func newStage(t *testing.T) *stage {
	s := &stage{t: t, events: make(chan string, 10)}
	clock := func() time.Duration { return time.Duration(s.now.Load()) }
	near, far := net.Pipe()
	s.server = far
	t.Cleanup(func() { far.Close() })
	greeted := make(chan struct{})
	go func() {
		defer close(greeted)
		s.frame()
		s.send(&jute.ConnectResponse{TimeOut: 9000, SessionID: 7, Passwd: make([]byte, 16)})
	}()
	d := &Dialer{Dial: func(context.Context, string, string) (net.Conn, error) {
		s.now.Add(5) // the dial takes its time
		return near, nil
	}}
	l, err := Open(t.Context(), d, clock, Request{
		Server: "server:1", Timeout: time.Second, LastZxid: 3,
	})
	require.NoError(t, err)
	<-greeted
	s.Link = l
	s.queue = calls.NewQueue(calls.Limits{Requests: 100, Bytes: 1 << 20}, clock)
	return s
}

func (s *stage) start() {
	s.Start(s.queue, func(_ jute.EventType, path string, _ jute.Zxid) { s.events <- path })
	s.t.Cleanup(func() {
		s.Abort()
		<-s.Gone()
	})
}

func (s *stage) frame() []byte {
	var length [4]byte
	if _, err := io.ReadFull(s.server, length[:]); err != nil {
		return nil
	}
	frame := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, _ = io.ReadFull(s.server, frame)
	return frame
}

// next is the header of the next request.
func (s *stage) next() jute.RequestHeader {
	s.t.Helper()
	var h jute.RequestHeader
	_, err := jute.Decode(s.frame(), &h)
	require.NoError(s.t, err)
	return h
}

func (s *stage) send(records ...jute.Record) {
	frame := jute.FrameStart(nil)
	for _, r := range records {
		frame = jute.Append(frame, r)
	}
	jute.FrameEnd(frame, 0)
	_, _ = s.server.Write(frame)
}

// ask puts a call into the queue.
func (s *stage) ask(op jute.OpCode) *calls.Call {
	s.t.Helper()
	c := s.queue.New(op, calls.Read)
	c.End(c.Begin())
	require.NoError(s.t, s.queue.Enqueue(s.t.Context(), c))
	return c
}

// What the lease counts from is when a request was sent, not when it was answered or asked for.
func TestHeardIsWhenTheRequestWasSent(t *testing.T) {
	s := newStage(t)
	require.Equal(t, time.Duration(5), s.Opened(), "the connect request is sent after the dial")
	require.Equal(t, s.Opened(), s.Heard())
	s.now.Store(100)
	call := s.ask(jute.OpGetData)
	s.now.Store(200)
	s.start()
	h := s.next()
	s.now.Store(300)
	s.send(&jute.ReplyHeader{Xid: h.Xid, Zxid: 9})
	<-call.Done()
	require.Equal(t, time.Duration(200), s.Heard())
	require.Equal(t, time.Duration(300), s.Received())

	s.now.Store(400)
	s.Ping()
	s.Ping()
	require.Equal(t, jute.OpPing, s.next().Type)
	s.now.Store(500)
	s.send(&jute.ReplyHeader{Xid: jute.XidPing})
	second := s.ask(jute.OpGetData)
	require.Equal(t, jute.OpGetData, s.next().Type, "one ping at a time")
	require.Equal(t, time.Duration(400), s.Heard())
	s.send(&jute.ReplyHeader{Xid: second.Xid()})
	<-second.Done()
	require.Equal(t, time.Duration(500), s.Heard())
}

// A transaction can have several events. If one of them counted as seen, the others would be missed
// when the connection breaks between them.
func TestEventsDoNotCountAsSeen(t *testing.T) {
	s := newStage(t)
	s.start()
	require.Equal(t, jute.Zxid(3), s.LastZxid())
	s.send(&jute.ReplyHeader{Xid: jute.XidNotification, Zxid: 50},
		&jute.WatcherEvent{Type: jute.EventDeleted, Path: []byte("/a")})
	require.Equal(t, "/a", <-s.events)
	require.Equal(t, jute.Zxid(3), s.LastZxid())
	call := s.ask(jute.OpGetData)
	s.send(&jute.ReplyHeader{Xid: s.next().Xid, Zxid: 40})
	<-call.Done()
	require.Equal(t, jute.Zxid(40), s.LastZxid())
}

// What is pushed goes ahead of the calls that wait: identities, watches, then requests.
func TestControlGoesFirst(t *testing.T) {
	s := newStage(t)
	s.ask(jute.OpGetData)
	s.Auth("digest", []byte("a:b"))
	s.SetWatches(&jute.SetWatches{})
	s.SetWatches(&jute.SetWatches{Two: true})
	s.start()
	for _, want := range []jute.OpCode{
		jute.OpAuth, jute.OpSetWatches, jute.OpSetWatches2, jute.OpGetData,
	} {
		require.Equal(t, want, s.next().Type)
	}
}

func TestARefusedCredentialEndsTheLink(t *testing.T) {
	s := newStage(t)
	s.Auth("digest", []byte("a:b"))
	s.start()
	s.next()
	s.send(&jute.ReplyHeader{Xid: jute.XidAuth, Err: jute.AuthFailed})
	<-s.Gone()
	require.ErrorIs(t, s.Err(), ErrAuthRefused)
	require.ErrorIs(t, s.Err(), jute.AuthFailed)
}

// Behind closeSession replies of any kind may come. The link ends with the answer to it.
func TestEndSession(t *testing.T) {
	s := newStage(t)
	s.ask(jute.OpGetData)
	s.start()
	read := s.next()
	s.EndSession()
	end := s.next()
	require.Equal(t, jute.OpCloseSession, end.Type)
	s.queue.Refuse(errors.New("closed"))
	s.queue.Settle(calls.Fates{})
	s.send(&jute.ReplyHeader{Xid: read.Xid + 5})
	s.send(&jute.ReplyHeader{Xid: end.Xid})
	<-s.Gone()
	require.NoError(t, s.Err())
}

// The server hangs up while a call is on its way.
func TestServerHangsUp(t *testing.T) {
	s := newStage(t)
	s.ask(jute.OpGetData)
	s.start()
	s.next()
	require.False(t, s.Proven())
	s.server.Close()
	<-s.Gone()
	require.ErrorIs(t, s.Err(), io.EOF)
	unsent, sent := s.queue.Len()
	require.Equal(t, []int{0, 1}, []int{unsent, sent})
}
