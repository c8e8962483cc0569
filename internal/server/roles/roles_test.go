package roles

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"quoll/internal/admin"
	"quoll/internal/metrics"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// watched is a Watch whose lines the test reads.
type watched struct {
	*Watch
	t     *testing.T
	m     *metrics.Server
	lines *observer.ObservedLogs
	now   time.Time
}

func watch(t *testing.T) *watched {
	core, lines := observer.New(zap.DebugLevel)
	w := &watched{t: t, m: metrics.NewServer(metrics.NewRegistry()), lines: lines}
	w.Watch = New(zap.New(core), 2, []jute.PeerID{1, 2, 3}, w.m)
	w.now = time.Unix(1_700_000_000, 0)
	return w
}

// look tells a status a second after the last one, and expects these lines.
func (w *watched) look(s quorum.Status, want ...string) {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	w.Look(s, w.now)
	w.Look(s, w.now) // nothing has changed
	w.expect(want...)
}

func (w *watched) expect(want ...string) {
	w.t.Helper()
	var have []string
	for _, e := range w.lines.TakeAll() {
		have = append(have, fmt.Sprint(e.Message, " ", e.ContextMap()))
	}
	require.Len(w.t, have, len(want), "%v", have)
	for i := range want {
		require.Contains(w.t, have[i], want[i])
	}
}

func learner(sid jute.PeerID, link effects.LinkID) quorum.LearnerStatus {
	return quorum.LearnerStatus{Sid: sid, Link: link}
}

// A reign: who looks, who was elected, when clients are served, which learners come.
func TestALeaderIsWatched(t *testing.T) {
	w := watch(t)
	require.Equal(t, "looking", w.Published().Mode)
	s := quorum.Status{Role: quorum.Looking, Epoch: 4, Proposed: 4<<32 | 7, Elections: 1}
	w.look(s, "looking for a leader map[current epoch:4 log up to:0x400000007 myid:2]")
	require.Nil(t, w.Published().Leads)
	s.Role, s.Leader = quorum.Leading, 2
	w.look(s, "a leader is elected map[leader:2 myid:2 this server is:leader took:1s]")
	require.Equal(t, "leading - discovery", w.Published().State)
	one, three := learner(1, 5), learner(3, 6)
	one.First, three.First, three.Observer = ensemble.PacketDiff, ensemble.PacketSnap, true
	s.Learners = []quorum.LearnerStatus{one, three}
	w.look(s)
	one.Served, one.Voter = true, true
	s.Stands, s.Epoch, s.Learners = true, 5, []quorum.LearnerStatus{one, three}
	w.look(s, "the reign stands: clients are served map[as:leader epoch:5 leader:2 "+
		"log up to:0x400000007 myid:2 since the election:2s]",
		"a learner has joined map[history went by:DIFF myid:2 observer:false server:1]")
	three.Served, s.Syncs = true, 5
	s.Learners = []quorum.LearnerStatus{one, three}
	w.look(s, "history went by:SNAP myid:2 observer:true server:3]")
	w.Logs([]replica.DiskOp{
		{DiskOp: effects.DiskOp{Entry: jute.Entry{Payload: make([]byte, 40)}}},
		{DiskOp: effects.DiskOp{Kind: effects.EnterEpoch}},
		{DiskOp: effects.DiskOp{Entry: jute.Entry{Payload: make([]byte, 30)}}},
	})
	w.look(s)
	require.Equal(t, admin.Ensemble{
		Mode: "leader", State: "leading - broadcast", Leader: 2, QuorumSize: 3,
		Leads: &admin.Reign{
			Learners: 2, SyncedFollowers: 1, SyncedObservers: 1, PendingSyncs: 5, UptimeMillis: 2000,
			Proposals: admin.ProposalSizes{Last: 30, Min: 30, Max: 40},
		},
	}, w.Published())
	one.Voter = false
	s.Learners = []quorum.LearnerStatus{one, three}
	w.look(s)
	require.Equal(t, 1, w.Published().Leads.NonVoting)
	require.EqualValues(t, 2, w.m.Ensemble.Proposals.Value())
	require.EqualValues(t, 1, w.m.Ensemble.Diffs.Value())
	require.EqualValues(t, 1, w.m.Ensemble.Snaps.Value())
	require.EqualValues(t, 1, w.m.Ensemble.Looking.Value())
	w.Gone(errors.New("of server 1"), w.now)
	w.expect("a learner is gone map[error:of server 1")
	w.Ended(errors.New("no quorum"))
	w.expect("the role has ended map[error:no quorum it served:true")
}

