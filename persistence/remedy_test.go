package persistence_test

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

// TestAcceptedLoss does what a refusal says, and has everything that was good before the place.
func TestAcceptedLoss(t *testing.T) {
	record := len(entry(1).Payload) + 13
	older, newer := verDir+"/log.1", verDir+"/log.21"
	cut := func(name string, size int) func(*simfs.Disk) {
		return func(disk *simfs.Disk) { disk.Write(name, disk.Read(name)[:size]) }
	}
	flip := func(name string, i int) func(*simfs.Disk) {
		return func(disk *simfs.Disk) { disk.FlipBit(name, int64(16+i*record+30)*8) }
	}
	gone := func(prefixes ...string) func(*simfs.Disk) {
		return func(disk *simfs.Disk) {
			for _, name := range disk.Names() {
				for _, prefix := range prefixes {
					if strings.HasPrefix(path.Base(name), prefix) {
						disk.Delete(name)
					}
				}
			}
		}
	}
	for _, tc := range []struct {
		name   string
		apache bool
		damage func(*simfs.Disk)
		reason string
		want   jute.Zxid
	}{
		{"newest log missing", false, gone("log.21"), "the log file is missing", 32},
		{"log ends early", false, cut(newer, 16+20*record), "durable up to byte", 52},
		{"log torn early", false, cut(newer, 16+20*record+9), "durable up to byte", 52},
		{"log without a record", false, cut(newer, 16), "durable up to byte", 32},
		{"log empty", false, cut(newer, 0), "durable up to byte", 32},
		{"bit in the newest", false, flip(newer, 20), "durable up to byte", 52},
		{"bit in an older one", false, flip(older, 20), "bad checksum", 20},
		{"first bit", false, flip(older, 0), "bad checksum", 0},
		{"bit of Apache's", true, flip(newer, 20), "a whole record behind", 52},
		{"older bit of Apache's", true, flip(older, 20), "a whole record behind", 20},
		{"older log missing", false, gone("log.1"), "followed by zxid 0x21", 0},
		{"half a sidecar", false, gone("walmeta.0"), "is missing", 64},
		{"other half", false, gone("walmeta.1"), "is missing", 64},
		{"sidecar unreadable", false, func(disk *simfs.Disk) {
			disk.FlipBit(verDir+"/walmeta.0", 100)
			disk.FlipBit(verDir+"/walmeta.1", 100)
		}, "is unreadable", 64},
		{"nothing left", false, gone("log.", "snapshot."), "no file is left", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			disk := logOf64(t, testOptions(), tc.apache)
			tc.damage(disk)
			follow(t, disk, tc.reason, tc.want)
		})
	}
}

// TestAcceptedLossOfASnapshot: the log ends where a snapshot was received, which is gone.
func TestAcceptedLossOfASnapshot(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	must(t, s.add(3))
	must(t, s.snapshot(50))
	must(t, s.log.Restart(50))
	mustStart(t, disk, testOptions())
	disk.Delete(verDir + "/snapshot.32")
	follow(t, disk, "transactions up to 0x32 were durable", 3)
}

// follow is who accepts a loss.
func follow(t *testing.T, disk *simfs.Disk, reason string, want jute.Zxid) {
	t.Helper()
	_, err := start(disk, testOptions())
	var damage *persistence.DamageError
	if !errors.As(err, &damage) || !strings.Contains(err.Error(), reason) {
		t.Fatal(err)
	}
	t.Log(err)
	for _, name := range damage.Away {
		if !strings.Contains(err.Error(), name) {
			t.Fatalf("%s is not named by: %v", name, err)
		}
		disk.Delete(name)
	}
	if damage.Cut {
		if !strings.Contains(err.Error(), fmt.Sprintf("-s %d %s", damage.Offset, damage.File)) {
			t.Fatalf("the cut is not named by: %v", err)
		}
		disk.Write(damage.File, disk.Read(damage.File)[:damage.Offset])
	}
	s := mustStart(t, disk, testOptions())
	if s.mem.last() != want {
		t.Fatalf("last %v", s.mem.last())
	}
	must(t, s.add(2))
	s = mustStart(t, disk.PowerLoss(simfs.Everything()), testOptions())
	if s.mem.last() != want+2 || !s.rec.Own {
		t.Fatalf("afterwards last %v, own %v", s.mem.last(), s.rec.Own)
	}
}
