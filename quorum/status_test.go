package quorum_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute/ensemble"
	"quoll/quorum"
	"quoll/quorum/election"
)

// Whoever wonders why a server finds no leader is told what the others say: here that server 3
// leads, and the server that says so is no quorum.
func TestASearchTellsWhatTheOthersSay(t *testing.T) {
	d := newDesk(t, 3, 1, standing(0, 0, 0))
	require.Empty(t, d.p.Status().Answers, "its own vote is no answer")
	d.says(2, reigning(2, 5))
	require.Equal(t, []election.Said{{Sid: 2, State: ensemble.Following, Leader: 3}},
		d.p.Status().Answers)
	d.says(3, reigning(3, 5))
	require.Equal(t, quorum.Following, d.p.Status().Role)
	require.Empty(t, d.p.Status().Answers)
}
