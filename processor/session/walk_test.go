package session_test

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/jute"
	"quoll/processor/session"
)

// Sessions are listed in pieces, between which others begin and end. Each session that was there
// all the time is listed once, with the timeout that it has. None is listed that never was there.
func TestSessionsAreListedInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := leading(session.NewTable(1000, 0, 1, 1))
		there, ever := map[jute.SessionID]int32{}, map[jute.SessionID]bool{}
		begin := func(timeout int32) {
			s := table.Create(timeout, 1, nil)
			table.Commit(s.ID, timeout)
			there[s.ID], ever[s.ID] = timeout, true
		}
		for range rapid.IntRange(0, 20).Draw(t, "sessions") {
			begin(4000)
		}
		table.Create(4000, 2, nil) // not committed: it is in no snapshot
		stayed := maps.Clone(there)
		var saved []session.Saved
		var c session.Cursor
		var d session.Deadlines
		for more := true; more; {
			most := rapid.IntRange(1, 5).Draw(t, "most")
			before := len(saved)
			saved, more = table.SnapshotPart(saved, &c, most)
			require.LessOrEqual(t, len(saved), before+most)
			table.DeadlinesPart(&d, most)
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				ids := slices.Sorted(maps.Keys(there))
				switch kind := rapid.IntRange(0, 2).Draw(t, "kind"); {
				case kind == 0:
					begin(6000)
				case len(ids) == 0:
				default:
					id := rapid.SampledFrom(ids).Draw(t, "id")
					table.Remove(id)
					delete(there, id)
					delete(stayed, id)
				}
			}
		}
		saved = session.Sorted(saved)
		require.True(t, slices.IsSortedFunc(saved, func(a, b session.Saved) int {
			return cmp.Compare(a.ID, b.ID)
		}))
		listed := map[jute.SessionID]int32{}
		for _, s := range saved {
			require.NotContains(t, listed, s.ID, "twice")
			require.True(t, ever[s.ID])
			listed[s.ID] = s.TimeoutMillis
		}
		for id, timeout := range stayed {
			require.Equal(t, timeout, listed[id], id)
		}
		for table.DeadlinesPart(&d, 7) {
		}
		seen := map[jute.SessionID]bool{}
		for _, deadline := range d.List() {
			for _, id := range deadline.IDs {
				require.False(t, seen[id], "twice at one time")
				seen[id] = true
			}
		}
		for id := range stayed {
			require.True(t, seen[id], id)
		}
		require.Len(t, table.Snapshot(nil), len(there))
	})
}

func TestWhatWasListedLastHolds(t *testing.T) {
	saved := session.Sorted([]session.Saved{{ID: 2, TimeoutMillis: 1}, {ID: 1}, {ID: 2}})
	require.Equal(t, []session.Saved{{ID: 1}, {ID: 2}}, saved)
}
