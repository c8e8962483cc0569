package election

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
)

// fake is a configuration of groups: a quorum is more than half the weight in more than half the
// groups. One group of weights 1 is the majority.
type fake struct {
	voters []jute.PeerID
	weight map[jute.PeerID]int64
	groups [][]jute.PeerID
}

func majority(sids ...jute.PeerID) *fake {
	f := &fake{voters: sids, weight: map[jute.PeerID]int64{}, groups: [][]jute.PeerID{sids}}
	for _, sid := range sids {
		f.weight[sid] = 1
	}
	return f
}

func (f *fake) Voters() []jute.PeerID        { return f.voters }
func (f *fake) Votes(sid jute.PeerID) bool   { return slices.Contains(f.voters, sid) }
func (f *fake) Weight(sid jute.PeerID) int64 { return f.weight[sid] }
func (f *fake) Quorum(in func(jute.PeerID) bool) bool {
	won := 0
	for _, group := range f.groups {
		var all, have int64
		for _, sid := range group {
			all += f.weight[sid]
			if in(sid) {
				have += f.weight[sid]
			}
		}
		if 2*have > all {
			won++
		}
	}
	return 2*won > len(f.groups)
}

// joint wants a quorum of both.
type joint struct{ now, next *fake }

func (j joint) Voters() []jute.PeerID {
	all := slices.Concat(j.now.voters, j.next.voters)
	slices.Sort(all)
	return slices.Compact(all)
}
func (j joint) Votes(sid jute.PeerID) bool   { return j.now.Votes(sid) || j.next.Votes(sid) }
func (j joint) Weight(sid jute.PeerID) int64 { return j.now.Weight(sid) }
func (j joint) Quorum(in func(jute.PeerID) bool) bool {
	return j.now.Quorum(in) && j.next.Quorum(in)
}

// down are the servers that cannot be reached.
type down map[jute.PeerID]bool

func (d down) Down(sid jute.PeerID) bool { return d[sid] }

// bench runs one Election by hand.
type bench struct {
	t    *testing.T
	e    *Election
	now  time.Duration
	down down
	said []jute.PeerID // since they were looked at last
	done bool
}

func newBench(t *testing.T, me jute.PeerID, config Verifier, s Standing) *bench {
	b := &bench{t: t, down: down{}}
	b.e = New(me, config, []byte("version=0"), b.down, Rules{})
	b.e.Look(b.now, s)
	b.take()
	return b
}

func (b *bench) take() {
	f := b.e.Take()
	b.said = append(b.said, f.Say...)
	b.done = b.done || f.Elected
}

// says forgets whom the server told something, and returns them.
func (b *bench) says() []jute.PeerID {
	s := b.said
	b.said = nil
	return s
}

func (b *bench) hear(from jute.PeerID, state ensemble.State, v Vote) {
	b.hearVersion(from, state, v, ensemble.NotificationVersion)
}

func (b *bench) hearVersion(from jute.PeerID, state ensemble.State, v Vote, version int32) {
	b.e.Receive(b.now, from, &ensemble.Notification{
		State: state, Leader: v.Leader, Zxid: v.Zxid, ElectionEpoch: v.Round,
		PeerEpoch: v.PeerEpoch, Version: version,
	})
	b.take()
}

// pass lets time go by, tick by tick.
func (b *bench) pass(d time.Duration) {
	for end := b.now + d; b.now < end; {
		b.now += 10 * time.Millisecond
		b.e.Tick(b.now)
		b.take()
	}
}

func (b *bench) proposal() Vote {
	n := b.e.Notification(b.e.config.Voters()[0])
	require.Equal(b.t, ensemble.Looking, n.State)
	return Vote{Leader: n.Leader, Zxid: n.Zxid, Round: n.ElectionEpoch, PeerEpoch: n.PeerEpoch}
}

func (b *bench) looks() { b.t.Helper(); require.Equal(b.t, ensemble.Looking, b.e.State()) }

