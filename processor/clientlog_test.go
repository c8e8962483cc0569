package processor

import (
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

// The end of a request that waited too long in front of Prep is told, with its connection and
// session, whether the request is refused or dropped.
func TestWhatWaitedTooLongIsTold(t *testing.T) {
	for want, rules := range map[tell.Kind]throttle.Rules{
		tell.Throttled: {MaxRequests: 1, OpWaitMillis: 50},
		tell.Stale:     {MaxRequests: 1, DropStale: true, StaleLatencyCheck: true},
	} {
		w := testWorld(t, 1)
		s := w.open()
		told := new(heardOf)
		c, made, own := testChain(t, w, Rules{Throttle: rules, Teller: told})
		c.Time(0, 1)
		c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1), setting(s, own.ID, 2)}})
		c.Time(100_000, 7001)
		c.Committed((*made)[0].Header.Zxid)
		require.Equal(t, []tell.Event{{Kind: want, Peer: s.Peer, Session: own.ID}}, told.take())
	}
}

// A session that no connection had since the start has no address, and nobody knows how long its
// client was silent.
func TestAnExpiryTellsWhatIsKnown(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	told := new(heardOf)
	c, made, own := testChain(t, w, Rules{Teller: told})
	c.Time(5001, 1)
	own.Owner = 1
	expired := 0
	c.final.hooks.Expired = func() { expired++ }
	c.final.attached[own.ID] = &s.Conn
	c.Expire(own)
	c.sessions.Restore(7, 6000)
	c.Expire(c.sessions.Find(7))
	require.Equal(t, []tell.Event{
		{Kind: tell.Expired, Peer: s.Peer, Session: own.ID, A: 4000, B: 5000},
		{Kind: tell.Expired, Session: 7, A: 6000, B: -1},
	}, told.take())
	require.Equal(t, 2, expired)
	c.Committed((*made)[1].Header.Zxid)
	require.Empty(t, told.take(), "the closeSession of an expiry is not a client's")
}

// A chain works without a Teller.
func TestNobodyIsTold(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, _, own := testChain(t, w, Rules{})
	c.Expire(own)
	c.connect(&mail.Request{
		Conn: &s.Conn, Identity: auth.Server(),
		Connect: &jute.ConnectRequest{SessionID: own.ID, Passwd: make([]byte, 16)},
	})
}
