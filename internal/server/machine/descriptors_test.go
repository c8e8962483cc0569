package machine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/config"
	ensembleconfig "quoll/quorum/config"
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

// A member's ports have room for each other member twice, and for some strangers: fewer where there
// are few descriptors. All of it is counted.
func TestDescriptorsForPeers(t *testing.T) {
	lines := []string{"dataDir=/data", "clientPort=0", "tickTime=2000", "initLimit=5", "syncLimit=5"}
	alone, err := config.Load("", lines)
	require.NoError(t, err)
	accepted, all := ForPeers(alone, 1024)
	require.Zero(t, accepted+all)
	three := *alone
	three.Quorum.Members, err = ensembleconfig.ParseText(
		"server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n", ensembleconfig.Rules{})
	require.NoError(t, err)
	for open, strangers := range map[int]int{0: 128, 64: 8, 1024: 32, 1 << 20: 128} {
		accepted, all := ForPeers(&three, open)
		require.Equal(t, 3*2+strangers, accepted, open)
		require.Equal(t, 2*accepted+3*3, all, "both ports, and towards the others")
	}
}
