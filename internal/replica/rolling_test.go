package replica_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/jute"
	"quoll/quorum/effects"
)

// TestTheLogRollsByNumberAndByBytes: random returns 0, so a limit is half of the configured one.
// The transaction that goes beyond it is the last one of its file, and a snapshot follows.
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
		rules  replica.RollRules
		data   string
		rolled []jute.Zxid
	}{
		"by number": {replica.RollRules{SnapCount: 8}, "x", []jute.Zxid{5, 10}},
		"by bytes, of 1 KiB each": {
			replica.RollRules{SnapCount: 1000, SnapSizeBytes: 8 << 10},
			strings.Repeat("x", 1<<10), []jute.Zxid{6, 10},
		},
		"no limit of bytes": {
			replica.RollRules{SnapCount: 1000}, strings.Repeat("x", 1<<10), nil,
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

// Only one snapshot is written at a time. The next one begins when the running job has ended. The
// end of an older job does not count, and neither does that of a job that was never started.
func TestTheEndOfAnotherJobIsNotThatOfTheSnapshot(t *testing.T) {
	w := rollingWorld(t, replica.RollRules{SnapCount: 2})
	c := w.connect()
	c.feed(c.ask(jute.OpCreate, create("/a", "", 0)))
	roll := func() {
		rolls := len(w.rolled)
		for len(w.rolled) == rolls {
			c.feed(c.ask(jute.OpSetData, set("/a", "x")))
			w.all()
		}
	}
	roll()
	require.Equal(t, 1, w.walks)
	first := w.walking
	over := func(generations ...uint64) {
		ev := replica.Events{Now: w.now}
		for _, g := range generations {
			done := effects.JobDone{Generation: g}
			ev.Jobs = append(ev.Jobs, replica.JobDone{JobDone: done})
		}
		w.run(&ev)
	}
	over(first-1, first+1)
	roll()
	require.Equal(t, 1, w.walks, "the first one is still being written")
	over(first)
	require.Equal(t, 2, w.walks, "which was due meanwhile")
	require.NotEqual(t, first, w.walking)
	over(first) // reported again
	roll()
	require.Equal(t, 2, w.walks)
	over(first, w.walking)
	require.Equal(t, 3, w.walks)
}
