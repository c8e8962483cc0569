package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/session"
)

// link is that of the learner in these tests.
const link = session.Owner(1<<63 | 5)

// code is that of an error transaction, OK of any other.
func code(t *testing.T, e *jute.Entry) jute.ErrorCode {
	if e.Header.Type != jute.OpError {
		return jute.OK
	}
	var txn jute.ErrorResponse
	_, err := jute.Decode(e.Body, &txn)
	require.NoError(t, err)
	return txn.Err
}

// An Apache learner answers nobody any more when one of its requests gets no transaction. So each
// gets exactly one, with a zxid of its own, and the error is that of Apache's leader.
func TestEveryRequestOfALearnerIsOneTransaction(t *testing.T) {
	const mine, moved, closing, local, unheard = 21, 22, 23, 24, 25
	set := jute.Append(nil, &jute.SetDataRequest{Path: []byte("/big"), Version: -1})
	timeout := []byte{0, 0, 0x0f, 0xa0}
	for name, c := range map[string]struct {
		r    jute.LearnerRequest
		want jute.ErrorCode
	}{
		"a write":         {jute.LearnerRequest{Session: mine, Type: jute.OpSetData, Body: set}, jute.OK},
		"nobody's":        {jute.LearnerRequest{Session: unheard, Type: jute.OpSetData, Body: set}, jute.OK},
		"refused by Prep": {jute.LearnerRequest{Session: mine, Type: jute.OpDelete, Body: jute.Append(nil, &jute.PathVersion{Path: []byte("/no"), Version: -1})}, jute.NoNode},
		"unknown":         {jute.LearnerRequest{Session: 99, Type: jute.OpSetData, Body: set}, jute.SessionExpired},
		"closing":         {jute.LearnerRequest{Session: closing, Type: jute.OpSetData, Body: set}, jute.SessionExpired},
		"not global":      {jute.LearnerRequest{Session: local, Type: jute.OpSetData, Body: set}, jute.SessionExpired},
		"moved":           {jute.LearnerRequest{Session: moved, Type: jute.OpSetData, Body: set}, jute.SessionMoved},
		"unreadable":      {jute.LearnerRequest{Session: mine, Type: jute.OpSetData, Body: set[:3]}, jute.MarshallingError},
		"a bad multi":     {jute.LearnerRequest{Session: mine, Type: jute.OpMulti, Body: []byte{1}}, jute.MarshallingError},
		"a lone check":    {jute.LearnerRequest{Session: mine, Type: jute.OpCheck, Body: set}, jute.Unimplemented},
		"an unknown type": {jute.LearnerRequest{Session: mine, Type: 999, Body: set}, jute.Unimplemented},
		"reconfig":        {jute.LearnerRequest{Session: mine, Type: jute.OpReconfig, Body: jute.Append(nil, &jute.ReconfigRequest{})}, jute.ReconfigDisabled},
		"new":             {jute.LearnerRequest{Session: 98, Type: jute.OpCreateSession, Body: timeout}, jute.OK},
		"new, unreadable": {jute.LearnerRequest{Session: 98, Type: jute.OpCreateSession, Body: timeout[:2]}, jute.MarshallingError},
		"end":             {jute.LearnerRequest{Session: mine, Type: jute.OpCloseSession}, jute.OK},
		"end, moved":      {jute.LearnerRequest{Session: moved, Type: jute.OpCloseSession}, jute.OK},
		"end, closing":    {jute.LearnerRequest{Session: closing, Type: jute.OpCloseSession}, jute.OK},
		"end, unknown":    {jute.LearnerRequest{Session: 99, Type: jute.OpCloseSession}, jute.OK},
		"moved, broken":   {jute.LearnerRequest{Session: moved, Type: jute.OpSetData}, jute.SessionMoved},
		"moved, no write": {jute.LearnerRequest{Session: moved, Type: 999}, jute.SessionMoved},
		"end, of all":     {jute.LearnerRequest{Session: 0, Type: jute.OpCloseSession}, jute.SessionExpired},
		"new, a mark":     {jute.LearnerRequest{Session: datatree.ContainerOwner, Type: jute.OpCreateSession, Body: timeout}, jute.SessionExpired},
	} {
		w := testWorld(t, 1)
		// None of these limits counts for a learner.
		rules := Rules{MaxSessions: 1}
		rules.Throttle.MaxRequests, rules.Prep.EagerACLCheck = 1, true
		ch, made, _ := testChain(t, w, rules)
		for id, owner := range map[jute.SessionID]session.Owner{
			mine: link, moved: link + 1, closing: link, unheard: 0, local: link,
		} {
			ch.sessions.Open(id, 4000, owner)
		}
		ch.sessions.Find(closing).Closing = true
		ch.sessions.Find(local).Local = true
		c.r.Cxid = 6
		before := ch.sessions.Len()
		ch.LearnerRequest(link, &c.r)
		require.Len(t, *made, 1, name)
		e := &(*made)[0]
		require.Equal(t, c.want, code(t, e), name)
		require.Equal(t, jute.Zxid(3), e.Header.Zxid, name)
		require.Equal(t, c.r.Session, e.Header.ClientID, name)
		require.EqualValues(t, 6, e.Header.Cxid, name)
		if c.want == jute.OK {
			require.Equal(t, c.r.Type, e.Header.Type, name)
		}
		opened := 0
		if name == "new" {
			opened = 1
			require.Equal(t, link, ch.sessions.Find(98).Owner)
			require.EqualValues(t, 4000, ch.sessions.Find(98).TimeoutMillis)
		}
		require.Equal(t, before+opened, ch.sessions.Len(), name)
		ch.Committed(e.Header.Zxid)
		w.drain()
		require.Zero(t, ch.InFlight(), name)
		require.Zero(t, w.tree.Faults(), name)
	}
}

