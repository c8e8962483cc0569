package machine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/config"
)

func TestLimitsThatDescriptorsMakeImpossibleAreTold(t *testing.T) {
	for _, c := range []struct {
		defines []string
		room    int
		want    []string
	}{
		{nil, 0, nil},
		{nil, 60_000, nil},
		{nil, 4096, nil},
		{nil, 768, []string{"768 connections"}},
		{[]string{"maxCnxns=60000"}, 60_000, nil},
		{[]string{"maxCnxns=60001"}, 60_000, []string{"maxCnxns is 60001"}},
		{[]string{"quoll.maxSessions=60001"}, 60_000, []string{"quoll.maxSessions is 60001"}},
		{[]string{"quoll.maxSessions=100"}, 60_000, nil},
		{[]string{"maxCnxns=1000", "quoll.maxSessions=1000"}, 768,
			[]string{"maxCnxns is 1000", "quoll.maxSessions is 1000"}},
	} {
		cfg, err := config.Load("", append([]string{"dataDir=/data", "clientPort=0"}, c.defines...))
		require.NoError(t, err)
		got := WithoutDescriptors(cfg, c.room)
		require.Len(t, got, len(c.want), "%v %d", c.defines, c.room)
		for i, want := range c.want {
			require.Contains(t, got[i], want)
		}
	}
}
