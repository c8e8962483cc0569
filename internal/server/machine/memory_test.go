package machine

import (
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHeadroomFollowsTheLiveHeap(t *testing.T) {
	require.Equal(t, 800, gcPercent(0), "a new server collects each 32 MiB")
	require.Equal(t, 100, gcPercent(32<<20))
	require.Equal(t, 14, gcPercent(224<<20))
	require.Equal(t, 5, gcPercent(8<<30))
}

// An operator who sets GOGC or GOMEMLIMIT knows the machine better than our rule.
func TestTheEnvironmentsPaceOfTheCollectorWins(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(123))
	for _, set := range []string{"GOGC", "GOMEMLIMIT"} {
		h := NewHeadroom(func(name string) string {
			if name == set {
				return "50"
			}
			return ""
		})
		h.Maybe(time.Now())
		require.Equal(t, 123, debug.SetGCPercent(123), set)
	}
	NewHeadroom(func(string) string { return "" }).Maybe(time.Now())
	require.NotEqual(t, 123, debug.SetGCPercent(123), "nobody chose")
}