// A search that lasts: who cannot be reached is told, after ten seconds and then each minute.
func TestALongSearchIsTold(t *testing.T) {
	w := watch(t)
	failed := func(sid jute.PeerID, why string) {
		w.Dialled(&election.LinkEvent{Kind: election.Failed, Peer: sid, Err: errors.New(why)})
	}
	failed(1, "of an earlier search")
	s := quorum.Status{Role: quorum.Looking, Elections: 1}
	w.look(s, "looking for a leader")
	failed(3, "refused")
	failed(1, "no route")
	for range 9 {
		w.look(s)
	}
	w.look(s, "still looking for a leader map[answers:[] for:10s myid:2 "+
		"no connection to:[server 1: no route server 3: refused] no word from:[]]")
	w.Dialled(&election.LinkEvent{Kind: election.Connected, Peer: 1})
	s.Answers = []election.Said{{Sid: 1, State: ensemble.Looking, Leader: 7},
		{Sid: 3, State: ensemble.Following, Leader: 2}}
	for range 59 {
		w.look(s)
	}
	w.look(s, "still looking for a leader map[answers:[server 1 looks too, and votes for 7 "+
		"server 3 has the leader 2] for:1m10s myid:2 no connection to:[server 3: refused] "+
		"no word from:[]]")
	s.Elections++
	w.look(s, "looking for a leader")
	for range 9 {
		w.look(s)
	}
	s.Answers = s.Answers[:1]
	w.look(s, "no connection to:[] no word from:[server 3]]")
	s.Role, s.Leader = quorum.Following, 3
	w.look(s, "a leader is elected")
	w.now = w.now.Add(time.Hour)
	w.look(s)
}

// TestAVoterThatIsCutOffNamesTheOthers: a network that swallows what is sent makes no error while a
// dial, or a connection that stood, still hopes.
func TestAVoterThatIsCutOffNamesTheOthers(t *testing.T) {
	w := watch(t)
	s := quorum.Status{Role: quorum.Looking, Elections: 1}
	w.look(s, "looking for a leader")
	for range 9 {
		w.look(s)
	}
	w.look(s, "no connection to:[] no word from:[server 1 server 3]]")
}

// Before the first role there is nothing that has lasted.
func TestAnEndBeforeTheFirstRole(t *testing.T) {
	w := watch(t)
	w.Ended(errors.New("closed"))
	w.expect("the role has ended map[error:closed it served:false myid:2]")
}

// TestTheTimeWithoutServiceIsThatOfAllSearches: a join that fails does not begin it anew. The time of
// an election is that of the last search.
func TestTheTimeWithoutServiceIsThatOfAllSearches(t *testing.T) {
	w := watch(t)
	looks := quorum.Status{Role: quorum.Looking, Elections: 1}
	follows := quorum.Status{Role: quorum.Following, Leader: 3, Elections: 1}
	w.look(looks, "looking for a leader")
	w.look(follows, "a leader is elected")
	looks.Elections, follows.Elections = 2, 2
	w.look(looks, "looking for a leader")
	w.look(follows, "took:1s")
	follows.Stands, follows.Epoch = true, 5
	w.look(follows, "the reign stands")
	require.EqualValues(t, 4000, w.m.Ensemble.UnavailableTime.Snapshot().Max)
	require.EqualValues(t, 1000, w.m.Ensemble.ElectionTime.Snapshot().Max)
}

// A follower; then its leader is elected again before anybody looks.
func TestAFollowerIsWatched(t *testing.T) {
	w := watch(t)
	s := quorum.Status{Role: quorum.Following, Leader: 3, Elections: 1}
	w.look(s, "a leader is elected map[leader:3 myid:2 this server is:follower took:0s]")
	s.First = ensemble.PacketTrunc
	w.look(s)
	require.Equal(t, "following - synchronization - trunc", w.Published().State)
	s.Stands, s.Epoch = true, 1
	w.look(s, "history came by:TRUNC")
	s.PlainSync = true
	w.look(s)
	s.PlainSyncs = 4
	w.look(s)
	require.EqualValues(t, 4, w.m.Ensemble.PlainSyncs.Value())
	require.Zero(t, w.m.Ensemble.JoinsByDiff.Value())
	w.Logs([]replica.DiskOp{{DiskOp: effects.DiskOp{Entry: jute.Entry{Payload: []byte("x")}}}})
	require.EqualValues(t, 1, w.m.Ensemble.Received.Value())
	require.Zero(t, w.m.Ensemble.Proposals.Value())
	s.Epoch, s.Elections, s.First = 2, 2, ensemble.PacketDiff
	w.look(s, "a leader is elected", "epoch:2 history came by:DIFF",
		"sync.quorum is on and has no effect: this leader asks no quorum for a sync map[leader:3")
	require.EqualValues(t, 1, w.m.Ensemble.JoinsByDiff.Value())
	require.EqualValues(t, 2, w.m.Ensemble.Looking.Value())
	require.Equal(t, "following - broadcast", w.Published().State)
	s = quorum.Status{Role: quorum.Looking, Epoch: 2, Elections: 3}
	w.look(s, "looking for a leader")
	require.Equal(t, admin.Ensemble{Mode: "looking", State: "looking", QuorumSize: 3}, w.Published())
}

