package cursor_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/cursor"
	"quoll/quorum/zab/history"
)

func z(epoch, counter int) jute.Zxid { return jute.Zxid(epoch)<<32 | jute.Zxid(counter) }

func entry(zxid jute.Zxid) jute.Entry {
	return jute.Entry{Header: jute.TxnHeader{Zxid: zxid}, Payload: make([]byte, 10)}
}

// taker notes what is sent, and is full when it was sent so many packets.
type taker struct {
	sent []string
	room int
}

func (k *taker) Full() bool { return k.room <= 0 }

func (k *taker) Send(t ensemble.PacketType, zxid jute.Zxid, _ []byte) {
	k.sent = append(k.sent, fmt.Sprintf("%v %d:%d", t, zxid.Epoch(), zxid.Counter()))
	k.room--
}

func (k *taker) took() string {
	s := strings.Join(k.sent, ", ")
	k.sent, k.room = nil, 1000
	return s
}

// leaderLog makes a log of which only what is above a place is in memory.
func leaderLog(before jute.Zxid, zxids ...jute.Zxid) *cursor.Log {
	h := history.New(history.Limits{Entries: 100, Bytes: 1 << 20}, before)
	for _, zxid := range zxids {
		h.Append(entry(zxid))
	}
	return &cursor.Log{History: h, Committed: h.Last(), Durable: h.Last()}
}

func TestSyncsStandAtTheirPlace(t *testing.T) {
	var out effects.Pending
	l := leaderLog(0, z(1, 1), z(1, 2), z(1, 3))
	l.Committed = 0
	c, to := cursor.Cursor{}, &taker{room: 1000}
	c.Begin(0, z(1, 3), false)
	require.NoError(t, c.Feed(l, to, &out, 0))
	require.Equal(t, "PROPOSAL 1:1, PROPOSAL 1:2, PROPOSAL 1:3", to.took())
	c.Sync(z(1, 1), to)
	c.Sync(z(1, 2), to)
	c.Sync(z(1, 2), to)
	require.Empty(t, to.took())
	l.Committed = z(1, 3)
	require.NoError(t, c.Feed(l, to, &out, 0))
	require.Equal(t, "COMMIT 1:1, SYNC 0:0, COMMIT 1:2, SYNC 0:0, SYNC 0:0, COMMIT 1:3", to.took())
	c.Sync(z(1, 3), to)
	require.Equal(t, "SYNC 0:0", to.took())
	require.Equal(t, z(1, 3), c.Told())
}

func TestAcksComeInOrder(t *testing.T) {
	var out effects.Pending
	l := leaderLog(0, z(1, 1), z(1, 2), z(1, 3), z(1, 4))
	l.Committed = z(1, 1)
	c, to := cursor.Cursor{}, &taker{room: 1000}
	c.Begin(0, z(1, 4), false)
	require.NoError(t, c.Feed(l, to, &out, 0))
	l.Committed = z(1, 2)
	require.NoError(t, c.Feed(l, to, &out, 0))
	require.True(t, c.AtGoal())
	c.Enter()
	c.Serve(5 * time.Second)
	require.Equal(t, 2*time.Second, c.Late(7*time.Second))
	for _, wrong := range []jute.Zxid{0, z(1, 1), z(1, 2), z(1, 4), z(1, 5), z(2, 3)} {
		require.False(t, c.Ack(wrong, 0), "%v", wrong)
	}
	require.Zero(t, c.Acked())
	require.True(t, c.Ack(z(1, 3), 8*time.Second))
	require.False(t, c.Ack(z(1, 3), 8*time.Second), "twice")
	require.Equal(t, time.Second, c.Late(9*time.Second), "1:4 is late")
	require.True(t, c.Ack(z(1, 4), 9*time.Second))
	require.Zero(t, c.Late(99*time.Second))
	require.False(t, c.Ack(z(1, 5), 0), "it was not sent")
	next, owed := c.Expects()
	require.Equal(t, []jute.Zxid{z(1, 5), z(1, 4)}, []jute.Zxid{next, owed})
	l.History.Append(entry(z(1, 5)))
	require.NoError(t, c.Feed(l, to, &out, 100*time.Second))
	require.Equal(t, time.Second, c.Late(101*time.Second))
	require.True(t, c.Ack(z(1, 5), 0))
}

