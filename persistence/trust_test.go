package persistence_test

import (
	"errors"
	"path"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

// TestLogsStandForSnapshots: with snapshot.trust.empty, snapshots that are cut short are ignored if
// the logs have all their transactions.
func TestLogsStandForSnapshots(t *testing.T) {
	eachSnapshot := func(disk *simfs.Disk, f func(p []byte) []byte) {
		for _, name := range disk.Names() {
			if strings.HasPrefix(path.Base(name), "snapshot.") {
				disk.Write(name, f(disk.Read(name)))
			}
		}
	}
	empty := func(disk *simfs.Disk) { eachSnapshot(disk, func([]byte) []byte { return nil }) }
	for _, tc := range []struct {
		name string
		do   func(disk *simfs.Disk)
		want string // of the refusal
	}{
		{"empty", empty, ""},
		{"cut off", func(disk *simfs.Disk) {
			eachSnapshot(disk, func(p []byte) []byte { return p[:len(p)-1] })
		}, ""},
		{"one is not whole inside", func(disk *simfs.Disk) {
			empty(disk)
			p := snapshotOf(5)
			p[len(p)/2] ^= 1
			disk.Write(verDir+"/snapshot.5", p)
		}, "snapshot among 4; " + verDir + "/snapshot.12"},
		{"purged", func(disk *simfs.Disk) {
			empty(disk)
			disk.Delete(verDir + "/snapshot.0")
			disk.Delete(verDir + "/log.1")
		}, "do not begin with the first"},
		{"a log is missing", func(disk *simfs.Disk) {
			empty(disk)
			disk.Delete(verDir + "/log.6")
		}, "followed by zxid 0xd"},
		{"the first log is empty", func(disk *simfs.Disk) {
			empty(disk)
			disk.Delete(verDir + "/snapshot.5")
			disk.Write(verDir+"/log.1", disk.Read(verDir + "/log.1")[:16])
		}, "restore the directory"},
		{"a snapshot has more than the logs", func(disk *simfs.Disk) {
			empty(disk)
			disk.Write(verDir+"/snapshot.17", nil)
		}, "the logs lack 0x17"},
		{"no log", func(disk *simfs.Disk) {
			empty(disk)
			for _, name := range []string{"/log.1", "/log.6", "/log.d", "/log.13"} {
				disk.Delete(verDir + name)
			}
		}, "no valid snapshot"},
	} {
		for _, apache := range []bool{false, true} {
			b := newBench(testOptions())
			must(t, build(b))
			if apache {
				b.disk.Delete(verDir + "/walmeta.0")
				b.disk.Delete(verDir + "/walmeta.1")
			}
			tc.do(b.disk)
			if _, err := start(b.disk.Kill(), testOptions()); !refused(err) {
				t.Errorf("%s, apache=%v, not trusted: %v", tc.name, apache, err)
			}
			opt := testOptions()
			opt.TrustEmptySnapshot = true
			s, err := start(b.disk, opt)
			if tc.want != "" {
				if !refused(err) || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("%s, apache=%v: %v", tc.name, apache, err)
				}
				continue
			}
			if err != nil || s.mem.last() != 20 || len(s.mem.txns) != 20 || s.mem.resets > 0 {
				t.Fatalf("%s, apache=%v: %v, %+v", tc.name, apache, err, s)
			}
			must(t, s.snapshot(20))
			must(t, s.add(1))
			if s = mustStart(t, b.disk.Kill(), testOptions()); s.mem.last() != 21 || !s.rec.Own {
				t.Fatalf("%s: afterwards %v", tc.name, s.mem.last())
			}
		}
	}
}

// snapshotOf is a whole snapshot file.
func snapshotOf(zxid jute.Zxid) []byte {
	disk := simfs.New()
	s, err := start(disk, testOptions())
	if err = errors.Join(err, s.snapshot(zxid)); err != nil {
		panic(err)
	}
	return disk.Read(verDir + "/" + persistence.SnapName(zxid, 0))
}

// TestLogsOfAnEnsemble: a log that begins with the first transaction of an ensemble proves nothing
// once something was purged, because the server may have run alone before.
func TestLogsOfAnEnsemble(t *testing.T) {
	first := jute.Zxid(1<<32 | 1)
	opt := testOptions()
	opt.TrustEmptySnapshot = true
	for _, older := range []bool{true, false} {
		disk := simfs.New()
		must(t, disk.MkdirAll(verDir))
		disk.Write(verDir+"/"+persistence.LogName(first), apacheLog(first, first+1, first+2))
		disk.Write(verDir+"/"+persistence.SnapName(first+1, 0), nil)
		if older {
			disk.Write(verDir+"/snapshot.0", nil)
		}
		s, err := start(disk, opt)
		switch {
		case older && (err != nil || s.mem.last() != first+2):
			t.Error(err)
		case !older && !errors.Is(err, persistence.ErrNoValidSnapshot):
			t.Error(err)
		}
	}
}

// TestFirstSnapshotNotWhole: a first start that was interrupted leaves a file that is too short,
// but no other content.
func TestFirstSnapshotNotWhole(t *testing.T) {
	disk := simfs.New()
	must(t, disk.MkdirAll(verDir))
	p := snapshotOf(0)
	p[len(p)/2] ^= 1
	disk.Write(verDir+"/snapshot.0", p)
	if _, err := start(disk, testOptions()); !errors.Is(err, persistence.ErrNoValidSnapshot) {
		t.Fatal(err)
	}
}
