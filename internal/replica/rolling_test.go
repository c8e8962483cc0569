package replica_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/jute"
)

// TestTheLogRollsByNumberAndByBytes: random gives 0, so that a limit is half of the configured one;
// the transaction that passes it is the last of its file, and a snapshot follows.
func TestTheLogRollsByNumberAndByBytes(t *testing.T) {
	write := func(w *world, data string) {
		c := w.connect()
		c.feed(c.ask(jute.OpCreate, create("/a", "", 0))) // zxid 2, behind the session's
		for range 8 {
			c.feed(c.ask(jute.OpSetData, set("/a", data)))
			w.all()
		}
	}
	for name, c := range map[string]struct {
		rules  replica.SyncRules
		data   string
		rolled []jute.Zxid
	}{
		"by number": {replica.SyncRules{SnapCount: 8}, "x", []jute.Zxid{5, 10}},
		"by bytes, of 1 KiB each": {
			replica.SyncRules{SnapCount: 1000, SnapSizeBytes: 8 << 10},
			strings.Repeat("x", 1<<10), []jute.Zxid{6, 10},
		},
		"no limit of bytes": {
			replica.SyncRules{SnapCount: 1000}, strings.Repeat("x", 1<<10), nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := rollingWorld(t, c.rules)
			write(w, c.data)
			require.Equal(t, c.rolled, w.rolled)
			require.Equal(t, len(c.rolled) > 0, w.walks > 0)
		})
	}
}
