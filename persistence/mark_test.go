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

const logsDir = "/logs/version-2"

func twoDirs() persistence.Options {
	opt := testOptions()
	opt.DataLogDir, opt.LogID = "/logs", 7
	return opt
}

// twoDirectories has a snapshot of 10 and logs up to 14.
func twoDirectories(t *testing.T, stop bool) *simfs.Disk {
	t.Helper()
	disk := simfs.New()
	s := mustStart(t, disk, twoDirs())
	must(t, errors.Join(s.add(10), s.snapshot(10), s.add(3), s.add(1)))
	if stop {
		must(t, s.dir.Close())
	}
	return disk.Kill()
}

func deleteIn(disk *simfs.Disk, dir string, prefixes ...string) {
	for _, name := range disk.Names() {
		for _, prefix := range prefixes {
			if strings.HasPrefix(name, dir+"/"+prefix) {
				disk.Delete(name)
			}
		}
	}
}

// TestTheLogIsNotThere: the mark beside the snapshots shows that dataLogDir is not mounted or was
// emptied. The start is refused if transactions would be lost and no setting allows that.
func TestTheLogIsNotThere(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(disk *simfs.Disk)
		want string // of the refusal; "": it starts
		last jute.Zxid
	}{
		{"nothing", func(*simfs.Disk) {}, "", 14},
		{"emptied", func(disk *simfs.Disk) { deleteIn(disk, logsDir, "") }, "has no log of ours", 10},
		{"another log directory", func(disk *simfs.Disk) {
			deleteIn(disk, logsDir, "")
			other := twoDirs()
			other.DataDir, other.LogID = "/other", 8
			s := mustStart(t, disk, other)
			must(t, errors.Join(s.add(2), s.dir.Close()))
			deleteIn(disk, logsDir, "log.")
		}, "belongs to other snapshots", 10},
		{"logs purged by hand", func(disk *simfs.Disk) { deleteIn(disk, logsDir, "log.") }, "durable", 0},
		{"a copy of the log, from before", func(disk *simfs.Disk) {
			deleteIn(disk, logsDir, "walmeta.")
			log := disk.Read(logsDir + "/log.1")
			disk.Write(logsDir+"/log.1", log[:16+12*(len(entry(1).Payload)+13)])
		}, "has no log of ours", 12},
		{"no mark", func(disk *simfs.Disk) {
			deleteIn(disk, logsDir, "")
			deleteIn(disk, verDir, "snapmeta.")
		}, "", 10},
		{"half a mark", func(disk *simfs.Disk) {
			deleteIn(disk, logsDir, "")
			deleteIn(disk, verDir, "snapmeta.1")
		}, "", 10},
		{"a copied mark", func(disk *simfs.Disk) {
			deleteIn(disk, logsDir, "")
			for i := range 2 {
				name := fmt.Sprintf("%s/snapmeta.%d", verDir, i)
				p := disk.Read(name)
				disk.Delete(name)
				disk.Write(name, p)
			}
		}, "", 10},
		{"a snapshot of another server", func(disk *simfs.Disk) {
			deleteIn(disk, logsDir, "")
			snap := disk.Read(verDir + "/snapshot.a")
			disk.Write(verDir+"/snapshot.b", snap)
		}, "", 11},
		{"an epoch of another server", func(disk *simfs.Disk) {
			deleteIn(disk, logsDir, "")
			disk.Write(verDir+"/acceptedEpoch", []byte("3"))
		}, "", 10},
	} {
		for _, stop := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, stopped=%v", tc.name, stop), func(t *testing.T) {
				disk := twoDirectories(t, stop)
				if tc.do(disk); tc.want != "" {
					before := everyFile(disk)
					_, err := start(disk, twoDirs())
					if !stop && tc.want != "durable" {
						// The mark is as old as the snapshot, and everything up to it is there.
						must(t, err)
						return
					}
					if !errors.Is(err, persistence.ErrDamaged) || !strings.Contains(err.Error(), tc.want) {
						t.Fatal(err)
					}
					if after := everyFile(disk); len(after) != len(before) {
						t.Fatal("the refused start changed something")
					}
					t.Log(err)
				}
				if tc.want == "durable" {
					return
				}
				opt := twoDirs()
				opt.TrustMissingLog = tc.want != ""
				s, err := start(disk, opt)
				must(t, err)
				if s.mem.last() != tc.last {
					t.Fatalf("last %v", s.mem.last())
				}
				must(t, s.add(2))
				s, err = start(disk.PowerLoss(simfs.Everything()), twoDirs())
				must(t, err)
				if s.mem.last() != tc.last+2 || !s.rec.Own {
					t.Fatalf("afterwards last %v, own %v", s.mem.last(), s.rec.Own)
				}
			})
		}
	}
}