func (b *bench) has(state ensemble.State, leader jute.PeerID) {
	b.t.Helper()
	require.Equal(b.t, state, b.e.State())
	require.Equal(b.t, leader, b.e.Vote().Leader)
	require.True(b.t, b.done)
}

func vote(leader jute.PeerID, zxid jute.Zxid, round, epoch int64) Vote {
	return Vote{Leader: leader, Zxid: zxid, Round: round, PeerEpoch: epoch}
}

func TestOrderOfVotes(t *testing.T) {
	ascending := []Vote{
		vote(nobody, -1<<63, 9, -1<<63), vote(1, 5, 9, 1), vote(2, 5, 1, 1), vote(1, 6, 1, 1),
		vote(1, 2, 1, 2), vote(3, 2, 0, 2),
	}
	for i, v := range ascending {
		for j, w := range ascending {
			require.Equal(t, i > j, v.better(w), "%v %v", v, w)
		}
	}
}

func TestABetterVoteIsTakenOverAndTold(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 1})
	require.Equal(t, []jute.PeerID{1, 3}, b.says())
	b.hear(1, ensemble.Looking, vote(1, 5, 1, 1))
	require.Equal(t, []jute.PeerID{1}, b.says(), "1 has not heard of the better vote yet")
	b.hear(1, ensemble.Looking, vote(2, 5, 1, 1))
	require.Empty(t, b.says())
	b.hear(3, ensemble.Looking, vote(3, 5, 1, 1))
	require.Equal(t, []jute.PeerID{1, 3}, b.says())
	require.Equal(t, vote(3, 5, 1, 1), b.proposal())
	b.hear(1, ensemble.Looking, vote(1, 6, 1, 1))
	require.Equal(t, vote(1, 6, 1, 1), b.proposal())
}

func TestAWorseVoteOfAServerWithoutWeightIsNotAnswered(t *testing.T) {
	config := majority(1, 2, 3)
	config.weight[1] = 0
	b := newBench(t, 1, config, Standing{Zxid: 9, PeerEpoch: 1})
	b.says()
	b.hear(2, ensemble.Looking, vote(2, 5, 1, 1))
	require.Empty(t, b.says())
}

func TestTheWaitEndsAfter200msWhenSomeoneIsSilent(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 1})
	b.hear(1, ensemble.Looking, vote(2, 5, 1, 1))
	b.pass(190 * time.Millisecond)
	b.looks()
	b.pass(10 * time.Millisecond)
	b.has(ensemble.Leading, 2)
	require.Equal(t, vote(2, 5, 1, 1), b.e.Vote())
}

func TestABetterVoteDuringTheWait(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 1})
	b.hear(1, ensemble.Looking, vote(2, 5, 1, 1))
	b.pass(190 * time.Millisecond)
	b.hear(3, ensemble.Looking, vote(3, 5, 1, 1))
	b.pass(190 * time.Millisecond)
	b.looks()
	b.pass(10 * time.Millisecond)
	b.has(ensemble.Following, 3)
}

func TestTheWaitEndsWhenTheQuorumIsGone(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 1})
	b.hear(1, ensemble.Looking, vote(2, 5, 1, 1))
	b.pass(100 * time.Millisecond)
	b.hear(1, ensemble.Looking, vote(1, 5, 1, 1))
	b.pass(200 * time.Millisecond)
	b.looks()
}

