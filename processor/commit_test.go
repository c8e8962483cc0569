package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
)

// entry is an entry that another server's leader proposed.
func entry(
	zxid jute.Zxid, session jute.SessionID, cxid int32, as jute.OpCode, txn jute.Record,
) jute.Entry {
	return jute.Entry{
		Header: jute.TxnHeader{ClientID: session, Cxid: cxid, Zxid: zxid, Type: as},
		Body:   jute.Append(nil, txn),
	}
}

func put(path string) *jute.SetDataRequest {
	return &jute.SetDataRequest{Path: []byte(path), Data: []byte("x"), Version: 1}
}

// An entry that no leader here has marked is ours if it has session and cxid of the first flight,
// and its type or that of an error. Any other is another server's, whatever it looks like.
func TestAnEntryAnswersTheFirstFlight(t *testing.T) {
	failed := &jute.ErrorResponse{Err: jute.BadVersion}
	for name, c := range map[string]struct {
		e    jute.Entry
		ours bool
	}{
		"the same":        {entry(9, 7, 5, jute.OpSetData, put("/big")), true},
		"an error":        {entry(9, 7, 5, jute.OpError, failed), true},
		"another cxid":    {entry(9, 7, 6, jute.OpSetData, put("/big")), false},
		"another session": {entry(9, 8, 5, jute.OpSetData, put("/big")), false},
		"another type": {
			entry(9, 7, 5, jute.OpDelete, &jute.PathOnly{Path: []byte("/list")}), false,
		},
	} {
		var commit Commit
		commit.first = 1
		commit.fly(&mail.Request{Session: 7, Xid: 5, Type: jute.OpSetData})
		commit.fly(&mail.Request{Session: 8, Xid: 5, Type: jute.OpSetData})
		for _, marked := range []owner{foreign, unknown} {
			ours := c.ours && marked == unknown
			commit.propose(c.e, marked)
			e, of := commit.next(9)
			require.Equal(t, &c.e, e, name)
			require.Equal(t, ours, of != nil, name)
		}
		commit.propose(c.e, own)
		e, of := commit.next(8)
		require.Nil(t, e, "not committed yet")
		require.Nil(t, of)
	}
}

// A request behind another waits for the other's own entry, not for one that looks alike.
func TestForeignEntriesPassOwnRequests(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, _, sess := testChain(t, w, Rules{})
	r := setting(s, sess.ID, 1)
	r.Xid = 5
	c.sessions.Wrote(sess, c.commit.fly(&r))
	read := mail.Request{
		Conn: &s.Conn, Session: sess.ID, Type: jute.OpExists, Xid: 6, Identity: auth.Server(),
		Body: jute.Append(nil, &jute.PathWatch{Path: []byte("/big")}),
	}
	c.Requests(&mail.Batch{Requests: []mail.Request{read}})
	for _, e := range []jute.Entry{
		entry(10, sess.ID, 5, jute.OpSetACL, &jute.SetACLRequest{
			Path: []byte("/big"), ACL: anyone(), Version: 1,
		}),
		entry(11, sess.ID+1, 5, jute.OpSetData, put("/big")),
	} {
		c.Proposed(e)
		c.Committed(e.Header.Zxid)
		w.drain()
		require.Empty(t, s.out)
	}
	c.Proposed(entry(12, sess.ID, 5, jute.OpError, &jute.ErrorResponse{Err: jute.NoNode}))
	c.Committed(12)
	w.drain()
	require.Equal(t, []int32{5, 6}, s.xids())
	var h jute.ReplyHeader
	_, err := jute.Decode(s.out[4:20], &h)
	require.NoError(t, err)
	require.Equal(t, jute.ReplyHeader{Xid: 5, Zxid: 12, Err: jute.NoNode}, h)
}

// A session that another server opened, and closed, is known here. When it closes its connection
// here ends.
func TestForeignSessionsBeginAndEnd(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, _, _ := testChain(t, w, Rules{})
	var heard []*mail.Request
	c.final.hooks.Applied = func(own *mail.Request, _ *jute.Entry, _ *datatree.Result) {
		heard = append(heard, own)
	}
	const id = 0x7700000000000001
	c.Proposed(entry(10, id, 0, jute.OpCreateSession, &jute.CreateSessionTxn{TimeOut: 7000}))
	c.Committed(10)
	found := c.sessions.Find(id)
	require.NotNil(t, found)
	require.True(t, found.Committed)
	require.Equal(t, int32(7000), found.TimeoutMillis)
	c.final.attached[id] = &s.Conn
	c.Proposed(entry(11, id, 0, jute.OpCloseSession, &jute.CloseSessionTxn{}))
	c.Committed(11)
	w.drain()
	require.Nil(t, c.sessions.Find(id))
	require.True(t, s.closed)
	require.Zero(t, s.answered)
	require.Equal(t, []*mail.Request{nil, nil}, heard)
}

// A client that is connected elsewhere by now is told nothing: its connection ends (ZOOKEEPER-710).
func TestASessionThatMovedIsNotAnswered(t *testing.T) {
	moved := jute.Append(nil, &jute.ErrorResponse{Err: jute.SessionMoved})
	for as, txn := range map[jute.OpCode]jute.Record{
		jute.OpError: &jute.ErrorResponse{Err: jute.SessionMoved},
		jute.OpMulti: &jute.MultiTxn{Txns: []jute.Txn{{Type: jute.OpError, Data: moved}}},
	} {
		w := testWorld(t, 1)
		s := w.open()
		c, _, sess := testChain(t, w, Rules{})
		r := setting(s, sess.ID, 1)
		r.Type = jute.OpMulti
		c.sessions.Wrote(sess, c.commit.fly(&r))
		c.Proposed(entry(10, sess.ID, 0, as, txn))
		c.Committed(10)
		w.drain()
		require.True(t, s.closed, as)
		require.Equal(t, 1, s.answered, as)
		require.Empty(t, s.out, as)
	}
}

// The reply to a reconfig is the configuration that it made, with the Stat of its node.
func TestAReconfigIsAnsweredWithTheConfiguration(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, _, sess := testChain(t, w, Rules{})
	r := setting(s, sess.ID, 1)
	r.Type, r.Xid = jute.OpReconfig, 3
	c.sessions.Wrote(sess, c.commit.fly(&r))
	c.Proposed(entry(10, sess.ID, 3, jute.OpReconfig, put("/big")))
	c.Committed(10)
	w.drain()
	var h jute.ReplyHeader
	n, err := jute.Decode(s.out[4:], &h)
	require.NoError(t, err)
	require.Equal(t, jute.ReplyHeader{Xid: 3, Zxid: 10}, h)
	var got jute.DataStat
	_, err = jute.Decode(s.out[4+n:], &got)
	require.NoError(t, err)
	require.Equal(t, "x", string(got.Data))
	require.Equal(t, jute.Zxid(10), got.Stat.Mzxid)
}
