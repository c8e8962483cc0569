package replica_test

import (
	"bytes"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/jute"
	"quoll/processor/lane"
)

// The rules of order of DESIGN.md, one test each at least. docs/track-record.md says which edited
// line makes which of them fail.

// Rule 1: replies leave in the order of the requests, whatever each request waits for.
func TestRule1RepliesLeaveInTheOrderOfRequests(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	var all []byte
	all = append(all, c.ask(jute.OpExists, get("/a"))...)
	all = append(all, c.ask(jute.OpCreate, create("/a", "", 0))...)
	all = append(all, c.ask(jute.OpPing, nil)...)
	all = append(all, c.ask(jute.OpCreate, get("/cannot be read"))...)
	all = append(all, c.ask(jute.OpGetData, get("/a"))...)
	all = append(all, c.ask(jute.OpDelete, &jute.PathVersion{Path: []byte("/no"), Version: -1})...)
	all = append(all, c.ask(jute.OpSync, &jute.PathOnly{Path: []byte("/a")})...)
	all = append(all, c.ask(jute.OpMulti, get("/cannot be read"))...)
	all = append(all, c.ask(jute.OpExists, get("/a"))...)
	c.feed(all)
	w.all()
	for _, xid := range []int32{1, 2, jute.XidPing, 4, 5, 6, 7, 8, 9} {
		r := c.reply()
		require.NotNil(t, r)
		require.Equal(t, xid, r.Xid)
	}
	require.Nil(t, c.reply())
}

// Rule 1: auth and sasl replies leave at once, and each request has the identity under which it
// was received.
func TestRule1IdentityIsThatOfTheReceipt(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	login := &jute.AuthPacket{Scheme: []byte("digest"), Auth: []byte("alice:a")}
	feed := func(p []byte) {
		c.feed(p)
		w.all()
	}
	feed(frame(&jute.RequestHeader{Xid: jute.XidAuth, Type: jute.OpAuth}, login))
	mine := create("/a", "", 0)
	mine.ACL = []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "auth"}}}
	feed(c.ask(jute.OpCreate, mine))
	c.out = nil

	other := w.connect()
	all := other.ask(jute.OpSetData, set("/a", "stranger"))
	all = append(all, frame(&jute.RequestHeader{Xid: jute.XidAuth, Type: jute.OpAuth}, login)...)
	all = append(all, other.ask(jute.OpSASL, &jute.SASLToken{Token: []byte{1}})...)
	all = append(all, other.ask(jute.OpSetData, set("/a", "alice"))...)
	other.feed(all)
	require.Equal(t, jute.XidAuth, other.reply().Xid, "before the write that waits")
	require.Equal(t, int32(2), other.reply().Xid, "sasl: likewise")
	require.Nil(t, other.reply())
	w.all()
	require.Equal(t, jute.NoAuth, other.reply().Err, "sent before the auth packet")
	require.Equal(t, jute.OK, other.reply().Err, "sent behind it")
}

// Rule 2: requests that a session sends behind a write take effect in their order, watches too.
func TestRule2AWatchIsSetAtItsPlace(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	watched := &jute.PathWatch{Path: []byte("/a"), Watch: true}
	all := c.ask(jute.OpCreate, create("/a", "0", 0))
	all = append(all, c.ask(jute.OpSetData, set("/a", "1"))...)
	all = append(all, c.ask(jute.OpGetData, watched)...)
	all = append(all, c.ask(jute.OpSetData, set("/a", "2"))...)
	all = append(all, c.ask(jute.OpGetData, get("/a"))...)
	c.feed(all)
	w.all()
	require.Equal(t, jute.Zxid(2), c.reply().Zxid)
	require.Equal(t, jute.Zxid(3), c.reply().Zxid)
	r := c.reply()
	require.Equal(t, jute.Zxid(3), r.Zxid, "the read stands between the writes")
	require.Equal(t, "1", r.data(t))
	event := c.reply()
	require.Equal(t, jute.XidNotification, event.Xid)
	require.Equal(t, jute.Zxid(4), event.Zxid, "the write before the watch does not fire it")
	require.Equal(t, jute.Zxid(4), c.reply().Zxid)
	require.Equal(t, "2", c.reply().data(t))
	require.Nil(t, c.reply())
}

// Rule 2: a read waits for writes of its own session only.
func TestRule2NoOtherSessionWaits(t *testing.T) {
	w := newWorld(t)
	writer, reader := w.connect(), w.connect()
	writer.feed(writer.ask(jute.OpCreate, create("/a", "", 0)))
	w.step()
	writer.feed(writer.ask(jute.OpExists, get("/a")))
	w.step()
	require.Nil(t, writer.reply(), "its own write is in flight")
	reader.feed(reader.ask(jute.OpExists, get("/a")))
	r := reader.reply()
	require.NotNil(t, r, "another's is not waited for")
	require.Equal(t, jute.NoNode, r.Err)
	w.flush()
	require.Equal(t, jute.OK, writer.reply().Err)
	require.Equal(t, jute.OK, writer.reply().Err)
}

