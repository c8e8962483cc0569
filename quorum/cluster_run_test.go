package quorum_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/pipe"
)

func TestThreeServersCommit(t *testing.T) {
	c := newCluster(1, pipe.Rules{}, 3, 1)
	c.log = os.Stdout
	c.start()
	require.True(t, c.until(5*time.Second, c.serve), "%v", c.Broken)
	for _, n := range c.nodes {
		c.write(n)
	}
	require.True(t, c.until(time.Second, func() bool {
		return len(c.oracle.committed) == 4 && c.equal()
	}), "%v", c.Broken)
	require.Empty(t, c.Broken)
}
