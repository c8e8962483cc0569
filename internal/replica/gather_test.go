package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/processor"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/prep"
	"quoll/processor/session"
	"quoll/quorum/effects"
)

// The sessions for a snapshot are listed in several steps, so that a million of them do not delay
// requests. Some sessions end meanwhile. The list has all sessions that stay, and it belongs to a
// snapshot that was due before the others ended.
func TestTheSessionsOfASnapshotAreListedInSteps(t *testing.T) {
	const sessions = 20_000
	var restored []session.Saved
	for i := range sessions {
		restored = append(restored, session.Saved{ID: jute.SessionID(i + 1), TimeoutMillis: 1 << 30})
	}
	restored[0].TimeoutMillis = 1000          // ends first, and makes the snapshot due
	restored[sessions-1].TimeoutMillis = 3000 // end while sessions are listed
	restored[5].TimeoutMillis = 3000
	tree := datatree.New(datatree.Options{})
	r := replica.New(replica.Config{
		Chain: processor.Rules{
			Prep: prep.Rules{Auth: &auth.Rules{}, CloseSessionTxn: true}, MaxApplyBatch: 16,
		},
		Roll: replica.RollRules{SnapCount: 1}, TickMillis: 1000, IntervalMillis: 1000,
		ExpiriesPerStepAtMost: 100,
		Reap:                  replica.ReapRules{CheckIntervalMillis: 1 << 40},
		Random:                func(int64) int64 { return 0 },
	}, tree, restored, mail.NewConns(), replica.Now{MonoMillis: 1, WallMillis: 1})
	var job *replica.SnapshotJob
	steps, ended := 0, 0
	step := func(ev replica.Events) (last jute.Zxid) {
		effects := r.Step(&ev)
		for _, a := range effects.Disk {
			last = a.Entry.Header.Zxid
			ended++
		}
		if job == nil && len(effects.Snapshots) > 0 {
			job = effects.Snapshots[0]
		}
		require.True(t, job != nil || effects.Again || ended < 2)
		return last
	}
	for now := int64(1001); job == nil; now += 1000 {
		at := replica.Now{MonoMillis: now, WallMillis: now}
		if last := step(replica.Events{Now: at, Tick: true}); last > 0 {
			step(replica.Events{Now: at, Disk: effects.Ticket(ended)})
		}
		steps++
		require.Less(t, steps, 50)
	}
	require.Greater(t, ended, 1, "sessions ended meanwhile")
	listed := session.Sorted(job.Sessions)
	has := map[jute.SessionID]bool{}
	for _, s := range listed {
		has[s.ID] = true
	}
	for _, s := range r.Sessions().Snapshot(nil) {
		require.True(t, has[s.ID], s.ID)
	}
	require.Less(t, job.Zxid, tree.Peek().LastZxid(), "their ends are above it and are replayed")
}
