package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
)

// distant is a leader elsewhere: it answers a sync later.
type distant struct{ proposals }

func (d *distant) Sync() bool { return true }

func asking(s *client, id jute.SessionID, xid int32, as jute.OpCode) mail.Request {
	return mail.Request{
		Conn: &s.Conn, Session: id, Xid: xid, Type: as, Identity: auth.Server(),
		Body: jute.Append(nil, &jute.PathWatch{Path: []byte("/big")}),
	}
}

// Requests behind a sync of their session wait for it, even writes. Other sessions do not wait.
func TestWhatFollowsASyncWaitsForIt(t *testing.T) {
	w := testWorld(t, 1)
	c, _, one := testChain(t, w, Rules{})
	leader := new(distant)
	c.master = leader
	s, other := w.open(), w.open()
	other.Owner = 2
	two := c.sessions.Create(4000, 2, nil)
	write := setting(s, one.ID, 1)
	write.Xid = 2
	c.Requests(&mail.Batch{Requests: []mail.Request{
		asking(s, one.ID, 1, jute.OpSync), write, asking(s, one.ID, 3, jute.OpExists),
		asking(s, one.ID, 4, jute.OpSync), asking(s, one.ID, 5, jute.OpExists),
		asking(other, two.ID, 1, jute.OpExists), setting(other, two.ID, 1),
	}})
	w.drain()
	require.Equal(t, []int32{1}, other.xids())
	require.Empty(t, s.out)
	require.Len(t, leader.proposals, 1, "the write of the other")
	c.Synced()
	w.drain()
	require.Equal(t, []int32{1}, s.xids())
	require.Len(t, leader.proposals, 2, "now the write behind it")
	c.Committed(leader.proposals[1].Header.Zxid)
	w.drain()
	require.Equal(t, []int32{1, 2, 3}, s.xids(), "the second sync holds the rest")
	c.Synced()
	w.drain()
	require.Equal(t, []int32{1, 2, 3, 4, 5}, s.xids())
	require.Empty(t, c.syncs.of)
	require.Zero(t, c.syncs.asked.len())
}

// The answer to a sync whose session is gone, or went elsewhere, goes to nobody. The requests that
// waited behind it are dropped.
func TestASyncOfASessionThatIsGone(t *testing.T) {
	for name, leave := range map[string]func(c *Chain, id jute.SessionID){
		"gone":  func(c *Chain, id jute.SessionID) { c.sessions.Remove(id) },
		"moved": func(c *Chain, id jute.SessionID) { c.sessions.Find(id).Owner = 9 },
	} {
		w := testWorld(t, 1)
		c, _, sess := testChain(t, w, Rules{})
		leader := new(distant)
		c.master = leader
		s := w.open()
		c.Requests(&mail.Batch{Requests: []mail.Request{
			asking(s, sess.ID, 1, jute.OpSync), setting(s, sess.ID, 1),
		}})
		leave(c, sess.ID)
		c.Synced()
		w.drain()
		require.Empty(t, s.out, name)
		require.Equal(t, 2, s.answered, name)
		require.Empty(t, leader.proposals, name)
	}
}

// A sync behind a write is answered behind it, even if the leader's answer comes first.
func TestASyncDoesNotPassAWrite(t *testing.T) {
	w := testWorld(t, 1)
	c, _, sess := testChain(t, w, Rules{})
	leader := new(distant)
	c.master = leader
	s := w.open()
	c.Requests(&mail.Batch{Requests: []mail.Request{
		setting(s, sess.ID, 1), asking(s, sess.ID, 7, jute.OpSync),
	}})
	c.Synced()
	w.drain()
	require.Empty(t, s.out)
	c.Committed(leader.proposals[0].Header.Zxid)
	w.drain()
	require.Equal(t, []int32{0, 7}, s.xids())
}
