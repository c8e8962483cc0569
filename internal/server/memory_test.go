package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeadroomFollowsTheLiveHeap(t *testing.T) {
	require.Equal(t, 800, gcPercent(0), "a new server collects each 32 MiB")
	require.Equal(t, 100, gcPercent(32<<20))
	require.Equal(t, 14, gcPercent(224<<20))
	require.Equal(t, 5, gcPercent(8<<30))
}
