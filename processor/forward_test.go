package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/prep"
	"quoll/processor/session"
)

// elsewhere is a leader that is another server. It keeps what it is asked.
type elsewhere struct {
	forwarded   []jute.LearnerRequest
	syncs       int
	revalidated []jute.SessionTimeout
	asked       []string // all of it in order
}

func (l *elsewhere) Propose(jute.Entry) { panic("a learner proposes nothing") }

func (l *elsewhere) Forward(r *jute.LearnerRequest) {
	l.forwarded = append(l.forwarded, *r)
	l.asked = append(l.asked, r.Type.String())
}

func (l *elsewhere) Sync() bool {
	l.syncs++
	l.asked = append(l.asked, "sync")
	return true
}

func (l *elsewhere) Revalidate(s jute.SessionTimeout) {
	l.revalidated = append(l.revalidated, s)
	l.asked = append(l.asked, "revalidate")
}

// learner is a chain that follows, with a session of one connection.
type learner struct {
	*world
	t      *testing.T
	c      *Chain
	leader *elsewhere
	zxid   jute.Zxid
}

func testLearner(t *testing.T, rules Rules) *learner {
	w := testWorld(t, 1)
	rules.Prep.Auth, rules.MaxApplyBatch = w.auth, 4
	l := &learner{world: w, t: t, leader: new(elsewhere), zxid: 100}
	l.c = NewChain(rules, w.tree, session.NewTable(1000, 3, 1, 1), w.conns, l.leader, Hooks{})
	l.c.Time(1, 1)
	l.c.Follow()
	l.c.Serve()
	return l
}

func (l *learner) ask(requests ...mail.Request) {
	l.c.Requests(&mail.Batch{Requests: requests})
	l.drain()
}

// commit commits an entry that the leader makes.
func (l *learner) commit(s jute.SessionID, cxid int32, as jute.OpCode, txn jute.Record) {
	l.zxid++
	l.c.Proposed(entry(l.zxid, s, cxid, as, txn))
	l.c.Committed(l.zxid)
	l.drain()
}

// connected opens a session on a new connection, whose number is the owner.
func (l *learner) connected(owner session.Owner) (*client, jute.SessionID) {
	s := l.open()
	s.Owner = owner
	l.ask(connect(s, 0))
	last := l.leader.forwarded[len(l.leader.forwarded)-1]
	l.commit(last.Session, 0, jute.OpCreateSession, &jute.CreateSessionTxn{TimeOut: 4000})
	s.out = nil
	return s, last.Session
}

// connect asks for a session: a new one when the id is 0.
func connect(s *client, id jute.SessionID) mail.Request {
	password := session.Password(id)
	return mail.Request{
		Conn: &s.Conn, Session: id, Type: jute.OpCreateSession, Identity: s.Identity.Load(),
		Connect: &jute.ConnectRequest{
			SessionID: id, TimeOut: 4000, Passwd: password[:], HasReadOnly: true,
		},
	}
}

// granted is the session of the connect response that came, 0 for a refusal.
func (s *client) granted(t *testing.T) jute.SessionID {
	var r jute.ConnectResponse
	_, err := jute.Decode(s.out[4:], &r)
	require.NoError(t, err)
	return r.SessionID
}

// What Apache's learner sends when a session begins and ends, and for a write.
func TestWhatALearnerForwards(t *testing.T) {
	l := testLearner(t, Rules{})
	s := l.open()
	l.ask(connect(s, 0))
	opened := l.leader.forwarded[0]
	id := opened.Session
	require.Equal(t, uint64(3), uint64(id)>>56, "its own id in the high byte")
	require.Equal(t, jute.LearnerRequest{
		Session: id, Type: jute.OpCreateSession, Body: []byte{0, 0, 4000 >> 8, 4000 & 0xff},
	}, opened)
	require.Empty(t, s.out)
	l.commit(id, 0, jute.OpCreateSession, &jute.CreateSessionTxn{TimeOut: 4000})
	require.Equal(t, id, s.granted(t))
	require.True(t, l.c.sessions.Find(id).Committed)

	identity := auth.Of([]jute.ID{{Scheme: "z", ID: "2"}, {Scheme: "a", ID: "1"}})
	write := setting(s, id, 1)
	write.Xid, write.Identity = 7, identity
	last := mail.Request{
		Conn: &s.Conn, Session: id, Type: jute.OpCloseSession, Xid: 8, Identity: identity,
		Body: []byte("ignored"),
	}
	l.ask(write, last)
	require.Equal(t, []jute.LearnerRequest{
		{Session: id, Cxid: 7, Type: jute.OpSetData, Body: write.Body, IDs: identity.IDs()},
		{Session: id, Cxid: 8, Type: jute.OpCloseSession, IDs: identity.IDs()},
	}, l.leader.forwarded[1:])
	s.out = nil
	l.ask(asking(s, id, 9, jute.OpExists), setting(s, id, 1))
	require.Len(t, l.leader.forwarded, 3, "the session closes: nothing behind it goes on")
	require.Equal(t, 3, s.answered)
	l.commit(id, 7, jute.OpError, &jute.ErrorResponse{Err: jute.NoAuth})
	l.commit(id, 8, jute.OpCloseSession, &jute.CloseSessionTxn{})
	require.Equal(t, []int32{7, 8}, s.xids())
	require.True(t, s.closed)
	require.Nil(t, l.c.sessions.Find(id))
}

