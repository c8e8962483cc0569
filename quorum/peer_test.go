package quorum_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/quorum"
	"quoll/quorum/effects"
	"quoll/quorum/zab"
)

func alone(last jute.Zxid) *quorum.Peer {
	return quorum.NewPeer(quorum.Config{Alone: true},
		quorum.Start{Standing: zab.Standing{Last: last, Applied: last}})
}

func TestAlone(t *testing.T) {
	p := alone(7)
	require.Equal(t, []effects.Delivery{{Kind: effects.Lead, Zxid: 7}, {Kind: effects.Serve}},
		p.Take().Deliver)
	p.Propose(entry(8))
	p.Propose(entry(9))
	f := p.Take()
	require.Len(t, f.Disk, 2)
	require.Empty(t, f.Deliver)
	p.Step(0, &quorum.Event{Disk: 1})
	require.Equal(t, []effects.Delivery{{Kind: effects.Commit, Zxid: 8}}, p.Take().Deliver)
	p.Step(0, &quorum.Event{Disk: 1})
	require.Empty(t, p.Take().Deliver, "told twice")
	require.Panics(t, p.NextEpoch)
	p.Step(0, &quorum.Event{Disk: 2})
	p.NextEpoch()
	require.Equal(t, []effects.Delivery{{Kind: effects.Commit, Zxid: 9},
		{Kind: effects.Lead, Zxid: 1 << 32}, {Kind: effects.Serve}}, p.Take().Deliver)
	require.False(t, p.Sync())
	require.Equal(t, quorum.Status{Role: quorum.Alone, Stands: true, Epoch: 1, Proposed: 1 << 32},
		p.Status())
}

func TestAloneNobodyIsAsked(t *testing.T) {
	p := alone(0)
	require.Panics(t, func() { p.Forward(&jute.LearnerRequest{}) })
	require.Panics(t, func() { p.Revalidate(jute.SessionTimeout{}) })
}

// TestAloneAllocatesNothing: a batch of writes costs what it costs Solo.
func TestAloneAllocatesNothing(t *testing.T) {
	p := alone(0)
	e, zxid := entry(0), jute.Zxid(0)
	var ev quorum.Event
	require.Zero(t, testing.AllocsPerRun(100, func() {
		zxid++
		e.Header.Zxid = zxid
		p.Propose(e)
		p.Take()
		ev.Disk++
		p.Step(0, &ev)
		p.Take()
	}))
}
