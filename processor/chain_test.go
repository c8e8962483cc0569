package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/prep"
	"quoll/processor/session"
	"quoll/processor/throttle"
)

// proposals keeps what is proposed.
type proposals []jute.Entry

func (p *proposals) Propose(e jute.Entry) { *p = append(*p, e) }
func (p *proposals) Sync() bool           { return false }

func (p *proposals) Forward(*jute.LearnerRequest)   { panic("it leads") }
func (p *proposals) Revalidate(jute.SessionTimeout) { panic("it leads") }

func testChain(t *testing.T, w *world, rules Rules) (*Chain, *proposals, *session.Session) {
	table := session.NewTable(1000, 0, 1, 1)
	table.Lead(1)
	s := table.Create(4000, 1, nil)
	rules.Prep.Auth, rules.MaxApplyBatch = w.auth, 4
	made := new(proposals)
	c := NewChain(rules, w.tree, table, w.conns, made, Hooks{})
	c.Lead(w.tree.Peek().LastZxid())
	c.Serve()
	return c, made, s
}

func setting(s *client, id jute.SessionID, size int) mail.Request {
	body := jute.Append(nil, &jute.SetDataRequest{
		Path: []byte("/big"), Data: make([]byte, size), Version: -1,
	})
	return mail.Request{
		Conn: &s.Conn, Session: id, Type: jute.OpSetData, Body: body, Identity: auth.Server(),
	}
}

// While something is always in flight, the queue of writes is seldom compacted. It must not keep
// the entries that were applied.
func TestWhatIsAppliedIsForgotten(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, made, own := testChain(t, w, Rules{})
	for range 10 {
		c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 100), setting(s, own.ID, 100)}})
		c.Committed((*made)[len(*made)-2].Header.Zxid)
		require.Equal(t, 1, c.InFlight())
		c.Committed((*made)[len(*made)-1].Header.Zxid - 1)
	}
	for i := range c.commit.flights.head {
		require.Nil(t, c.commit.flights.all[i].request.Body, i)
	}
	for i := range c.commit.proposed.head {
		require.Nil(t, c.commit.proposed.all[i].entry.Payload, i)
	}
}

// A request that has waited too long in front of Prep may be refused, but not a ping or a
// closeSession (Request.isThrottlable): a session must be able to live and to end.
func TestAThrottledSessionCanEnd(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, made, own := testChain(t, w, Rules{
		Throttle: throttle.Rules{MaxRequests: 1, OpWaitMillis: 50},
	})
	closing := mail.Request{
		Conn: &s.Conn, Session: own.ID, Type: jute.OpCloseSession, Identity: auth.Server(),
	}
	ping := closing
	ping.Type, ping.Xid = jute.OpPing, jute.XidPing
	c.Time(0, 1)
	c.Requests(&mail.Batch{Requests: []mail.Request{
		setting(s, own.ID, 1), setting(s, own.ID, 2), ping, closing,
	}})
	require.Len(t, *made, 1, "the others wait")
	c.Time(1000, 7001)
	c.Committed((*made)[0].Header.Zxid)
	require.Len(t, *made, 2)
	require.Equal(t, jute.OpCloseSession, (*made)[1].Header.Type, "the second set is refused")
	require.Equal(t, int64(1), c.rules.Counts.ThrottleWaits.Load())
	require.Equal(t, int64(1), c.rules.Counts.ThrottledOps.Load())
	require.Equal(t, int64(7001), (*made)[1].Header.Time, "when it is made, not when it came")
}

// The tree's lock is given back when enough replies were built, however few transactions that took.
func TestRepliesBehindAWriteEndAHold(t *testing.T) {
	const size = 700 << 10
	w := testWorld(t, size)
	s := w.open()
	c, made, own := testChain(t, w, Rules{})
	var batch []mail.Request
	for range 3 {
		batch = append(batch, setting(s, own.ID, size), mail.Request{
			Conn: &s.Conn, Session: own.ID, Type: jute.OpGetData, Identity: auth.Server(),
			Body: jute.Append(nil, &jute.PathWatch{Path: []byte("/big")}),
		})
	}
	c.Requests(&mail.Batch{Requests: batch})
	c.Committed((*made)[2].Header.Zxid)
	require.Len(t, w.box.Take(nil), 2, "two reads passed the limit, and one was left")
	require.Zero(t, c.InFlight())
	require.Equal(t, datatree.Faults{}, w.tree.Faults())
}

// Apache cannot read a longer record from its log. A write that would become one is refused, alone
// and in a multi, and leaves nothing behind in the journal.
func TestATransactionMustBeReadable(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	rules := Rules{Prep: prep.Rules{MaxTxnBytes: 1000, Digest: false}}
	c, made, own := testChain(t, w, rules)
	multi := setting(s, own.ID, 0)
	var ask jute.MultiRequest
	for range 5 {
		ask.Ops = append(ask.Ops, jute.MultiOp{
			MultiHeader: jute.MultiHeader{Type: jute.OpSetData, Err: -1},
			Set:         &jute.SetDataRequest{Path: []byte("/big"), Data: make([]byte, 300), Version: -1},
		})
	}
	multi.Type, multi.Body = jute.OpMulti, jute.Append(nil, &ask)
	c.Requests(&mail.Batch{Requests: []mail.Request{
		setting(s, own.ID, 2000), multi, setting(s, own.ID, 500),
	}})
	require.Len(t, *made, 3)
	require.Equal(t, jute.OpError, (*made)[0].Header.Type)
	require.Equal(t, int64(2), c.rules.Counts.LongRefused.Load())
	for _, e := range *made {
		require.LessOrEqual(t, len(e.Payload), 1000)
	}
	var last jute.SetDataRequest
	_, err := jute.Decode((*made)[2].Body, &last)
	require.NoError(t, err)
	require.Equal(t, int32(1), last.Version, "the journal knows nothing of the refused ones")
	c.Committed((*made)[2].Header.Zxid)
	require.Equal(t, datatree.Faults{}, w.tree.Faults())
}

// A client that is sent away for quoll.maxSessions sees a session that is gone, as it would for one
// that expired: the count tells the two apart.
func TestRefusedSessionsAreCounted(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, made, own := testChain(t, w, Rules{MaxSessions: 1})
	asking := mail.Request{
		Conn: &s.Conn, Type: jute.OpCreateSession, Identity: auth.Server(),
		Connect: &jute.ConnectRequest{TimeOut: 4000, Passwd: make([]byte, 16)},
	}
	again := asking
	again.Connect = &jute.ConnectRequest{
		TimeOut: 4000, SessionID: own.ID, Passwd: make([]byte, 16), // of nobody
	}
	c.Requests(&mail.Batch{Requests: []mail.Request{asking, again}})
	require.Empty(t, *made)
	require.Equal(t, int64(1), c.rules.Counts.SessionsRefused.Load())
	require.Equal(t, int64(1), c.rules.Counts.Revalidated.Load())
}