// An Apache leader that cannot read a write commits nothing any more. The learner answers it
// itself, at its place.
func TestAWriteThatCannotBeReadIsNotForwarded(t *testing.T) {
	l := testLearner(t, Rules{})
	s, id := l.connected(1)
	sent := len(l.leader.forwarded)
	good, bad := setting(s, id, 1), setting(s, id, 1)
	good.Xid, bad.Xid, bad.Body = 1, 2, []byte{1}
	l.ask(bad)
	require.Equal(t, []int32{2}, s.xids())
	l.ask(good, bad)
	require.Equal(t, []int32{2}, s.xids())
	l.commit(id, 1, jute.OpSetData, put("/big"))
	require.Equal(t, []int32{2, 1, 2}, s.xids())
	require.Len(t, l.leader.forwarded, sent+1)
	var h jute.ReplyHeader
	_, err := jute.Decode(s.out[4:], &h)
	require.NoError(t, err)
	require.Equal(t, jute.MarshallingError, h.Err)
}

// enableEagerACLCheck is for the server that has the client.
func TestALearnerRefusesEarly(t *testing.T) {
	l := testLearner(t, Rules{Prep: prep.Rules{EagerACLCheck: true}})
	s, id := l.connected(1)
	sent := len(l.leader.forwarded)
	l.commit(0, 0, jute.OpSetACL, &jute.SetACLRequest{
		Path: []byte("/big"), Version: 1,
		ACL: []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "ip", ID: "10.9.9.9"}}},
	})
	write := setting(s, id, 1)
	write.Identity = auth.Nobody()
	l.ask(write)
	require.Len(t, l.leader.forwarded, sent)
	require.Equal(t, []int32{0}, s.xids())
}

// A leader that answers a createSession by an error gives no session.
func TestASessionThatTheLeaderRefuses(t *testing.T) {
	l := testLearner(t, Rules{})
	s := l.open()
	l.ask(connect(s, 0))
	id := l.leader.forwarded[0].Session
	l.commit(id, 0, jute.OpError, &jute.ErrorResponse{Err: jute.SessionExpired})
	require.Zero(t, s.granted(t))
	require.True(t, s.closed)
	require.Nil(t, l.c.sessions.Find(id))
	require.Empty(t, l.c.final.attached)
}

// A client that comes back gets its session when the leader has said that it lives, and when a sync
// behind that has been answered. One sync serves all that asked together. Both answers may come
// first.
func TestAConnectWaitsForTheLeader(t *testing.T) {
	const one, two, three, gone = 11, 12, 13, 14
	for _, syncedFirst := range []bool{false, true} {
		l := testLearner(t, Rules{})
		for _, id := range []jute.SessionID{one, two} {
			l.c.sessions.Restore(id, 3000)
		}
		a, b, d, e := l.open(), l.open(), l.open(), l.open()
		wrong := connect(l.open(), three)
		wrong.Connect.Passwd = make([]byte, 16)
		l.ask(connect(a, one), connect(b, two), wrong, connect(d, three), connect(e, gone))
		require.Equal(t, []string{"revalidate", "revalidate", "revalidate", "revalidate", "sync"},
			l.leader.asked)
		require.Equal(t, jute.SessionTimeout{Session: two, TimeOut: 4000}, l.leader.revalidated[1])
		answer := []func(){
			func() {
				l.c.Revalidated(one, true)
				l.c.Revalidated(gone, false)
				l.c.Revalidated(three, true)
				l.c.Revalidated(two, true)
				l.c.Revalidated(two, true)
				l.c.Revalidated(99, true)
			},
			func() {
				l.commit(0, 0, jute.OpSetData, put("/big"))
				l.c.Synced()
			},
		}
		if syncedFirst {
			answer[0], answer[1] = answer[1], answer[0]
		}
		answer[0]()
		l.drain()
		require.Empty(t, append(a.out, b.out...))
		answer[1]()
		l.drain()
		require.EqualValues(t, one, a.granted(t))
		require.EqualValues(t, two, b.granted(t))
		require.Zero(t, d.granted(t), "its createSession did not come by the sync: it has ended")
		require.Zero(t, e.granted(t))
		require.EqualValues(t, 4000, l.c.sessions.Find(one).TimeoutMillis)
		require.Empty(t, l.c.asked.of)
		l.c.Synced()
	}
}