// The session of a client that moves from a learner to the leader has a write in flight there. The
// client is answered when that write is applied, not before, and then it sees it. Later requests
// that come by the learner are refused.
func TestAClientMovesToTheLeader(t *testing.T) {
	w := testWorld(t, 1)
	c, made, _ := testChain(t, w, Rules{})
	const id, other = 21, 22
	c.sessions.Open(id, 4000, link)
	c.sessions.Open(other, 4000, link)
	c.LearnerRequest(link, &jute.LearnerRequest{Session: id, Cxid: 1, Type: jute.OpSetData,
		Body: jute.Append(nil, &jute.SetDataRequest{Path: []byte("/big"), Version: -1})})
	s, free := w.open(), w.open()
	s.Owner, free.Owner = 7, 8
	c.Requests(&mail.Batch{Requests: []mail.Request{connect(s, id), connect(free, other)}})
	w.drain()
	require.EqualValues(t, other, free.granted(t), "it has nothing in flight")
	require.Empty(t, s.out)
	c.LearnerRequest(link, &jute.LearnerRequest{Session: id, Cxid: 2, Type: jute.OpDelete,
		Body: jute.Append(nil, &jute.PathVersion{Path: []byte("/list"), Version: -1})})
	require.Equal(t, jute.SessionMoved, code(t, &(*made)[1]))
	again := w.open()
	again.Owner = 9
	c.Requests(&mail.Batch{Requests: []mail.Request{connect(again, id)}})
	w.drain()
	require.True(t, s.closed)
	require.Empty(t, again.out)
	c.Committed((*made)[0].Header.Zxid)
	w.drain()
	require.EqualValues(t, id, again.granted(t))
	require.Equal(t, 1, s.answered)
	require.Empty(t, c.commit.granted)
	s = w.open()
	s.Owner = 10
	c.Requests(&mail.Batch{Requests: []mail.Request{connect(s, id)}})
	w.drain()
	require.EqualValues(t, id, s.granted(t), "nothing of it is in flight any more")
}

// A client that moves from the leader to a learner leaves a connection that ends, and whose
// requests do nothing any more.
func TestAClientMovesToALearner(t *testing.T) {
	w := testWorld(t, 1)
	c, made, own := testChain(t, w, Rules{})
	s := w.open()
	c.Requests(&mail.Batch{Requests: []mail.Request{connect(s, own.ID)}})
	require.False(t, c.Revalidate(link, jute.SessionTimeout{Session: 99, TimeOut: 1}))
	require.True(t, c.Revalidate(link, jute.SessionTimeout{Session: own.ID, TimeOut: 5000}))
	w.drain()
	require.True(t, s.closed)
	c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1)}})
	w.drain()
	require.Empty(t, *made)
	require.Equal(t, 2, s.answered)
	require.Equal(t, link, own.Owner)
	require.True(t, c.Revalidate(link+1, jute.SessionTimeout{Session: own.ID, TimeOut: 5000}))
	own.Closing = true
	require.False(t, c.Revalidate(link, jute.SessionTimeout{Session: own.ID, TimeOut: 5000}))
}

// The sessions of learners live as long as the learners say, and not longer.
func TestALearnersSessionIsTouched(t *testing.T) {
	w := testWorld(t, 1)
	c, _, own := testChain(t, w, Rules{})
	c.Revalidate(link, jute.SessionTimeout{Session: own.ID, TimeOut: 4000})
	for now := int64(1001); now < 20_000; now += 1000 {
		c.Time(now, now)
		expired, _ := c.sessions.Tick(now, 1000, nil)
		require.Empty(t, expired, now)
		c.Touch(link, jute.SessionTimeout{Session: own.ID, TimeOut: 4000})
	}
	expired, _ := c.sessions.Tick(25_000, 5000, nil)
	require.Len(t, expired, 1)
}

