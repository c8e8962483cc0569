package processor

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/tell"
	"quoll/processor/throttle"
)

// heardOf keeps what is told.
type heardOf []tell.Event

func (h *heardOf) Tell(e tell.Event) { *h = append(*h, e) }

func (h *heardOf) take() []tell.Event {
	all := *h
	*h = nil
	return all
}

// What waited too long in front of Prep is told of with its connection and session, be it refused
// or dropped.
func TestWhatWaitedTooLongIsTold(t *testing.T) {
	for want, rules := range map[tell.Kind]throttle.Rules{
		tell.Throttled: {MaxRequests: 1, OpWaitMillis: 50},
		tell.Stale:     {MaxRequests: 1, DropStale: true, StaleLatencyCheck: true},
	} {
		l, _ := testLane(t, 0, 1)
		s, _ := client(l, 1)
		s.Owner = 1
		told := new(heardOf)
		c, made, own := testChain(t, l, Rules{Throttle: rules, Teller: told})
		c.Time(0, 1)
		c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1), setting(s, own.ID, 2)}})
		c.Time(100_000, 7001)
		c.Committed((*made)[0].Header.Zxid)
		require.Equal(t, []tell.Event{{Kind: want, Peer: s.Peer, Session: own.ID}}, told.take())
	}
}

// A session whose client no connection was seen of since the start has no address, and nobody knows
// how long it was silent.
func TestAnExpiryTellsWhatIsKnown(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	s, _ := client(l, 1)
	s.Owner = 1
	told := new(heardOf)
	c, made, own := testChain(t, l, Rules{Teller: told})
	c.Time(5001, 1)
	own.Owner = 1
	c.final.attached[own.ID] = &s.Conn
	c.Expire(own)
	c.sessions.Restore(7, 6000)
	c.Expire(c.sessions.Find(7))
	require.Equal(t, []tell.Event{
		{Kind: tell.Expired, Peer: s.Peer, Session: own.ID, A: 4000, B: 5000},
		{Kind: tell.Expired, Session: 7, A: 6000, B: -1},
	}, told.take())
	c.Committed((*made)[1].Header.Zxid)
	require.Empty(t, told.take(), "the closeSession of an expiry is not a client's")
}

func TestAServerThatDoesNotServeTellsWhomItSendsAway(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	l.Serving.Store(false)
	told := new(heardOf)
	l.Teller = told
	s, _ := client(l, 1)
	s.phase, s.session = fresh, 0
	frame := jute.Append(jute.FrameStart(nil), &jute.ConnectRequest{
		SessionID: 9, Passwd: make([]byte, 16),
	})
	jute.FrameEnd(frame, 0)
	s.Input(frame)
	s.Closed(nil)
	require.Equal(t, []tell.Event{{Kind: tell.NotServing, Peer: s.Peer, Session: 9}}, told.take())
}

// The end of a connection is told of when it was not the stream that ended it.
func TestTheEndOfAConnectionIsTold(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	told := new(heardOf)
	l.Teller = told
	for err, want := range map[error][]tell.Event{nil: nil, io.ErrNoProgress: {
		{Kind: tell.Cut, Session: 5, Err: io.ErrNoProgress},
	}} {
		s, _ := client(l, 1)
		s.session = 5
		if want != nil {
			want[0].Peer = s.Peer
		}
		s.Closed(err)
		require.Equal(t, want, told.take())
	}
}

// Nobody has to listen.
func TestNobodyIsTold(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	s, _ := client(l, 1)
	s.Owner = 1
	c, _, own := testChain(t, l, Rules{})
	c.Expire(own)
	c.connect(&mail.Request{
		Conn: &s.Conn, Identity: auth.Server(),
		Connect: &jute.ConnectRequest{SessionID: own.ID, Passwd: make([]byte, 16)},
	})
	s.tellAuth([]byte("x"))
	s.Closed(io.ErrNoProgress)
}
