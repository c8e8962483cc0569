package intake

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/quorum/effects"
)

func set(cxid int32) *jute.LearnerRequest {
	return &jute.LearnerRequest{Cxid: cxid, Type: jute.OpSetData}
}

func sync(cxid int32) *jute.LearnerRequest {
	return &jute.LearnerRequest{Cxid: cxid, Type: jute.OpSync}
}

// next takes all that may be dealt with in a turn.
func (in *Intake) next(turn uint64) []int32 { return in.nextOf(turn, 0) }

func (in *Intake) nextOf(turn, back uint64) (cxids []int32) {
	at := Turn{Number: turn, Back: back}
	for r, ok := in.Next(at); ok; r, ok = in.Next(at) {
		cxids = append(cxids, r.Cxid)
	}
	return cxids
}

func TestASyncWaitsForTheRequestsInFrontOfIt(t *testing.T) {
	var in Intake
	require.Empty(t, in.next(1))
	in.Take(sync(1), 10, 0)
	in.Take(sync(2), 10, 0)
	require.Equal(t, []int32{1, 2}, in.next(1), "nothing is in front")
	for cxid := range int32(3) {
		in.Take(set(cxid), 10, 0)
	}
	in.Take(sync(3), 10, 0)
	in.Take(set(4), 10, 0)
	in.Take(sync(5), 10, 0)
	require.Equal(t, []int32{0, 1, 2}, in.next(1))
	require.Empty(t, in.next(1))
	require.Equal(t, []int32{3, 4}, in.next(2), "a step later")
	in.Take(set(6), 10, 0)
	require.Equal(t, []int32{5, 6}, in.next(3))
	require.Empty(t, in.next(4))
}

// Reading stops at 16 MiB that wait, and goes on at half of it. Only the disk makes room.
func TestReadingStopsUntilTheDiskHasMadeRoom(t *testing.T) {
	var in Intake
	const part = limit / 8
	for cxid := range int32(8) {
		in.Take(set(cxid), part, 0)
		require.Zero(t, in.Flow())
	}
	in.Take(set(8), 1, 0)
	require.Equal(t, effects.Pause, in.Flow())
	require.Zero(t, in.Flow(), "it is said once")
	require.True(t, in.Excused())
	in.next(1)
	in.Told(1, 3)
	in.Settle(3)
	require.Zero(t, in.Flow(), "their tickets are given when the effects of this step are done")
	in.Told(2, 11)
	in.Told(3, 20)
	in.Settle(10)
	require.Zero(t, in.Flow())
	in.Settle(11)
	require.Equal(t, effects.Resume, in.Flow())
	require.False(t, in.Excused())
	require.Zero(t, in.bytes)
}

// A sync waits for its round, and with it what the learner has sent behind it.
func TestASyncWaitsForItsRound(t *testing.T) {
	var in Intake
	in.Take(sync(1), 10, 4)
	in.Take(set(2), 10, 0)
	in.Take(sync(3), 10, 5)
	in.Take(sync(4), 10, 5)
	require.Equal(t, 3, in.Syncs())
	require.Empty(t, in.nextOf(1, 3))
	require.Equal(t, []int32{1, 2}, in.nextOf(1, 5), "the next step")
	require.Equal(t, 2, in.Syncs())
	require.Equal(t, []int32{3, 4}, in.nextOf(2, 5))
	require.Zero(t, in.Syncs())
}

// While a sync waits for a round the learner is read from for longer: its answer to the PING comes
// behind what it has sent. When even that is too much it may not be silent for ever.
func TestTheAnswerToAPingIsRead(t *testing.T) {
	var in Intake
	in.Take(sync(1), 10, 1)
	in.Take(set(2), askingLimit-10, 0)
	require.Zero(t, in.Flow())
	in.Take(set(3), 1, 0)
	require.Equal(t, effects.Pause, in.Flow())
	require.False(t, in.Excused())
	require.Equal(t, []int32{1, 2, 3}, in.nextOf(1, 1))
	require.Zero(t, in.Flow())
	require.True(t, in.Excused(), "the disk makes room")
	in.Told(2, 2)
	in.Settle(2)
	require.Equal(t, effects.Resume, in.Flow())

	for cxid := range int32(5) {
		in.Take(sync(cxid), askingLimit/4, 2)
	}
	require.Equal(t, effects.Pause, in.Flow())
	require.Len(t, in.nextOf(3, 2), 5)
	require.Equal(t, effects.Resume, in.Flow(), "syncs leave nothing for the disk")
}

// TestAQuestionDoesNotOvertakeRequests: what an older connection of a session has sent reaches the
// chain before the question for the session, else it would be taken for the new connection's (seed
// 90000199 of the simulator). Of a question nothing is left for the disk.
func TestAQuestionDoesNotOvertakeRequests(t *testing.T) {
	var in Intake
	in.Take(sync(1), 10, 1)
	in.Take(set(2), 10, 0)
	in.Ask(jute.SessionTimeout{Session: 7, TimeOut: 4000}, 10)
	require.Empty(t, in.nextOf(1, 0))
	_, _ = in.Next(Turn{Number: 1, Back: 1})
	r, ok := in.Next(Turn{Number: 1, Back: 1})
	require.True(t, ok)
	require.EqualValues(t, 2, r.Cxid)
	r, ok = in.Next(Turn{Number: 1, Back: 1})
	require.True(t, ok)
	question := Asked{Question: true, TimeOut: 4000}
	question.Session = 7
	require.Equal(t, question, r)
	in.Told(2, 1)
	in.Settle(1)
	require.Zero(t, in.bytes)
}

// TestASyncBehindAQuestionWaitsForOthers: the session in question may have moved. A request that was
// told in this turn, of whichever connection, may be one of its older connection.
func TestASyncBehindAQuestionWaitsForOthers(t *testing.T) {
	var in Intake
	asks := func(told uint64) (behind int) {
		const now = 5
		in = Intake{}
		in.Ask(jute.SessionTimeout{Session: 7, TimeOut: 4000}, 10)
		in.Take(sync(1), 10, 0)
		_, ok := in.Next(Turn{Number: now, Told: told})
		require.True(t, ok, "the question itself does not wait")
		for turn := uint64(now); ; turn++ {
			if _, ok = in.Next(Turn{Number: turn, Told: now}); ok {
				return int(turn) - now
			}
		}
	}
	require.Zero(t, asks(4), "what was told earlier is proposed, what was told since is refused")
	require.Equal(t, 1, asks(5))
	require.Zero(t, in.bytes)
}

// Requests come out once and in order, whatever waits, and their memory is given back.
func TestRequestsComeOutInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	var in Intake
	var want, have []int32
	cxid := int32(0)
	for turn := uint64(1); turn < 2000; turn++ {
		for range rng.IntN(5) {
			r := set(cxid)
			if rng.IntN(3) == 0 {
				r = sync(cxid)
			}
			in.Take(r, 1, 0)
			want = append(want, cxid)
			cxid++
		}
		have = append(have, in.next(turn)...)
		require.Equal(t, want[:len(have)], have)
		require.LessOrEqual(t, in.first, len(in.held))
		require.False(t, slices.ContainsFunc(in.held[:in.first], func(r request) bool {
			return r.Type != 0
		}))
	}
	for turn := uint64(2000); len(have) < len(want); turn++ {
		have = append(have, in.next(turn)...)
	}
	require.Equal(t, want, have)
	require.Less(t, cap(in.held), 1<<12)
}