// Rule 3, with a real loop beside the core: a client that can see a change has got its event
// before. Many other clients watch too, so that the core needs a while to hand out the events.
func TestRule3EventsAreThereBeforeTheChangeCanBeSeen(t *testing.T) {
	w := newWorld(t)
	writer, watcher := w.connect(), w.connect()
	writer.feed(writer.ask(jute.OpCreate, create("/a", "0", 0)))
	w.all()
	writer.out = nil
	var others []*lane.Lane
	for range 100 {
		lane, c := w.secondLane(w.connect())
		c.stream.Input(c.ask(jute.OpAddWatch, &jute.AddWatchRequest{Path: []byte("/a")}))
		others = append(others, lane)
	}

	var stop atomic.Bool
	lane, conn := w.secondLane(watcher)
	done := make(chan int)
	go func() { done <- watch(lane, conn, &stop) }()
	for range 1000 {
		writer.feed(writer.ask(jute.OpSetData, set("/a", "x")))
		w.all()
		writer.out = nil
		for _, l := range others {
			l.Drain()
		}
	}
	stop.Store(true)
	require.Zero(t, <-done, "replies that showed a change before its event")
}

// secondLane moves a client to a lane of its own, which another goroutine may turn.
func (w *world) secondLane(old *wire) (*lane.Lane, *wire) {
	lane := lane.New(w.lane.Shared, func() {})
	c := &wire{w: w}
	c.stream = lane.Open(c, netip.MustParseAddrPort("10.0.0.2:4444"))
	c.left = frame(&jute.ConnectRequest{
		TimeOut: 4000, SessionID: old.id, Passwd: old.passwd, HasReadOnly: true,
	})
	c.left = c.left[c.stream.Input(c.left):]
	lane.Turn()
	w.step()
	lane.Drain()
	c.take()
	return lane, c
}

// watch reads with a watch, over and over: the reply that shows a new version must come behind
// the event that the read before it asked for.
func watch(lane *lane.Lane, c *wire, stop *atomic.Bool) (late int) {
	var seen jute.Zxid
	armed := false
	for !stop.Load() {
		c.stream.Input(c.ask(jute.OpGetData, &jute.PathWatch{Path: []byte("/a"), Watch: true}))
		lane.Turn()
		for r := c.reply(); r != nil; r = c.reply() {
			if r.Xid == jute.XidNotification {
				armed = false
				continue
			}
			var d jute.DataStat
			_, _ = jute.Decode(r.body, &d)
			if armed && d.Stat.Mzxid > seen {
				late++
			}
			seen, armed = d.Stat.Mzxid, true
		}
	}
	return late
}

// Rule 4: no write is answered, and no read shows it, before it is durable.
func TestRule4NothingIsShownBeforeItIsDurable(t *testing.T) {
	w := newWorld(t)
	writer, reader := w.connect(), w.connect()
	reader.feed(reader.ask(jute.OpExists, &jute.PathWatch{Path: []byte("/a"), Watch: true}))
	require.Equal(t, jute.NoNode, reader.reply().Err)
	writer.feed(writer.ask(jute.OpCreate, create("/a", "", 0)))
	w.step()
	w.tick(10)
	require.Nil(t, writer.reply(), "not durable: no answer")
	require.Nil(t, reader.reply(), "not durable: no event")
	reader.feed(reader.ask(jute.OpExists, get("/a")))
	require.Equal(t, jute.NoNode, reader.reply().Err, "not durable: not shown")
	w.flush()
	require.Equal(t, jute.OK, writer.reply().Err)
	require.Equal(t, jute.XidNotification, reader.reply().Xid)
}

// Rule 5: the reply to a write has the write's own zxid, also if the write fails and if many are
// applied at once. The reply to a read has the last zxid applied at its place in the order.
func TestRule5ZxidsInABatch(t *testing.T) {
	w := newWorld(t)
	a, b := w.connect(), w.connect()
	last := jute.Zxid(2)
	for range 3 {
		all := a.ask(jute.OpCreate, create("/a", "", 0))
		all = append(all, a.ask(jute.OpExists, get("/a"))...)
		a.feed(append(all, a.ask(jute.OpDelete, &jute.PathVersion{
			Path: []byte("/a"), Version: 7, // /a never has this version
		})...))
		b.feed(append(b.ask(jute.OpSetData, set("/a", "b")), b.ask(jute.OpExists, get("/a"))...))
		w.step()
		w.flush() // all at once
		require.Equal(t, last+1, a.reply().Zxid)
		require.Equal(t, last+1, a.reply().Zxid, "the read behind the first write")
		failed := a.reply()
		require.Equal(t, last+2, failed.Zxid, "a failed write has a zxid of its own")
		require.Equal(t, jute.BadVersion, failed.Err)
		require.Equal(t, last+3, b.reply().Zxid)
		require.Equal(t, last+3, b.reply().Zxid)
		last += 3
	}
}