// Of two connections that ask for one session at once the second one has it in the end. Neither
// waits for ever.
func TestTwoConnectionsAskForOneSession(t *testing.T) {
	l := testLearner(t, Rules{})
	old, id := l.connected(1)
	write := setting(old, id, 1)
	write.Xid = 1
	l.ask(write)
	a, b := l.open(), l.open()
	a.Owner, b.Owner = 2, 3
	l.ask(connect(a, id))
	require.True(t, old.closed)
	sent := len(l.leader.forwarded)
	l.ask(write)
	require.Len(t, l.leader.forwarded, sent, "the old connection sends nothing more")
	l.ask(connect(b, id))
	require.False(t, a.closed, "it may still be refused")
	l.c.Revalidated(id, true)
	l.c.Synced()
	l.drain()
	require.Empty(t, a.out, "the old connection's write is not back")
	l.commit(id, 1, jute.OpSetData, put("/big"))
	require.Equal(t, id, a.granted(t))
	again := write
	again.Conn = &a.Conn
	l.c.Revalidated(id, true)
	l.ask(again)
	require.Len(t, l.leader.forwarded, sent+1, "it is a's until b has it")
	l.c.Synced()
	l.drain()
	require.True(t, a.closed)
	require.Empty(t, b.out, "the write of a is not back")
	l.commit(id, 1, jute.OpSetData, put("/big"))
	require.Equal(t, id, b.granted(t))
	require.Equal(t, &b.Conn, l.c.final.attached[id])
	require.Equal(t, session.Owner(3), l.c.sessions.Find(id).Owner)
}

// A session that its client ends while another connection has asked for it is over for both, even
// if the leader has said that it lives.
func TestASessionEndsBetweenTwoAnswers(t *testing.T) {
	l := testLearner(t, Rules{})
	_, id := l.connected(1)
	a, b := l.open(), l.open()
	a.Owner, b.Owner = 2, 3
	l.ask(connect(a, id))
	l.ask(connect(b, id))
	l.c.Revalidated(id, true)
	l.c.Synced()
	l.c.Revalidated(id, true)
	l.ask(mail.Request{Conn: &a.Conn, Session: id, Type: jute.OpCloseSession, Xid: 1, Identity: serverIdentity})
	l.c.Synced()
	l.drain()
	require.Zero(t, b.granted(t))
	l.commit(id, 1, jute.OpCloseSession, &jute.CloseSessionTxn{})
	require.True(t, a.closed)
	require.Len(t, a.xids(), 2)
}

// When a session ends for its client's request, a connection that has it by now ends too.
func TestAnEndEndsTheNewerConnection(t *testing.T) {
	l := testLearner(t, Rules{})
	a, id := l.connected(1)
	l.ask(mail.Request{
		Conn: &a.Conn, Session: id, Type: jute.OpCloseSession, Xid: 1, Identity: serverIdentity,
	})
	b := l.open()
	l.c.final.attached[id] = &b.Conn
	l.commit(id, 1, jute.OpCloseSession, &jute.CloseSessionTxn{})
	require.Equal(t, []int32{1}, a.xids())
	require.True(t, b.closed)
}

// The leader's ping asks for the sessions that were heard here since the last one.
func TestSessionsThatWereHeard(t *testing.T) {
	l := testLearner(t, Rules{})
	s, id := l.connected(1)
	require.Empty(t, l.c.Heard(nil))
	s.Heard.Store(5)
	require.Equal(t, []jute.SessionTimeout{{Session: id, TimeOut: 4000}}, l.c.Heard(nil))
	require.Empty(t, l.c.Heard(nil))
}

// TestAnAnswerThatTheLeaderTakes: the leader takes no packet beyond jute.maxbuffer and its
// extrasize. More sessions than that has room for are told with the next ping.
func TestAnAnswerThatTheLeaderTakes(t *testing.T) {
	l := testLearner(t, Rules{Prep: prep.Rules{MaxTxnBytes: 3*jute.SessionTimeoutBytes + 1}})
	for i := range 5 {
		s, _ := l.connected(session.Owner(i + 1))
		s.Heard.Store(5)
	}
	require.Len(t, l.c.Heard(nil), 3)
	require.Len(t, l.c.Heard(nil), 2)
	require.Empty(t, l.c.Heard(nil))
}

// TestASilentConnectionEnds: the network swallowed the end of a connection, and its client went on
// elsewhere, so the session never ends (seed 95000193 of the simulator).
func TestASilentConnectionEnds(t *testing.T) {
	l := testLearner(t, Rules{})
	silent, id := l.connected(1)
	alive, _ := l.connected(2)
	for now := int64(501); now < 7000; now += 500 {
		l.c.Time(now, now)
		l.c.sessions.Tick(now, 500, nil)
		alive.Heard.Store(now)
		l.c.Heard(nil)
		l.drain()
		require.Equal(t, now > 5000, silent.closed, now)
	}
	require.False(t, alive.closed)
	require.NotNil(t, l.c.sessions.Find(id), "the leader alone ends sessions")
}

// TestAPingDoesNotTakeATimeoutBack: a PING that leaves behind the question for a session says the
// timeout of the question, although there is no answer yet (seeds 80060323 and 80073085 of the
// simulator).
func TestAPingDoesNotTakeATimeoutBack(t *testing.T) {
	l := testLearner(t, Rules{})
	s, id := l.connected(1)
	s.Heard.Store(5)
	again := connect(l.open(), id)
	again.Connect.TimeOut = 9000
	l.ask(again)
	require.Equal(t, []jute.SessionTimeout{{Session: id, TimeOut: 9000}}, l.c.Heard(nil))
}
