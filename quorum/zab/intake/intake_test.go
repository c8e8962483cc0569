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
func (in *Intake) next(turn uint64) (cxids []int32) {
	for r, ok := in.Next(turn); ok; r, ok = in.Next(turn) {
		cxids = append(cxids, r.Cxid)
	}
	return cxids
}

func TestASyncWaitsForTheRequestsInFrontOfIt(t *testing.T) {
	var in Intake
	require.Empty(t, in.next(1))
	in.Take(sync(1), 10)
	in.Take(sync(2), 10)
	require.Equal(t, []int32{1, 2}, in.next(1), "nothing is in front")
	for cxid := range int32(3) {
		in.Take(set(cxid), 10)
	}
	in.Take(sync(3), 10)
	in.Take(set(4), 10)
	in.Take(sync(5), 10)
	require.Equal(t, []int32{0, 1, 2}, in.next(1))
	require.Empty(t, in.next(1))
	require.Equal(t, []int32{3, 4}, in.next(2), "a step later")
	in.Take(set(6), 10)
	require.Equal(t, []int32{5, 6}, in.next(3))
	require.Empty(t, in.next(4))
}

// Reading stops at 16 MiB that wait, and goes on at half of it. Only the disk makes room.
func TestReadingStopsUntilTheDiskHasMadeRoom(t *testing.T) {
	var in Intake
	const part = limit / 8
	for cxid := range int32(8) {
		in.Take(set(cxid), part)
		require.Zero(t, in.Flow())
	}
	in.Take(set(8), 1)
	require.Equal(t, effects.Pause, in.Flow())
	require.Zero(t, in.Flow(), "it is said once")
	require.True(t, in.Paused())
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
	require.False(t, in.Paused())
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
			in.Take(r, 1)
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
