package zktest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A server that was given one port twice did not start: "is both quorum and election port".
func TestPortsOfAServerDiffer(t *testing.T) {
	for range 20_000 {
		ports, err := freePorts("127.0.0.1")
		require.NoError(t, err)
		require.NotEqual(t, ports[0], ports[1])
	}
}
