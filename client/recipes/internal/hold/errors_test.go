package hold_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// TestAWriteThatWasNotDoneIsLost: a request may hear of the session's end before the Held does, and
// its error must say the same (a campaigner that proclaimed in that moment got the bare error).
func TestAWriteThatWasNotDoneIsLost(t *testing.T) {
	require.NoError(t, hold.LostWrite(nil))
	for _, over := range []error{client.ErrSessionExpired, client.ErrClosed, client.ErrAuthFailed} {
		err := hold.LostWrite(fmt.Errorf("set: %w", over))
		require.ErrorIs(t, err, hold.ErrLost)
		require.ErrorIs(t, err, over)
		require.Equal(t, err, hold.LostWrite(err), "said once")

		unsure := fmt.Errorf("%w: %w", client.ErrUnknownOutcome, over)
		require.NotErrorIs(t, hold.LostWrite(unsure), hold.ErrLost, "it may have been done")
		require.ErrorIs(t, hold.Lost(unsure), hold.ErrLost)
	}
	require.NotErrorIs(t, hold.LostWrite(client.ErrBadVersion), hold.ErrLost)
}