// slow is a connection whose client does not take its output.
type slow struct {
	*wire
	pending, again int
}

func (s *slow) Pending() int { return s.pending + len(s.out) }
func (s *slow) Again()       { s.again++ }

// Rule 6: a client that does not take its replies is not read from, and delays no other client.
func TestRule6ASlowClientIsNotReadFrom(t *testing.T) {
	w := newWorld(t)
	s := &slow{wire: &wire{w: w}}
	s.stream = w.lane.Open(s, netip.MustParseAddrPort("10.0.0.3:4444"))
	s.feed(frame(&jute.ConnectRequest{TimeOut: 4000, Passwd: make([]byte, 16)}))
	w.all()
	require.NotNil(t, s.take())

	s.pending = 1 << 20
	s.feed(s.ask(jute.OpExists, get("/")))
	require.NotEmpty(t, s.left, "the request stays where it is")
	require.NotZero(t, s.again, "and is asked for again")
	require.Nil(t, s.take())
	other := w.connect()
	other.feed(other.ask(jute.OpExists, get("/")))
	require.NotNil(t, other.reply())
	require.False(t, s.closed)

	s.pending = 0
	s.feed(nil)
	require.NotNil(t, s.take())
}

// Rule 6: a client that pipelines far more than the core takes at once is not closed. It is only
// not read from for a while.
func TestRule6ALargePipelineIsNotClosed(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	c.feed(c.ask(jute.OpCreate, create("/a", "", 0)))
	w.all()
	c.out = nil
	const sets, size = 200, 1 << 20
	data := bytes.Repeat([]byte("x"), size-100)
	request := func() []byte {
		return c.ask(jute.OpSetData, &jute.SetDataRequest{
			Path: []byte("/a"), Data: data, Version: -1,
		})
	}
	answered, sent, parked := 0, 0, 0
	for rounds := 0; answered < sets; rounds++ {
		require.Less(t, rounds, 10*sets, "it goes on")
		for sent < sets && !c.parked && len(c.left) < 2*size {
			c.feed(request())
			sent++
		}
		if c.parked {
			parked++
		}
		w.step()
		w.flush()
		if !c.parked && len(c.left) > 0 {
			c.feed(nil)
		}
		for r := c.reply(); r != nil; r = c.reply() {
			answered++
			require.Equal(t, int32(1+answered), r.Xid)
			require.Equal(t, jute.OK, r.Err)
		}
	}
	require.False(t, c.closed)
	require.NotZero(t, parked)
}

// Rule 7: each zxid is proposed once, in order. A request that cannot be decoded is answered and
// not proposed.
func TestRule7AZxidIsProposedOnce(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	before := len(w.logged)
	all := c.ask(jute.OpCreate, create("/a", "", 0))
	for _, op := range []jute.OpCode{
		jute.OpCreate, jute.OpCreate2, jute.OpCreateTTL, jute.OpCreateContainer, jute.OpDelete,
		jute.OpDeleteContainer, jute.OpSetData, jute.OpSetACL, jute.OpReconfig,
	} {
		c.xid++
		b := frame(&jute.RequestHeader{Xid: c.xid, Type: op}, &jute.PathOnly{Path: []byte("/a")})
		all = append(all, cut(b, 3)...)
	}
	c.feed(append(all, c.ask(jute.OpSetData, set("/a", "1"))...))
	w.all()
	require.Equal(t, jute.Zxid(2), c.reply().Zxid)
	for range 9 {
		r := c.reply()
		require.Equal(t, jute.MarshallingError, r.Err)
		require.Equal(t, jute.Zxid(2), r.Zxid, "the last one applied at its place")
	}
	require.Equal(t, jute.Zxid(3), c.reply().Zxid)
	require.Len(t, w.logged[before:], 2, "nothing unreadable is proposed")
	for i, e := range w.logged {
		require.Equal(t, jute.Zxid(i+1), e.Header.Zxid)
	}
}

// cut takes bytes off the end of a frame.
func cut(b []byte, n int) []byte {
	b = b[:len(b)-n]
	jute.FrameEnd(b, 0)
	return b
}

// A ticket that the log reports twice changes nothing.
func TestRule7DurableTwiceIsAppliedOnce(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	c.feed(c.ask(jute.OpCreate, create("/a", "", 2)))
	w.all()
	require.NotNil(t, c.reply())
	last := w.asked
	for range 3 {
		w.run(&replica.Events{Now: w.now, Disk: last})
	}
	require.Nil(t, c.reply())
	c.feed(c.ask(jute.OpGetChildren, get("/")))
	var names jute.Names
	_, err := jute.Decode(c.reply().body, &names)
	require.NoError(t, err)
	require.Len(t, names.Names, 2, "zookeeper and one sequential node")
}
