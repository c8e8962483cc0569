package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
)

func TestTheRoomOfACrowdOfWritesIsGivenBack(t *testing.T) {
	var c Commit
	for range 10 * commitKeep {
		c.fly(&mail.Request{})
		c.propose(jute.Entry{}, own)
	}
	for range 10 * commitKeep {
		e, of := c.next(0)
		require.NotNil(t, e)
		require.NotNil(t, of)
	}
	e, _ := c.next(0)
	require.Nil(t, e)
	c.compact()
	require.LessOrEqual(t, cap(c.proposed.all), commitKeep)
	require.LessOrEqual(t, cap(c.flights.all), commitKeep)
}

// At a change of role a session outlives the chain that its last write went through. With the next
// chain it waits for nothing of the old one, only for what is in flight in the new one.
func TestASessionDoesNotWaitForAWriteOfAChainThatIsGone(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, made, own := testChain(t, w, Rules{})
	for range 3 {
		c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1)}})
	}
	c.Committed((*made)[0].Header.Zxid)
	ping := mail.Request{
		Conn: &s.Conn, Session: own.ID, Type: jute.OpPing, Xid: jute.XidPing, Identity: auth.Server(),
	}
	next := NewChain(c.rules, w.tree, c.sessions, w.conns, made, Hooks{})
	next.Lead((*made)[2].Header.Zxid)
	next.Serve()
	answered := func() bool {
		w.drain()
		before := s.answered
		next.Requests(&mail.Batch{Requests: []mail.Request{ping}})
		w.drain()
		return s.answered > before
	}
	require.True(t, answered())
	other := next.sessions.Create(4000, 2, nil)
	stranger := w.open()
	stranger.Owner = 2
	for range 5 { // without LastWrite these would get the numbers of the old chain
		next.Requests(&mail.Batch{Requests: []mail.Request{setting(stranger, other.ID, 1)}})
	}
	require.True(t, answered())
	next.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1)}})
	require.False(t, answered())
}

func TestWithoutALimitOneHoldAppliesAll(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, made, own := testChain(t, w, Rules{})
	c.rules.MaxApplyBatch = 0
	for range 3 {
		c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1)}})
	}
	c.Committed((*made)[2].Header.Zxid)
	require.Zero(t, c.InFlight())
}