func TestTheWaitEndsAtOnceWhenNobodyIsLeft(t *testing.T) {
	config := majority(1, 2, 3)
	t.Run("all have the vote", func(t *testing.T) {
		b := newBench(t, 1, config, Standing{Zxid: 5, PeerEpoch: 1})
		b.hear(3, ensemble.Looking, vote(3, 5, 1, 1))
		b.looks()
		b.hear(2, ensemble.Looking, vote(3, 5, 1, 1))
		b.has(ensemble.Following, 3)
	})
	t.Run("the rest is down", func(t *testing.T) {
		b := newBench(t, 1, config, Standing{Zxid: 5, PeerEpoch: 1})
		b.down[3] = true
		b.hear(2, ensemble.Looking, vote(2, 5, 1, 1))
		b.has(ensemble.Following, 2)
	})
	t.Run("the rest goes down", func(t *testing.T) {
		b := newBench(t, 1, config, Standing{Zxid: 5, PeerEpoch: 1})
		b.hear(2, ensemble.Looking, vote(2, 5, 1, 1))
		b.looks()
		b.down[3] = true
		b.pass(10 * time.Millisecond)
		b.has(ensemble.Following, 2)
	})
	t.Run("another has another vote", func(t *testing.T) {
		b := newBench(t, 1, config, Standing{Zxid: 5, PeerEpoch: 1})
		b.hear(3, ensemble.Looking, vote(2, 5, 1, 0))
		b.hear(2, ensemble.Looking, vote(2, 5, 1, 1))
		b.looks()
	})
	t.Run("alone", func(t *testing.T) {
		b := newBench(t, 1, majority(1), Standing{Zxid: 5, PeerEpoch: 1})
		b.has(ensemble.Leading, 1)
	})
}

func TestTheVoteIsSaidAgainWithBackOff(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 1})
	b.says()
	for _, pause := range []time.Duration{200, 400, 800, 1600} {
		b.pass((pause - 10) * time.Millisecond)
		require.Empty(t, b.says())
		b.pass(10 * time.Millisecond)
		require.Equal(t, []jute.PeerID{2, 3}, b.says())
	}
	b.pass(3190 * time.Millisecond)
	b.hear(2, ensemble.Looking, vote(1, 5, 0, 1)) // what is heard begins the pause anew
	b.says()
	b.pass(3190 * time.Millisecond)
	require.Empty(t, b.says())
	b.pass(10 * time.Millisecond)
	require.Equal(t, []jute.PeerID{2, 3}, b.says())
}

func TestBackOffHasItsSettings(t *testing.T) {
	e := New(1, majority(1, 2), nil, down{}, Rules{
		MinInterval: 50 * time.Millisecond, MaxInterval: 150 * time.Millisecond,
	})
	e.Look(0, Standing{})
	e.Take()
	var at []time.Duration
	for now := time.Duration(0); now < 700*time.Millisecond; now += 10 * time.Millisecond {
		e.Tick(now)
		if len(e.Take().Say) > 0 {
			at = append(at, now/time.Millisecond)
		}
	}
	require.Equal(t, []time.Duration{50, 150, 300, 450, 600}, at)
}

func TestAHigherRoundIsJoined(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 1})
	b.hear(1, ensemble.Looking, vote(2, 5, 1, 1))
	b.says()
	b.hear(3, ensemble.Looking, vote(3, 4, 7, 1))
	require.Equal(t, vote(2, 5, 7, 1), b.proposal(), "with the own vote if that is better")
	require.Equal(t, []jute.PeerID{1, 3}, b.says())
	b.pass(300 * time.Millisecond)
	b.looks() // the vote of server 1 was of the lower round
	b.hear(1, ensemble.Looking, vote(3, 9, 8, 1))
	require.Equal(t, vote(3, 9, 8, 1), b.proposal(), "with the heard one if that is better")
	b.hear(1, ensemble.Looking, vote(1, 4, 9, 1))
	require.Equal(t, vote(2, 5, 9, 1), b.proposal())
	b.hear(1, ensemble.Looking, vote(3, 9, 9, 1))
	b.hear(3, ensemble.Looking, vote(3, 7, 10, 1))
	require.Equal(t, vote(3, 7, 10, 1), b.proposal(), "compared with the own one, not the proposal")
}

func TestALowerRoundIsAnsweredAtOnceAndCountsForNothing(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 1})
	b.hear(1, ensemble.Looking, vote(1, 4, 7, 1))
	b.says()
	b.hear(3, ensemble.Looking, vote(3, 9, 6, 1))
	require.Equal(t, []jute.PeerID{3}, b.says())
	require.Equal(t, vote(2, 5, 7, 1), b.proposal())
	b.hear(1, ensemble.Looking, vote(2, 5, 6, 1))
	b.pass(200 * time.Millisecond)
	b.looks()
}

