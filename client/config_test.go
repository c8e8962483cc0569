package client

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseConfig(t *testing.T) {
	config := parseConfig("server.1=zk1:2888:3888:participant;0.0.0.0:2181\n" +
		"server.2=10.0.0.2:2888:3888:observer;10.1.0.2:2182\n" +
		"server.3=[::1]:2888:3888|[::2]:2888:3888:participant;2183\n" +
		"server.4=zk4:2888:3888\n" +
		"server.5=zk5:2888:3888;[::]:2185;2281\n" +
		"group.1=1:2\nnonsense\nversion=100000003")
	require.Equal(t, int64(0x100000003), config.Version)
	require.Len(t, config.Members, 5)
	require.Equal(t, []string{"zk1:2181", "10.1.0.2:2182", "[::1]:2183", "zk5:2185"},
		clientAddresses(config))
	require.Equal(t, Member{ID: 4, Spec: "zk4:2888:3888"}, config.Members[3])
	require.Empty(t, parseConfig("").Members)
}