// TestNewTransactionsDoNotExcuseALearner: it is late by the oldest one that it owes.
func TestNewTransactionsDoNotExcuseALearner(t *testing.T) {
	var out effects.Pending
	l := leaderLog(0, z(1, 1))
	c, to := cursor.Cursor{}, &taker{room: 1000}
	c.Begin(z(1, 1), z(1, 1), false)
	c.Enter()
	for at := range 5 {
		l.History.Append(entry(z(1, 2+at)))
		require.NoError(t, c.Feed(l, to, &out, time.Duration(at)*time.Second))
	}
	require.Equal(t, 6*time.Second, c.Late(6*time.Second))
}

// TestTheLogIsReadInChunks: from what is not in memory to what is, also when the memory runs away
// meanwhile.
func TestTheLogIsReadInChunks(t *testing.T) {
	var out effects.Pending
	l := leaderLog(z(2, 2), z(2, 3))
	c, to := cursor.Cursor{}, &taker{room: 1000}
	c.Begin(z(1, 1), z(2, 3), false)
	feed := func() []effects.Job {
		require.NoError(t, c.Feed(l, to, &out, 0))
		return out.Take().Jobs
	}
	require.Equal(t, []effects.Job{{Kind: effects.ReadLog, Generation: 1, From: z(1, 1),
		UpTo: z(2, 3)}}, feed())
	require.Empty(t, feed(), "it is asked once")
	require.False(t, c.Reads(0))
	require.True(t, c.Reads(1))
	require.NoError(t, c.Answered(&effects.JobDone{Generation: 1, Size: 100}))
	more := []effects.Job{{Kind: effects.ReadMore, Generation: 1, Bytes: 1 << 20}}
	require.Equal(t, more, feed())
	require.NoError(t, c.Answered(&effects.JobDone{More: true,
		Entries: []jute.Entry{entry(z(1, 1)), entry(z(1, 2))}}))
	require.Equal(t, more, feed())
	require.Equal(t, "PROPOSAL 1:2, COMMIT 1:2", to.took())
	// 2:3 leaves the memory, and was not durable when the reading began.
	l.History = history.New(history.Limits{}, z(2, 3))
	l.History.Append(entry(z(2, 4)))
	require.NoError(t, c.Answered(&effects.JobDone{Entries: []jute.Entry{entry(z(2, 2))}}))
	l.Durable = z(2, 2)
	require.Empty(t, feed(), "nothing more is durable")
	require.True(t, c.Starves(l))
	l.Durable = z(2, 3)
	require.Equal(t, []effects.Job{{Kind: effects.ReadLog, Generation: 2, From: z(2, 2),
		UpTo: z(2, 3)}}, feed())
	require.NoError(t, c.Answered(&effects.JobDone{Size: 10}))
	feed()
	to.took()
	require.NoError(t, c.Answered(&effects.JobDone{More: true,
		Entries: []jute.Entry{entry(z(2, 2)), entry(z(2, 3))}}))
	require.Equal(t, []effects.Job{{Kind: effects.Cancel, Generation: 2}}, feed())
	require.Equal(t, "PROPOSAL 2:3, COMMIT 2:3, PROPOSAL 2:4", to.took())
}

func TestTheEndOfTheLogIsATransaction(t *testing.T) {
	l := leaderLog(z(2, 0))
	require.Zero(t, l.End(), "a snapshot and no log")
	l = leaderLog(z(2, 0), z(2, 1), z(2, 2), z(2, 3))
	l.Committed = z(2, 2)
	require.Equal(t, z(2, 2), l.End())
	l.Durable = z(2, 1)
	require.Equal(t, z(2, 1), l.End())
}