func TestWhoHasAVoteInALowerRoundIsWaitedFor(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 1})
	b.hear(3, ensemble.Looking, vote(2, 5, 1, 1))
	b.pass(100 * time.Millisecond)
	b.hear(1, ensemble.Looking, vote(2, 5, 0, 1))
	b.looks()
}

// A stopped process has connections that look alive, and does not speak.
func TestALeaderThatWasLeftForItsSilenceIsNotWaitedFor(t *testing.T) {
	three := jute.PeerID(3)
	left := Standing{Zxid: 5, PeerEpoch: 1, Silent: &three}
	t.Run("it stays silent", func(t *testing.T) {
		b := newBench(t, 2, majority(1, 2, 3), left)
		b.hear(1, ensemble.Looking, vote(2, 5, 1, 1))
		b.has(ensemble.Leading, 2)
	})
	t.Run("others are waited for", func(t *testing.T) {
		b := newBench(t, 2, majority(1, 2, 3, 4, 5), left)
		b.hear(1, ensemble.Looking, vote(2, 5, 1, 1))
		b.hear(4, ensemble.Looking, vote(2, 5, 1, 1))
		b.pass(190 * time.Millisecond)
		b.looks()
		b.hear(5, ensemble.Looking, vote(2, 5, 1, 1))
		b.has(ensemble.Leading, 2)
	})
	t.Run("it is heard again", func(t *testing.T) {
		b := newBench(t, 2, majority(1, 2, 3), left)
		b.hear(3, ensemble.Looking, vote(1, 4, 0, 1))
		b.hear(1, ensemble.Looking, vote(2, 5, 1, 1))
		b.pass(190 * time.Millisecond)
		b.looks()
	})
	t.Run("in the next election it counts", func(t *testing.T) {
		b := newBench(t, 2, majority(1, 2, 3), left)
		b.hear(1, ensemble.Looking, vote(2, 5, 1, 1))
		b.e.Look(b.now, Standing{Zxid: 5, PeerEpoch: 1})
		b.hear(1, ensemble.Looking, vote(2, 5, 2, 1))
		b.pass(190 * time.Millisecond)
		b.looks()
	})
}

func TestZxidMinusOneCountsForNobody(t *testing.T) {
	t.Run("another's", func(t *testing.T) {
		b := newBench(t, 2, majority(1, 2), Standing{Zxid: 5, PeerEpoch: 1})
		b.says()
		b.hear(1, ensemble.Looking, vote(1, -1, 9, 9))
		require.Equal(t, vote(2, 5, 1, 1), b.proposal())
		require.Empty(t, b.says())
	})
	t.Run("the own", func(t *testing.T) {
		b := newBench(t, 1, majority(1, 2, 3), Standing{Zxid: -1})
		require.Equal(t, []jute.PeerID{2, 3}, b.says(), "it asks all the same")
		b.hear(2, ensemble.Looking, vote(2, 5, 1, 1))
		b.hear(3, ensemble.Looking, vote(2, 5, 1, 1))
		b.pass(300 * time.Millisecond)
		b.looks()
		require.Equal(t, vote(1, -1, 1, 0), b.proposal())
		b.hear(2, ensemble.Leading, vote(2, 5, 1, 1))
		b.hear(3, ensemble.Following, vote(2, 5, 1, 1))
		b.has(ensemble.Following, 2)
	})
	t.Run("alone", func(t *testing.T) {
		b := newBench(t, 1, majority(1), Standing{Zxid: -1})
		b.pass(time.Second)
		b.looks()
	})
}

