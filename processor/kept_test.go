package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
)

func TestALargeReplyDoesNotStayWithTheLane(t *testing.T) {
	l, _ := testLane(t, 0, 32<<20)
	s, out := client(l, 1)
	s.Input(request(1, jute.OpGetData, &jute.PathWatch{Path: []byte("/big")}))
	require.Greater(t, len(out.out), 32<<20)
	require.LessOrEqual(t, cap(l.replies), replyKeepBytes)
}

func TestTheRoomOfACrowdOfWritesIsGivenBack(t *testing.T) {
	var c Commit
	for range 10 * commitKeep {
		c.add(pending{})
	}
	for c.next(0) != nil {
	}
	c.compact()
	require.LessOrEqual(t, cap(c.queue), commitKeep)
}

// A session outlives the chain that its last write went through, at a change of role. With the next
// chain it waits for nothing that is gone, and for what is in flight there.
func TestASessionDoesNotWaitForAWriteOfAChainThatIsGone(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	s, _ := client(l, 1)
	s.Owner = 1
	c, made, own := testChain(t, l, Rules{})
	for range 3 {
		c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1)}})
	}
	c.Committed((*made)[0].Header.Zxid)
	ping := mail.Request{
		Conn: &s.Conn, Session: own.ID, Type: jute.OpPing, Xid: jute.XidPing, Identity: auth.Server(),
	}
	next := NewChain(c.rules, l.Tree, c.sessions, l.Conns, made, nil)
	answered := func() bool {
		l.Drain()
		waits := s.inFlight
		next.Requests(&mail.Batch{Requests: []mail.Request{ping}})
		l.Drain()
		return s.inFlight < waits
	}
	require.True(t, answered())
	other := next.sessions.Create(4000, 2, nil)
	stranger, _ := client(l, other.ID)
	stranger.Owner = 2
	for range 5 { // numbers that the old chain gave would be given again
		next.Requests(&mail.Batch{Requests: []mail.Request{setting(stranger, other.ID, 1)}})
	}
	require.True(t, answered())
	next.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1)}})
	require.False(t, answered())
}

func TestWithoutALimitOneHoldAppliesAll(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	s, _ := client(l, 1)
	s.Owner = 1
	c, made, own := testChain(t, l, Rules{})
	c.rules.MaxApplyBatch = 0
	for range 3 {
		c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1)}})
	}
	c.Committed((*made)[2].Header.Zxid)
	require.Zero(t, c.InFlight())
}