// Server lines that differ are not seen in who serves: a quorum may still be found.
func TestALearnerWhoseLineDiffersIsTold(t *testing.T) {
	for _, c := range []struct {
		observer, voter bool
		want            string
	}{
		{false, false, "means to vote, and has no vote here"},
		{true, true, "a learner observes, and has a vote here"},
		{false, true, ""}, {true, false, ""},
	} {
		w := watch(t)
		s := quorum.Status{Role: quorum.Leading, Leader: 2, Elections: 1}
		w.look(s, "a leader is elected")
		one := learner(1, 5)
		one.Served, one.Observer, one.Voter = true, c.observer, c.voter
		s.Learners = []quorum.LearnerStatus{one}
		want := []string{"a learner has joined"}
		if c.want != "" {
			want = append(want, c.want)
		}
		w.look(s, want...)
	}
}

// What the election port refuses is told once a minute of each server, however often it happens.
func TestNotesAreTold(t *testing.T) {
	w := watch(t)
	note := func(kind election.NoteKind, sid jute.PeerID) {
		n := &election.Note{Kind: kind, Peer: sid}
		switch kind {
		case election.OtherQuorums:
			n.Quorums = "[1 5]"
		case election.BadMessage:
			n.Err = errors.New("from h:2: too long")
		}
		from := "h:1"
		if n.Err != nil {
			from = ""
		}
		w.Noted(n, from, "", w.now)
	}
	note(election.Opened, 3)
	w.expect()
	note(election.SameID, 2)
	w.expect("myid is there twice map[address:h:1 myid:2 server:2]")
	note(election.SameID, 2)
	w.expect()
	note(election.OtherQuorums, 3)
	note(election.OtherQuorums, 1)
	w.expect("the server lines differ: another server counts other votes map[address:h:1 "+
		"myid:2 server:3 those of:[1 5]]", "server:1 those of")
	note(election.BadMessage, 7)
	w.expect("that no server sends, or TLS map[error:from h:2: too long myid:2 server:7]")
	w.now = w.now.Add(notedAgain + time.Second)
	for sid := range jute.PeerID(100) {
		note(election.Stranger, sid)
		note(election.SameID, 2)
	}
	require.Len(t, w.lines.TakeAll(), notedAtMost)
}

// The clone of a machine has its myid too. Whoever of the two calls takes the other one's place.
func TestAServerOnTwoHostsIsTold(t *testing.T) {
	w := watch(t)
	opened := func(from, old string) {
		w.Noted(&election.Note{Kind: election.Opened, Peer: 3}, from, old, w.now)
	}
	opened("10.0.0.3:400", "")
	opened("10.0.0.3:401", "10.0.0.3:400")
	opened("", "10.0.0.3:400") // it was gone when it was looked at
	w.expect()
	opened("10.0.0.9:400", "10.0.0.3:401")
	w.expect("myid may be there twice map[address:10.0.0.9:400 before:10.0.0.3:401 myid:2 server:3]")
}

// A health check that calls the quorum port, or a learner that comes back at once, again and again,
// does not fill the disk: the lines and what they count add up.
func TestLearnersThatGoByThousandsAreCounted(t *testing.T) {
	w := watch(t)
	s := quorum.Status{Role: quorum.Leading, Leader: 2}
	w.look(s, "a leader is elected")
	for i := range 5000 {
		w.Gone(fmt.Errorf("of server %d", i), w.now)
	}
	require.Equal(t, goneAtMost, len(w.lines.TakeAll()))
	for range goneFor/time.Second - 1 {
		w.look(s)
	}
	w.look(s, fmt.Sprintf("a learner is gone: %d more in 10 s map[last:of server 4999 more:%[1]d",
		5000-goneAtMost))
	w.Gone(errors.New("of server 1"), w.now)
	w.expect("a learner is gone map[error:of server 1")
	w.now = w.now.Add(goneFor)
	for range goneAtMost + 1 {
		w.Gone(errors.New("of server 3"), w.now)
	}
	require.Equal(t, goneAtMost, len(w.lines.TakeAll()), "another time has begun")
}

// A packet beyond the limit closes the connection again and again, for as long as jute.maxbuffer
// differs. The line says so.
func TestALengthBeyondTheLimitNamesTheSetting(t *testing.T) {
	w := watch(t)
	_, _, err := ensemble.PacketSize([]byte("GET / HTTP/1.0\r\n"), 1<<20)
	w.Ended(fmt.Errorf("connection has ended: %w", err))
	w.expect("allows 1048576 here it served:false look at:jute.maxbuffer, which must be the same")
	w.Gone(err, w.now)
	w.expect("allows 1048576 here look at:jute.maxbuffer, which must be the same")
}
