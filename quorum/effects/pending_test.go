package effects

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

func TestTicketsAndGenerationsCountUp(t *testing.T) {
	var p Pending
	require.EqualValues(t, 1, p.Ask(DiskOp{Kind: AcceptEpoch, Epoch: 3}))
	require.EqualValues(t, 1, p.Start(Job{Kind: CanCut}))
	ticket, generation := p.Load()
	require.EqualValues(t, 2, ticket)
	require.EqualValues(t, 2, generation)
	require.Zero(t, p.Turn())
	f := p.Take()
	require.EqualValues(t, 1, p.Turn())
	require.Equal(t, []DiskOp{{Kind: AcceptEpoch, Epoch: 3}, {Kind: Load, Generation: 2}}, f.Disk)
	require.Equal(t, []Job{{Kind: CanCut, Generation: 1}}, f.Jobs)
	require.EqualValues(t, 3, p.Ask(DiskOp{Kind: Cut, Zxid: 7}))
	require.EqualValues(t, 3, p.Given())
}

func TestAConnectionIsWrittenToOnceAStep(t *testing.T) {
	var p Pending
	for _, to := range []LinkID{4, 9, 4} {
		b := p.To(to)
		*b = append(*b, byte(to), 0)
	}
	f := p.Take()
	require.Equal(t, []Outgoing{{Link: 4, Data: []byte{4, 0, 4, 0}}, {Link: 9, Data: []byte{9, 0}}},
		f.Send)
	sent := f.Send[0].Data
	p.Take() // the other half of the pair
	b := p.To(4)
	*b = append(*b, 1)
	require.Equal(t, []byte{4, 0, 4, 0}, sent, "what was sent is not written to again")
}

func TestEffectsAreTakenOnce(t *testing.T) {
	var p Pending
	p.Tell(Delivery{Kind: Commit, Zxid: 8})
	p.Link(LinkOp{Kind: Close, Link: 2})
	f := p.Take()
	require.Equal(t, []Delivery{{Kind: Commit, Zxid: 8}}, f.Deliver)
	require.Equal(t, []LinkOp{{Kind: Close, Link: 2}}, f.Links)
	require.Empty(t, p.Take().Deliver)
	require.Empty(t, p.Take().Links)
}

func TestAStepAllocatesNothingForTheDisk(t *testing.T) {
	var p Pending
	op := DiskOp{Entry: jute.Entry{Header: jute.TxnHeader{Zxid: 1}}}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		p.Ask(op)
		p.Take()
	}))
}
