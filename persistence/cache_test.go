package persistence_test

import (
	"errors"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
)

// TestASnapshotLeavesTheCacheAsItGrows: what is on disk is dropped from memory, and nothing else.
// What could not be flushed stays, so that the next reader sees it as the process did.
func TestASnapshotLeavesTheCacheAsItGrows(t *testing.T) {
	for _, fails := range []bool{false, true} {
		disk := simfs.New()
		s, err := start(disk, testOptions())
		must(t, err)
		var calls []simfs.Op
		disk.Inject = func(c simfs.Call) (out simfs.Outcome) {
			if !strings.Contains(c.Name, "tmp.snapshot") {
				return out
			}
			calls = append(calls, c.Op)
			if fails && c.Op == simfs.OpSync {
				out.Err = errors.New("no room")
			}
			return out
		}
		if err := s.snapshot(1); fails != (err != nil) {
			t.Fatal(err)
		}
		dropped := 0
		for i, op := range calls {
			if op != simfs.OpDrop {
				continue
			}
			if dropped++; calls[i-1] != simfs.OpSync {
				t.Errorf("dropped behind %v", calls[i-1])
			}
		}
		if fails != (dropped == 0) {
			t.Errorf("with a failing flush %v: dropped %d times in %v", fails, dropped, calls)
		}
	}
}