// TestWhatTheRefusalSays: the refusal names the zxids, the directory, how many transactions would
// be lost, and the two remedies.
func TestWhatTheRefusalSays(t *testing.T) {
	disk := twoDirectories(t, true)
	deleteIn(disk, logsDir, "")
	_, err := start(disk, twoDirs())
	for _, part := range []string{"a log reached 0xe", logsDir + " reaches 0xa", "4 transactions",
		"mount it", "quoll.trustMissingLog=true"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
}

// TestOneDirectoryWhereThereWereTwo: dataLogDir was removed from the settings. After one start that
// is allowed to miss the log, further starts need no such setting.
func TestOneDirectoryWhereThereWereTwo(t *testing.T) {
	disk, opt := twoDirectories(t, true), testOptions()
	if _, err := start(disk, opt); !errors.Is(err, persistence.ErrDamaged) {
		t.Fatal(err)
	}
	opt.TrustMissingLog = true
	s := mustStart(t, disk, opt)
	must(t, s.add(1))
	opt.TrustMissingLog = false
	if s = mustStart(t, disk, opt); s.mem.last() != 11 {
		t.Fatal(s.mem.last())
	}

	disk = simfs.New()
	mustStart(t, disk, opt)
	if disk.Exists(verDir + "/snapmeta.0") {
		t.Fatal("a mark beside the sidecar")
	}
}

// TestSnapshotsAlone is the usual backup: it starts in a new directory.
func TestSnapshotsAlone(t *testing.T) {
	disk := twoDirectories(t, true)
	must(t, disk.MkdirAll(copyDir+"/version-2"))
	for _, name := range disk.Names() {
		if strings.HasPrefix(name, verDir+"/") {
			disk.Write(copyDir+"/version-2/"+path.Base(name), disk.Read(name))
		}
	}
	opt := testOptions()
	opt.DataDir = copyDir
	s := mustStart(t, disk, opt)
	if s.mem.last() != 10 {
		t.Fatal(s.mem.last())
	}
}

// TestAMarkAndATruncation: the mark does not demand transactions that a leader had cut off.
func TestAMarkAndATruncation(t *testing.T) {
	disk := twoDirectories(t, true)
	s := mustStart(t, disk, twoDirs())
	must(t, s.dir.Truncate(12))
	deleteIn(disk, logsDir, "")
	_, err := start(disk.Kill(), twoDirs())
	if err == nil || !strings.Contains(err.Error(), "a log reached 0xc") {
		t.Fatal(err)
	}
}

// TestAMarkThatCannotBeWritten: a server starts also if the disk of the snapshots is full.
func TestAMarkThatCannotBeWritten(t *testing.T) {
	disk := twoDirectories(t, true)
	disk.Inject = func(call simfs.Call) simfs.Outcome {
		if call.Op == simfs.OpWrite && strings.HasPrefix(call.Name, verDir) {
			return simfs.Outcome{Err: simfs.ErrFull}
		}
		return simfs.Outcome{}
	}
	s := mustStart(t, disk, twoDirs())
	if !errors.Is(s.rec.MarkError, simfs.ErrFull) || s.mem.last() != 14 {
		t.Fatalf("%v, %v", s.rec.MarkError, s.mem.last())
	}
	must(t, s.add(2))
	must(t, s.dir.Close())
	disk.Inject = nil
	if s = mustStart(t, disk, twoDirs()); s.mem.last() != 16 || s.rec.MarkError != nil {
		t.Fatalf("%v, %v", s.rec.MarkError, s.mem.last())
	}
}

// TestTheSnapshotDirectoryIsGone: the server starts empty, as Apache does, and reports what it
// knows of the earlier data.
func TestTheSnapshotDirectoryIsGone(t *testing.T) {
	disk := twoDirectories(t, true)
	deleteIn(disk, verDir, "")
	if _, err := start(disk.Kill(), twoDirs()); !errors.Is(err, persistence.ErrNoSnapshot) {
		t.Fatal(err)
	}
	deleteIn(disk, logsDir, "log.")
	s := mustStart(t, disk, twoDirs())
	if !s.rec.Empty || s.rec.Vanished != 14 || s.rec.LastZxid != 0 {
		t.Fatalf("%+v", s.rec)
	}
	must(t, s.add(1))
	if s = mustStart(t, disk, twoDirs()); s.rec.Vanished != 0 || s.mem.last() != 1 {
		t.Fatalf("%+v", s.rec)
	}
}

// TestAnEmptyDirectoryOfOneServer: with db.autocreate=false it needs the file initialize.
func TestAnEmptyDirectoryOfOneServer(t *testing.T) {
	opt := testOptions()
	opt.DBAutoCreate, opt.Alone = false, true
	disk := simfs.New()
	if _, err := start(disk, opt); !errors.Is(err, persistence.ErrDirectory) ||
		!strings.Contains(err.Error(), dataDir+"/initialize") || len(disk.Names()) > 0 {
		t.Fatal(err, disk.Names())
	}
	disk.Write(dataDir+"/initialize", nil)
	s := mustStart(t, disk, opt)
	must(t, s.add(1))
	if s = mustStart(t, disk, opt); s.mem.last() != 1 {
		t.Fatal(s.mem.last())
	}
}

// TestCrashEverywhereInTwoDirectories: no crash makes the log look as if it were elsewhere.
func TestCrashEverywhereInTwoDirectories(t *testing.T) {
	opt := twoDirs()
	opt.Log.Watermark = persistence.Lag
	step := 31
	if short() {
		step = 199
	}
	b := newBench(opt)
	c := crashMatrix(b, func() error {
		if err := b.program(); err != nil {
			return err
		}
		return b.server.dir.Close()
	}, 3, step, 1)
	t.Log(c)
	if c.unsafe > 0 || c.points < 100 {
		t.Fatal(c.first)
	}
}

// TestTruncateEverywhereInTwoDirectories: no start demands the transactions that a leader cuts off,
// wherever the truncation crashes.
func TestTruncateEverywhereInTwoDirectories(t *testing.T) {
	c := new(tally)
	for _, to := range []jute.Zxid{3, 12, 19} {
		b := newBench(twoDirs())
		must(t, build(b))
		must(t, b.server.dir.Close())
		must(t, b.start()) // the mark now reaches the last transaction
		b.cutTo = to
		got := crashMatrix(b, func() error {
			if err := b.server.dir.Truncate(to); err != nil {
				return err
			}
			if err := b.start(); err != nil {
				return err
			}
			b.acked, b.appended = to, to
			return b.add(3)
		}, 2, 0, 1)
		c.points += got.points
		if got.unsafe > 0 {
			t.Fatalf("to %v: %v", to, got.first)
		}
	}
	t.Log(c)
}

// TestNoFileIsLeftInTwoDirectories: if logs and snapshots are removed, but the sidecar and the mark
// are not, the data counts as lost, and not as a new beginning.
func TestNoFileIsLeftInTwoDirectories(t *testing.T) {
	disk := twoDirectories(t, true)
	deleteIn(disk, logsDir, "log.")
	deleteIn(disk, verDir, "snapshot.")
	_, err := start(disk, twoDirs())
	if !errors.Is(err, persistence.ErrDamaged) || !strings.Contains(err.Error(), "no file is left") {
		t.Fatal(err)
	}
}

// TestALogDirectoryKeepsItsNumber: the random number stays also if another server wrote there.
func TestALogDirectoryKeepsItsNumber(t *testing.T) {
	disk := twoDirectories(t, true)
	disk.Write(logsDir+"/log.f", apacheLog(15, 16))
	opt := twoDirs()
	opt.LogID = 9
	s := mustStart(t, disk, opt)
	if s.rec.Own || s.mem.last() != 16 {
		t.Fatalf("%+v", s.rec)
	}
	for _, name := range []string{logsDir + "/walmeta.1", verDir + "/snapmeta.1"} {
		if got := disk.Read(name)[120:128]; string(got) != "\x00\x00\x00\x00\x00\x00\x00\x07" {
			t.Errorf("%s: %x", name, got)
		}
	}
}

// TestAMarkOfASnapshot: after a kill the mark says how far the log was durable when the last
// snapshot was written.
func TestAMarkOfASnapshot(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, twoDirs())
	must(t, errors.Join(s.add(10), s.snapshot(6), s.add(1)))
	disk = disk.Kill()
	deleteIn(disk, logsDir, "")
	if _, err := start(disk, twoDirs()); err == nil ||
		!strings.Contains(err.Error(), "a log reached 0xa") {
		t.Fatal(err)
	}
}