// TestALearnerWhoseLinkIsGoneKeepsNobodySilent: its late question took the session from the learner
// that has the client. That one's word counts again when the link has ended (seed 90001115 of the
// simulator).
func TestALearnerWhoseLinkIsGoneKeepsNobodySilent(t *testing.T) {
	w := testWorld(t, 1)
	c, _, own := testChain(t, w, Rules{})
	news := jute.SessionTimeout{Session: own.ID, TimeOut: 4000}
	c.Revalidate(link, news)
	c.Revalidate(link+1, news)
	c.LinkGone(link + 1)
	news.TimeOut = 8000
	c.Touch(link, news)
	for now := int64(6000); now < 40_000; now += 6000 {
		c.Time(now, now)
		expired, _ := c.sessions.Tick(now, 6000, nil)
		require.Empty(t, expired, "its timeout is longer, %d", now)
		c.Touch(link, news)
	}
}

// TestAConnectionThatAskedLateKeepsNobodySilent: a client gives up at the leader and gets its
// session at a learner, and then its first request is read. The learner's word is a sign of life, and
// its timeout counts when that connection is closed.
func TestAConnectionThatAskedLateKeepsNobodySilent(t *testing.T) {
	w := testWorld(t, 1)
	c, _, own := testChain(t, w, Rules{})
	news := jute.SessionTimeout{Session: own.ID, TimeOut: 4000}
	require.True(t, c.Revalidate(link, news))
	late := w.open()
	late.Owner = 7
	c.Requests(&mail.Batch{Requests: []mail.Request{connect(late, own.ID)}})
	w.drain()
	before := c.sessions.Deadlines()
	c.Time(2000, 2000)
	news.TimeOut += 1000
	c.Touch(link, news)
	require.Equal(t, before[0].InMillis+2000, c.sessions.Deadlines()[0].InMillis)
	w.close(late)
	c.Touch(link, news)
	require.Equal(t, before[0].InMillis+3000, c.sessions.Deadlines()[0].InMillis)
	require.EqualValues(t, 7, own.Owner)
}

// TestASilentConnectionOfALeaderEnds: the network swallowed the end of a connection that has asked
// late for a session, and its client goes on at the learner. The session lives, and the connection
// does not cost a descriptor for as long as that.
func TestASilentConnectionOfALeaderEnds(t *testing.T) {
	w := testWorld(t, 1)
	c, made, own := testChain(t, w, Rules{})
	news := jute.SessionTimeout{Session: own.ID, TimeOut: 4000}
	require.True(t, c.Revalidate(link, news))
	late := w.open()
	late.Owner = 7
	c.Requests(&mail.Batch{Requests: []mail.Request{connect(late, own.ID)}})
	for now := int64(500); now < 12_000; now += 500 {
		c.Time(now, now)
		c.Touch(link, news)
		expired, _ := c.Tick(500, nil)
		require.Empty(t, expired)
		w.drain()
		if now < 5000 {
			require.False(t, late.closed, now)
		}
	}
	require.True(t, late.closed)
	require.Empty(t, *made)
	require.Empty(t, c.final.attached)
}

// The new leader gives each session its full timeout, and ends the sessions of ephemerals that
// nobody knows by transactions, so that all members do the same.
func TestANewLeaderEndsOrphans(t *testing.T) {
	w := testWorld(t, 1)
	c, made, known := testChain(t, w, Rules{})
	for i, owner := range []jute.SessionID{known.ID, 77, 66} {
		path := []byte("/list/" + string(rune('a'+i)))
		c.Proposed(entry(jute.Zxid(10+i), owner, 0, jute.OpCreate, &jute.CreateTxn{
			Path: path, ACL: anyone(), Ephemeral: true, ParentCVersion: -1,
		}))
	}
	c.Committed(12)
	known.Committed = true
	c.Leave()
	c.Time(50_000, 50_000)
	c.Lead(1 << 32)
	require.Len(t, *made, 2)
	require.Equal(t, jute.SessionID(66), (*made)[0].Header.ClientID, "in order")
	require.Equal(t, jute.Zxid(1<<32|1), (*made)[0].Header.Zxid)
	c.Committed(1<<32 | 2)
	require.Equal(t, []jute.SessionID{known.ID}, w.tree.Sessions())
	expired, _ := c.sessions.Tick(53_000, 53_000, nil)
	require.Empty(t, expired)
	require.Panics(t, func() { c.Follow() }, "the reign is not left")
	c.Resign()
	c.Lead(2 << 32)
	require.Len(t, *made, 2, "the next epoch of a server alone begins nothing anew")
}

// A reign begins over a tree that holds all that was proposed.
func TestAReignBeginsWithNothingInFlight(t *testing.T) {
	w := testWorld(t, 1)
	c, _, _ := testChain(t, w, Rules{})
	c.Leave()
	c.Proposed(entry(9, 1, 1, jute.OpSetData, put("/big")))
	require.Panics(t, func() { c.Lead(1 << 32) })
}
