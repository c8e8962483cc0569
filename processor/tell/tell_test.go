package tell

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryKindHasAName(t *testing.T) {
	seen := map[string]bool{}
	for k := Nothing; k <= Kinds; k++ {
		require.NotEmpty(t, k.String(), "%d", k)
		require.False(t, seen[k.String()], k)
		seen[k.String()] = true
	}
	require.Equal(t, "unknown", (Kinds + 9).String())
}

// What a client sends must not be kept whole.
func TestClip(t *testing.T) {
	require.Equal(t, "digest", Clip([]byte("digest")))
	require.Empty(t, Clip(nil))
	require.Len(t, Clip([]byte(strings.Repeat("x", 1<<20))), clipBytes)
}
