package quorum_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/quorum"
	"quoll/quorum/effects"
)

func entry(zxid jute.Zxid) jute.Entry {
	return jute.Entry{Header: jute.TxnHeader{Zxid: zxid}}
}

func TestSoloCommitsWhatItsLogHas(t *testing.T) {
	s := quorum.NewSolo(7)
	s.Propose(entry(8))
	s.Propose(entry(9))
	first := s.Take().Disk
	require.Len(t, first, 2)
	require.Equal(t, effects.Append, first[0].Kind)
	require.Equal(t, jute.Zxid(8), first[0].Entry.Header.Zxid)
	s.Propose(entry(10))
	require.Equal(t, jute.Zxid(9), first[1].Entry.Header.Zxid, "valid until the next Take")
	require.Equal(t, jute.Zxid(8), s.Durable(1))
	require.Equal(t, jute.Zxid(8), s.Durable(0), "never back")
	require.Equal(t, jute.Zxid(8), s.Durable(1), "told twice")
	require.Len(t, s.Take().Disk, 1)
	require.Empty(t, s.Take().Disk)
	require.Equal(t, jute.Zxid(10), s.Durable(3))
}

// Rule 7: a zxid is proposed once, and nothing is durable that was not proposed.
func TestSoloRefusesTheImpossible(t *testing.T) {
	s := quorum.NewSolo(7)
	require.Panics(t, func() { s.Propose(entry(7)) })
	s.Propose(entry(8))
	require.Panics(t, func() { s.Propose(entry(8)) })
	require.Panics(t, func() { s.Durable(2) })
}

// Tickets are consecutive, zxids have holes between epochs. Whichever tickets are reported, in
// whatever order, everything up to the transaction of the highest ticket is committed.
func TestTicketsAgainstAList(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := quorum.NewSolo(7)
		zxids := []jute.Zxid{7} // by ticket
		done := 0
		for range 60 {
			for range rng.IntN(5) {
				next := zxids[len(zxids)-1] + 1
				if rng.IntN(6) == 0 {
					next = jute.Zxid(next.Epoch()+1)<<32 | 1
				}
				s.Propose(entry(next))
				zxids = append(zxids, next)
			}
			ticket := rng.IntN(len(zxids))
			done = max(done, ticket)
			require.Equal(t, zxids[done], s.Durable(effects.Ticket(ticket)), "seed %d", seed)
		}
	}
}

func TestAnEpochEndsWithNothingInFlight(t *testing.T) {
	s := quorum.NewSolo(5<<32 | 7)
	require.Equal(t, jute.Zxid(6<<32), s.NextEpoch())
	s.Propose(jute.Entry{Header: jute.TxnHeader{Zxid: 6<<32 | 1}})
	require.Panics(t, func() { s.NextEpoch() })
	require.Equal(t, jute.Zxid(6<<32|1), s.Durable(1))
	require.Equal(t, jute.Zxid(7<<32), s.NextEpoch())
	require.False(t, s.Sync())
}
