package quorum_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/quorum"
)

func entry(zxid jute.Zxid) jute.Entry {
	return jute.Entry{Header: jute.TxnHeader{Zxid: zxid}}
}

func TestSoloCommitsWhatItsLogHas(t *testing.T) {
	s := quorum.NewSolo(7)
	s.Propose(entry(8))
	s.Propose(entry(9))
	first := s.Take().Append
	require.Len(t, first, 2)
	require.Equal(t, jute.Zxid(8), first[0].Header.Zxid)
	s.Propose(entry(10))
	require.Equal(t, jute.Zxid(9), first[1].Header.Zxid, "valid until the next Take")
	require.Equal(t, jute.Zxid(8), s.Durable(8))
	require.Equal(t, jute.Zxid(8), s.Durable(7), "never back")
	require.Len(t, s.Take().Append, 1)
	require.Empty(t, s.Take().Append)
}

// Rule 7: a zxid is proposed once, and nothing is durable that was not proposed.
func TestSoloRefusesTheImpossible(t *testing.T) {
	s := quorum.NewSolo(7)
	require.Panics(t, func() { s.Propose(entry(7)) })
	s.Propose(entry(8))
	require.Panics(t, func() { s.Propose(entry(8)) })
	require.Panics(t, func() { s.Durable(9) })
}