func TestAHoleInTheLog(t *testing.T) {
	var out effects.Pending
	l := leaderLog(z(1, 4), z(1, 5))
	c, to := cursor.Cursor{}, &taker{room: 1000}
	c.Begin(z(1, 1), z(1, 5), false)
	require.NoError(t, c.Feed(l, to, &out, 0))
	require.NoError(t, c.Answered(&effects.JobDone{}))
	require.NoError(t, c.Answered(&effects.JobDone{Entries: []jute.Entry{entry(z(1, 3))}}))
	require.ErrorIs(t, c.Feed(l, to, &out, 0), cursor.ErrHole)
	require.ErrorIs(t, c.Answered(&effects.JobDone{Err: effects.ErrGap}), effects.ErrGap)
	require.False(t, c.Reads(1))
}

// TestCursor feeds cursors from a log that grows, and reads what was sent as a learner would.
func TestCursor(t *testing.T) { rapid.Check(t, checkCursor) }

func checkCursor(t *rapid.T) {
	var out effects.Pending
	observer := rapid.Bool().Draw(t, "observer")
	l := leaderLog(0, z(1, 1), z(1, 2))
	l.History.Commit(z(1, 2))
	c, to := cursor.Cursor{}, &taker{}
	c.Begin(0, l.History.Last(), observer)
	entered := false
	r := reader{observer: observer}
	feed := func() {
		require.NoError(t, c.Feed(l, to, &out, 0))
		room := to.room
		r.read(t, to, l)
		to.room = room
	}
	t.Repeat(map[string]func(*rapid.T){
		"propose": func(t *rapid.T) {
			l.History.Append(entry(l.History.Last() + 1))
			feed()
		},
		"commit": func(t *rapid.T) {
			up := int64(l.History.Last() - l.Committed)
			l.Committed += jute.Zxid(rapid.Int64Range(0, up).Draw(t, "by"))
			l.History.Commit(l.Committed)
			feed()
		},
		"room": func(t *rapid.T) {
			to.room = rapid.IntRange(0, 6).Draw(t, "packets")
			feed()
		},
		"sync": func(t *rapid.T) {
			r.syncs = append(r.syncs, l.History.Last())
			c.Sync(l.History.Last(), to)
			feed()
		},
		"enter": func(t *rapid.T) {
			if !entered && c.AtGoal() {
				c.Enter()
				entered, r.entered = true, true
			}
		},
		"": func(t *rapid.T) {
			if to.room > 0 && !observer {
				require.Equal(t, l.History.Last(), c.Sent())
			}
		},
	})
}

// reader is a learner that demands the order of what comes.
type reader struct {
	observer, entered bool
	proposed, told    jute.Zxid
	syncs             []jute.Zxid
}

func (r *reader) read(t *rapid.T, to *taker, l *cursor.Log) {
	for _, packet := range to.sent {
		var kind string
		var epoch, counter int
		_, err := fmt.Sscanf(strings.ReplaceAll(packet, ":", " "), "%s %d %d", &kind, &epoch, &counter)
		require.NoError(t, err)
		zxid := z(epoch, counter)
		switch kind {
		case "PROPOSAL", "INFORM":
			require.True(t, history.Follows(r.proposed, zxid), "%s behind %v", packet, r.proposed)
			require.Equal(t, kind == "INFORM", r.observer && r.entered)
			require.True(t, !r.observer || zxid <= l.Committed, packet)
			if r.proposed = zxid; kind == "INFORM" {
				r.told = zxid
			}
		case "COMMIT":
			require.True(t, history.Follows(r.told, zxid) && zxid <= r.proposed, packet)
			require.LessOrEqual(t, zxid, l.Committed)
			r.told = zxid
		case "SYNC":
			require.NotEmpty(t, r.syncs)
			require.GreaterOrEqual(t, r.told, r.syncs[0])
			r.syncs = r.syncs[1:]
		}
		require.True(t, len(r.syncs) == 0 || kind == "SYNC" || kind == "PROPOSAL" ||
			r.told <= r.syncs[0], "%s, and a sync waits for %v", packet, r.syncs)
	}
	to.sent = nil
}
