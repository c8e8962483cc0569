package session_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/session"
)

// TestOnlyTheWholePasswordIsOne: a password of another length, with another byte, or with bytes
// behind it is none. A client that has the password has the session.
func TestOnlyTheWholePasswordIsOne(t *testing.T) {
	for _, id := range []jute.SessionID{1, 0x100000000000001, -1} {
		right := javaPassword(int64(id))
		require.True(t, session.CheckPassword(id, right))
		for n := range right {
			require.False(t, session.CheckPassword(id, right[:n]), "the first %d bytes", n)
			wrong := bytes.Clone(right)
			wrong[n] ^= 1
			require.False(t, session.CheckPassword(id, wrong), "byte %d", n)
		}
		require.False(t, session.CheckPassword(id, append(bytes.Clone(right), 0)))
		require.False(t, session.CheckPassword(id, append(bytes.Clone(right), right...)))
		require.False(t, session.CheckPassword(id, make([]byte, 16)), "zeros")
	}
}
