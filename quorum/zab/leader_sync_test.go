package zab

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLogBytes: how much of the log a learner is sent before it gets a snapshot, as in Apache's
// ZKDatabase.
func TestLogBytes(t *testing.T) {
	size := func() int64 { return 1000 }
	for _, c := range []struct {
		factor float64
		size   func() int64
		want   int64
	}{
		{0.33, size, 330}, {-1, size, -1}, {0, size, 1 << 62}, {0.33, nil, 1 << 62}, {-1, nil, -1},
	} {
		le := &Leader{config: LeaderConfig{SnapshotSizeFactor: c.factor, SnapshotBytes: c.size}}
		require.Equal(t, c.want, le.logBytes(), "factor %v", c.factor)
	}
}
