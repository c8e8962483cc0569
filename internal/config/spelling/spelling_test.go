package spelling_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/config/spelling"
)

func TestTheNearestName(t *testing.T) {
	names := []string{"snapCount", "tickTime", "dataDir", "dataLogDir", "maxClientCnxns",
		"globalOutstandingLimit"}
	for wrong, want := range map[string]string{
		"snapcount": "snapCount", "snapCoutn": "snapCount", "tiktime": "tickTime",
		"datadir": "dataDir", "dataLog": "", "maxClientConnections": "",
		"x": "", "": "", "globalOutstandingLimits": "globalOutstandingLimit",
	} {
		require.Equal(t, want, spelling.Nearest(wrong, names), wrong)
	}
}