func TestASettledEnsembleIsJoined(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3, 4, 5), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(2, ensemble.Following, vote(4, 9, 7, 3))
	b.hear(3, ensemble.Following, vote(4, 8, 6, 3)) // zxid and round are not compared
	b.looks()                                       // no quorum yet
	b.hear(5, ensemble.Following, vote(4, 9, 7, 3))
	b.looks() // the leader has not said that it leads
	b.hear(4, ensemble.Leading, vote(4, 9, 7, 3))
	b.has(ensemble.Following, 4)
	require.Equal(t, vote(4, 9, 7, 3), b.e.Vote())
	require.EqualValues(t, 7, b.e.round)
}

func TestTheLeadersWordOfBeforeIsForgotten(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(3, ensemble.Leading, vote(3, 9, 7, 3))
	b.hear(2, ensemble.Following, vote(3, 9, 7, 3))
	b.has(ensemble.Following, 3)
	b.e.Look(b.now, Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(2, ensemble.Following, vote(3, 9, 7, 3))
	b.looks() // 2 does not know yet that 3 is dead
}

func TestSettledVotesOfTwoEpochsAreTwoVotes(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(2, ensemble.Following, vote(3, 9, 7, 3))
	b.hear(3, ensemble.Leading, vote(3, 9, 7, 4))
	b.looks()
	b.hear(2, ensemble.Following, vote(3, 9, 7, 4))
	b.has(ensemble.Following, 3)
}

func TestAVoteWithoutVersionIsComparedByItsLeader(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hearVersion(2, ensemble.Following, vote(3, 9, 7, 3), 0)
	b.hear(3, ensemble.Leading, vote(3, 9, 7, 4))
	b.has(ensemble.Following, 3)
}

func TestInOneRoundTheLeaderIsEnough(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(2, ensemble.Following, vote(3, 9, 1, 3))
	b.hear(3, ensemble.Leading, vote(3, 9, 1, 4))
	b.has(ensemble.Following, 3)
}

func TestWhoLooksAgainHasLeftItsLeader(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(3, ensemble.Leading, vote(3, 9, 7, 3))
	b.hear(3, ensemble.Looking, vote(3, 9, 8, 3))
	b.hear(2, ensemble.Following, vote(3, 9, 7, 3))
	b.looks()
}

func TestTheOwnLeadershipIsBelievedInTheOwnRoundAlone(t *testing.T) {
	b := newBench(t, 3, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(1, ensemble.Following, vote(3, 5, 7, 3))
	b.hear(2, ensemble.Following, vote(3, 5, 7, 3))
	b.looks() // they follow what this server was before it began anew
	b = newBench(t, 3, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(1, ensemble.Following, vote(3, 5, 1, 3))
	b.has(ensemble.Leading, 3)
}

func TestWhoIsSettledAnswersWithItsVote(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(3, ensemble.Leading, vote(3, 9, 7, 3))
	b.hear(1, ensemble.Following, vote(3, 8, 6, 3))
	b.has(ensemble.Following, 3)
	require.EqualValues(t, 6, b.e.round)
	b.says()
	b.hear(1, ensemble.Looking, vote(1, 4, 99, 3))
	require.Equal(t, []jute.PeerID{1}, b.says())
	b.hear(1, ensemble.Following, vote(3, 9, 7, 3))
	b.hear(99, ensemble.Following, vote(3, 9, 7, 3))
	require.Empty(t, b.says(), "only who looks is answered")
	b.e.Reign(4)
	n := b.e.Notification(1)
	require.Equal(t, ensemble.Notification{
		State: ensemble.Following, Leader: 3, Zxid: 8, ElectionEpoch: 6, PeerEpoch: 4,
		Version: 2, Config: []byte("version=0"),
	}, n)
	require.EqualValues(t, 6, b.e.round)
}

func TestStrangersHearTheLastVoteWithTheCurrentRound(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.says()
	b.hear(99, ensemble.Looking, vote(nobody, -1<<63, 4, -1<<63))
	require.Equal(t, []jute.PeerID{99}, b.says())
	n := b.e.Notification(99)
	require.Equal(t, vote(2, 5, 1, 3), Vote{n.Leader, n.Zxid, n.ElectionEpoch, n.PeerEpoch})
	require.Equal(t, ensemble.Looking, n.State)

	b.hear(3, ensemble.Looking, vote(3, 9, 1, 3))
	b.hear(1, ensemble.Looking, vote(3, 9, 1, 3))
	b.has(ensemble.Following, 3)
	b.e.Look(b.now, Standing{Zxid: 6, PeerEpoch: 4})
	n = b.e.Notification(99)
	require.Equal(t, vote(3, 9, 2, 3), Vote{n.Leader, n.Zxid, n.ElectionEpoch, n.PeerEpoch})
	n = b.e.Notification(1)
	require.Equal(t, vote(2, 6, 2, 4), Vote{n.Leader, n.Zxid, n.ElectionEpoch, n.PeerEpoch})
}

func TestAStrangersVoteCountsForNothing(t *testing.T) {
	b := newBench(t, 2, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(99, ensemble.Looking, vote(2, 5, 1, 3))
	b.hear(1, ensemble.Looking, vote(99, 9, 1, 3)) // nor does a vote for a stranger
	b.hear(1, ensemble.Looking, vote(99, 9, 50, 3))
	b.pass(time.Second)
	b.looks()
	require.Equal(t, vote(2, 5, 1, 3), b.proposal())
}

func TestAnObserverAsksTheVoters(t *testing.T) {
	b := newBench(t, 9, majority(1, 2, 3), Standing{Zxid: 500, PeerEpoch: 8})
	require.Equal(t, []jute.PeerID{1, 2, 3}, b.says())
	require.Equal(t, vote(nobody, -1<<63, 1, -1<<63), b.proposal())
	b.hear(1, ensemble.Looking, vote(3, 5, 4, 1))
	require.Equal(t, vote(3, 5, 4, 1), b.proposal())
	b.hear(3, ensemble.Leading, vote(3, 5, 4, 1))
	b.has(ensemble.Observing, 3)
}

func TestAnObserverMovesNobodyToAHigherRound(t *testing.T) {
	b := newBench(t, 9, majority(1, 2, 3), Standing{})
	b.hear(1, ensemble.Looking, vote(3, 5, 4, 1))
	b.says()
	b.hear(2, ensemble.Looking, vote(2, 5, 3, 1))
	b.hear(2, ensemble.Looking, vote(2, 5, 4, 1))
	require.Empty(t, b.says())
}

func TestAnObserversStateCountsForNothing(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3), Standing{})
	b.hear(3, ensemble.Leading, vote(3, 9, 7, 3))
	b.hear(2, ensemble.Observing, vote(3, 9, 7, 3))
	b.hear(2, 17, vote(3, 9, 7, 3))
	b.looks()
}

func TestAServerOfWeightZeroIsNeverElected(t *testing.T) {
	config := majority(1, 2, 3)
	config.weight[3] = 0
	b := newBench(t, 1, config, Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(3, ensemble.Looking, vote(3, 9, 1, 3))
	require.Equal(t, vote(1, 5, 1, 3), b.proposal())
	b.hear(3, ensemble.Looking, vote(1, 5, 1, 3))
	b.pass(200 * time.Millisecond)
	b.looks() // half of the weight
	b.hear(2, ensemble.Looking, vote(2, 5, 1, 3))
	b.pass(200 * time.Millisecond)
	b.has(ensemble.Following, 2)
}

func TestGroups(t *testing.T) {
	config := majority(1, 2, 3, 4, 5, 6, 7, 8, 9)
	config.groups = [][]jute.PeerID{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}
	b := newBench(t, 1, config, Standing{Zxid: 5, PeerEpoch: 3})
	for _, sid := range []jute.PeerID{2, 3, 7, 9, 4} {
		b.hear(sid, ensemble.Looking, vote(9, 5, 1, 3))
	}
	b.pass(200 * time.Millisecond)
	b.has(ensemble.Following, 9)

	b = newBench(t, 1, config, Standing{Zxid: 5, PeerEpoch: 3})
	for _, sid := range []jute.PeerID{2, 3, 4, 7, 9} {
		if sid != 9 {
			b.hear(sid, ensemble.Looking, vote(9, 5, 1, 3))
		}
	}
	b.pass(time.Second)
	b.looks() // five of nine, but a majority in one group alone
}

func TestJointConfigurations(t *testing.T) {
	config := joint{now: majority(1, 2, 3), next: majority(3, 4, 5)}
	b := newBench(t, 3, config, Standing{Zxid: 9, PeerEpoch: 3})
	require.Equal(t, []jute.PeerID{1, 2, 4, 5}, b.says())
	b.hear(1, ensemble.Looking, vote(3, 9, 1, 3))
	b.hear(2, ensemble.Looking, vote(3, 9, 1, 3))
	b.pass(time.Second)
	b.looks() // the next configuration has one of three
	b.hear(5, ensemble.Looking, vote(3, 9, 1, 3))
	b.pass(200 * time.Millisecond)
	b.has(ensemble.Leading, 3)
}

// The configuration is what an election asks, with and without a next one.
var (
	_ Verifier = (*config.Config)(nil)
	_ Verifier = config.Joint{}
)

func TestTheVotersOfTwoConfigurations(t *testing.T) {
	parse := func(text string) *config.Config {
		c, err := config.ParseText(text, config.Rules{})
		require.NoError(t, err)
		return c
	}
	now := parse("server.1=a:1:2\nserver.2=b:1:2\nserver.4=d:1:2:observer\nversion=100000000")
	next := parse("server.2=b:1:2\nserver.4=d:1:2\nserver.5=e:1:2\nversion=200000000")
	require.Equal(t, []jute.PeerID{1, 2}, config.Joint{Committed: now}.Voters())
	both := config.Joint{Committed: now, LastSeen: next}
	require.Equal(t, []jute.PeerID{1, 2, 4, 5}, both.Voters())
	require.EqualValues(t, 1, both.Weight(1))
}

func TestANewerConfigurationIsToldOnce(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3), Standing{})
	receive := func(config string) *NewerConfig {
		b.e.Receive(0, 2, &ensemble.Notification{
			State: ensemble.Looking, Leader: 2, ElectionEpoch: 1, Version: 2, Config: []byte(config),
		})
		return b.e.Take().Newer
	}
	require.Nil(t, receive("server.1=a:1:2:participant\nversion=0"))
	require.Nil(t, receive("server.1=a:1:2:participant\nversion=zz"))
	require.Nil(t, receive("server.1=a:1:2:participant"))
	require.Equal(t, &NewerConfig{Peer: 2, Version: 0x1f},
		receive("server.1=a:1:2:participant\nversion=1f"))
	require.Nil(t, receive("server.1=a:1:2:participant\nversion=20"))
	require.Equal(t, []byte("version=0"), b.e.Notification(2).Config)
}

func TestARoundBeyondReasonIsIgnored(t *testing.T) {
	b := newBench(t, 1, majority(1, 2, 3), Standing{})
	b.hear(2, ensemble.Looking, vote(2, 0, 1<<63-1, 0))
	require.EqualValues(t, 1, b.e.round)
	b.hear(2, ensemble.Looking, vote(2, 0, maxRound, 0))
	require.EqualValues(t, maxRound, b.e.round)
}

func TestLookBeginsAnew(t *testing.T) {
	b := newBench(t, 3, majority(1, 2, 3), Standing{Zxid: 5, PeerEpoch: 3})
	b.hear(1, ensemble.Looking, vote(3, 5, 1, 3))
	b.pass(200 * time.Millisecond)
	b.has(ensemble.Leading, 3)
	b.says()
	b.e.Look(b.now, Standing{Zxid: 7, PeerEpoch: 4})
	b.take()
	require.Equal(t, []jute.PeerID{1, 2}, b.says())
	require.Equal(t, vote(3, 7, 2, 4), b.proposal())
	b.pass(time.Second)
	b.looks() // the votes of the round before are gone
}
