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

// build makes a directory with snapshots at 0, 5, 12, 18 and transactions up to 20.
func build(b *bench) error {
	if err := b.start(); err != nil {
		return err
	}
	for _, n := range []int{5, 7, 6} {
		if err := errors.Join(b.add(n), b.snapshot(), b.server.log.Roll()); err != nil {
			return err
		}
	}
	return b.add(2)
}

// TestTruncateEverywhere: after a crash anywhere in a truncation to any zxid, the next start finds
// it either not begun or complete. Removed transactions never come back.
func TestTruncateEverywhere(t *testing.T) {
	c := new(tally)
	for to := jute.Zxid(0); to < 21; to += jute.Zxid(stride()) {
		b := newBench(testOptions())
		must(t, build(b))
		b.cutTo = to
		got := crashMatrix(b, func() error {
			if err := b.server.dir.Truncate(to); err != nil {
				return err
			}
			if err := b.start(); err != nil {
				return err
			}
			b.acked, b.appended = to, to
			if last := b.server.mem.last(); last != to {
				return fmt.Errorf("cut to %v, recovered %v", to, last)
			}
			return b.add(3)
		}, 2, 0, 1)
		c.points += got.points
		c.images += got.images
		c.kept += got.kept
		if got.unsafe > 0 {
			t.Fatalf("to %v: %v", to, got.first)
		}
	}
	t.Log(c)
}

func TestTruncateNeedsASnapshot(t *testing.T) {
	b := newBench(testOptions())
	must(t, build(b))
	b.disk.Delete(verDir + "/snapshot.0")
	if err := b.server.dir.Truncate(4); !errors.Is(err, persistence.ErrNoSnapshot) {
		t.Fatal(err)
	}
	must(t, b.add(1))
}

// installBench is a directory with a history, and a program that replaces the history by a snapshot
// of the leader. At any moment the directory holds one of the two, and never a mixture.
func installBench(to jute.Zxid, opt persistence.Options) (*bench, func() error, error) {
	b := newBench(opt)
	if err := build(b); err != nil {
		return nil, nil, err
	}
	old := b.server.log.LastZxid()
	done := false
	b.cutTo, b.appended = to, max(to, old)
	b.shows = func(s *server) error {
		got, ours := s.mem.last(), s.mem.sessions != ofLeader
		switch {
		case ours && done:
			return fmt.Errorf("the old history is back: %v", got)
		case ours && got != old, !ours && (s.mem.snap != to || !done && got != to):
			return fmt.Errorf("snapshot %v, of the leader %v, and then up to %v", s.mem.snap, !ours, got)
		}
		return nil
	}
	return b, func() error {
		if err := b.server.install(to); err != nil {
			return err
		}
		done, b.cutTo, b.acked, b.appended = true, -1, to, to
		return b.add(3)
	}, nil
}

// installed are zxids below, in and above the history of build.
func installed() []jute.Zxid { return []jute.Zxid{0, 4, 5, 13, 18, 20, 25, 1 << 32, 1<<32 | 9} }

// TestInstallEverywhere: a crash at any call of an install, or between two bytes of it.
func TestInstallEverywhere(t *testing.T) {
	c := new(tally)
	for i, to := range installed() {
		opt := testOptions()
		if i%2 == 1 {
			opt.DataLogDir = "/logs"
		}
		if i%3 == 1 {
			opt.Log.Watermark = persistence.Lag
		}
		b, program, err := installBench(to, opt)
		must(t, err)
		random, step := 6, 1
		if short() {
			random, step = 2, 97
		}
		got := crashMatrix(b, program, random, step, 1)
		c.points += got.points
		c.images += got.images
		c.kept += got.kept
		if got.unsafe > 0 {
			t.Fatalf("to %v: %v", to, got.first)
		}
	}
	t.Log(c)
}

// TestACrashOfWhatACrashLeftOfAnInstall: a crash interrupts an install. The next start finishes the
// install, or goes on with the old history, and crashes too, at each of its calls.
func TestACrashOfWhatACrashLeftOfAnInstall(t *testing.T) {
	c := new(tally)
	rng := newRand(7)
	for _, to := range installed() {
		outer, program, err := installBench(to, testOptions())
		must(t, err)
		busy := false
		outer.disk.Inject = func(call simfs.Call) simfs.Outcome {
			if busy || !call.Op.Changes() || call.N%max(3, stride()) != int(to)%3 {
				return simfs.Outcome{}
			}
			busy = true
			defer func() { busy = false }()
			inner := *outer
			inner.disk = outer.disk.PowerLoss(simfs.Random(rng))
			got := crashMatrix(&inner, inner.start, 1, 0, 1)
			c.points += got.points
			c.images += got.images
			c.kept += got.kept
			if got.unsafe > 0 {
				t.Fatalf("to %v, call %d %v: %s", to, call.N, call.Op, got.first)
			}
			return simfs.Outcome{}
		}
		must(t, program())
	}
	t.Log(c)
}

// TestEveryCallOfAnInstallFails: after the error either the log takes nothing more, or nothing has
// changed.
func TestEveryCallOfAnInstallFails(t *testing.T) {
	c := new(tally)
	ended := 0
	for _, to := range []jute.Zxid{13, 25} {
		for k, over := 1, false; !over && c.unsafe == 0; k += stride() {
			b, program, err := installBench(to, testOptions())
			must(t, err)
			calls, began := 0, false
			b.disk.Inject = func(call simfs.Call) simfs.Outcome {
				began = began || strings.Contains(call.Name, "walmeta") && b.disk.Exists(
					verDir+"/tmp."+persistence.SnapName(to, 0))
				if calls++; calls == k {
					return simfs.Outcome{Err: simfs.ErrIO}
				}
				return simfs.Outcome{}
			}
			err = program()
			b.disk.Inject = nil
			if over = calls < k; over {
				must(t, err)
			}
			if began && err != nil {
				ended++
				if !errors.Is(err, persistence.ErrDisk) || b.server.log.Append(
					entry(b.server.log.LastZxid()+1)) == nil {
					t.Fatalf("to %v, call %d: %v, and the log goes on", to, k, err)
				}
			}
			for _, i := range images(b.disk, newRand(uint64(k)), 1) {
				b.judge(c, i.disk, fmt.Sprintf("to %v, call %d: %v, %s", to, k, err, i.name))
			}
		}
	}
	t.Log(c, ended)
	if c.unsafe > 0 || ended == 0 {
		t.Fatal(c.first)
	}
}

// TestASnapshotInPlaceOfOneOfItsName: a start that ended orphans writes a snapshot whose zxid has a
// snapshot already. Whichever of the two a crash leaves, the directory counts as ours.
func TestASnapshotInPlaceOfOneOfItsName(t *testing.T) {
	b := newBench(testOptions())
	must(t, errors.Join(b.start(), b.add(3), b.snapshot()))
	c := crashMatrix(b, func() error {
		w, trailer, err := b.server.fill(3, ofLeader) // of another size
		if err == nil {
			_, err = w.Finish(trailer)
		}
		return err
	}, 6, 0, 1)
	if c.unsafe > 0 {
		t.Fatal(c.first)
	}
}

// TestEpochsEverywhere: after any crash each epoch is the old or the new one, and it never goes
// back once it was seen. Any turned bit and any lost file is healed or refused.
func TestEpochsEverywhere(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	var want persistence.Epochs // 0: there is no last transaction to take an epoch from
	next := want
	points := 0
	busy := false
	disk.Inject = func(call simfs.Call) simfs.Outcome {
		if busy {
			return simfs.Outcome{}
		}
		busy = true
		defer func() { busy = false }()
		for _, image := range images(disk, newRand(uint64(call.N)), 3) {
			points++
			after := mustStart(t, image.disk, testOptions())
			got, err := after.dir.Epochs()
			if err != nil || got != want && got != next {
				t.Fatalf("call %d %v %s, %s: %v, %v (%v to %v)",
					call.N, call.Op, call.Name, image.name, got, err, want, next)
			}
			again, err := mustStart(t, image.disk.PowerLoss(simfs.Everything()), testOptions()).dir.Epochs()
			if err != nil || again != got {
				t.Fatalf("%v was seen, then %v, %v", got, again, err)
			}
		}
		return simfs.Outcome{}
	}
	for epoch := int64(1); epoch < 6; epoch++ {
		next.Accepted = epoch
		must(t, s.dir.SetAcceptedEpoch(epoch))
		want = next
		next.Current = epoch
		must(t, s.dir.SetCurrentEpoch(epoch))
		want = next
	}
	disk.Inject = nil
	for _, name := range []string{"acceptedEpoch", "currentEpoch"} {
		for bit := range int64(8) {
			damaged := disk.Kill()
			damaged.FlipBit(path.Join(verDir, name), bit)
			after := mustStart(t, damaged, testOptions())
			got, err := after.dir.Epochs()
			if err == nil && (got.Accepted < want.Accepted || got.Current != want.Current) {
				t.Errorf("bit %d of %s: %v", bit, name, got)
			}
		}
		damaged := disk.Kill()
		damaged.Delete(path.Join(verDir, name))
		got, err := mustStart(t, damaged, testOptions()).dir.Epochs()
		if err != nil || got != want {
			t.Errorf("loss of %s: %v, %v", name, got, err)
		}
	}
	t.Logf("%d images", points)
}

// TestForeignHand: files that another server adds make the sidecar void, and these files count.
func TestForeignHand(t *testing.T) {
	for _, tc := range []struct {
		name string
		own  bool
		want jute.Zxid
		do   func(disk *simfs.Disk)
	}{
		{"nobody", true, 20, func(*simfs.Disk) {}},
		{"a log", false, 23, func(disk *simfs.Disk) {
			disk.Write(verDir+"/log.15", apacheLog(21, 22, 23))
		}},
		{"a torn log", false, 22, func(disk *simfs.Disk) {
			disk.Write(verDir+"/log.15", apacheLog(21, 22, 23)[:16+3*(len(entry(1).Payload)+13)-4])
		}},
		{"a snapshot", false, 20, func(disk *simfs.Disk) {
			disk.Write(verDir+"/snapshot.13", disk.Read(verDir+"/snapshot.12"))
		}},
		{"an epoch", false, 20, func(disk *simfs.Disk) {
			disk.Write(verDir+"/acceptedEpoch", []byte("4"))
		}},
		{"a truncation and a new epoch", false, 14, func(disk *simfs.Disk) {
			disk.Delete(verDir + "/log.13")
			log := disk.Read(verDir + "/log.d")
			disk.Write(verDir+"/log.d", log[:16+2*(len(entry(1).Payload)+13)])
			disk.Delete(verDir + "/snapshot.12")
			disk.Write(verDir+"/acceptedEpoch", []byte("1"))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(testOptions())
			must(t, build(b))
			disk := b.disk.Kill()
			tc.do(disk)
			s, err := start(disk, testOptions())
			must(t, err)
			if s.rec.Own != tc.own || s.mem.last() != tc.want {
				t.Fatalf("own=%v, last %v", s.rec.Own, s.mem.last())
			}
			must(t, s.add(2))
			s, err = start(disk.PowerLoss(simfs.Everything()), testOptions())
			must(t, err)
			if !s.rec.Own || s.mem.last() != tc.want+2 {
				t.Fatalf("afterwards own=%v, last %v", s.rec.Own, s.mem.last())
			}
		})
	}
}

// apacheLog makes a log as Apache pads it.
func apacheLog(zxids ...jute.Zxid) []byte {
	disk := simfs.New()
	s, err := start(disk, testOptions())
	if err == nil {
		err = s.install(zxids[0] - 1)
	}
	for _, zxid := range zxids {
		err = errors.Join(err, s.log.Append(entry(zxid)))
	}
	if _, errCommit := s.log.Commit(); err != nil || errCommit != nil {
		panic(errors.Join(err, errCommit))
	}
	return disk.Read(verDir + "/" + persistence.LogName(zxids[0]))
}

// TestPurgeChangesNothing: after a purge, and even without the newest snapshot, a start recovers
// the same data as before.
func TestPurgeChangesNothing(t *testing.T) {
	b := newBench(testOptions())
	must(t, b.start())
	for i := range 9 {
		must(t, b.add(4+i))
		must(t, b.snapshot())
		if i%2 == 0 {
			must(t, b.server.log.Roll())
		}
	}
	must(t, b.add(1))
	if _, err := b.server.dir.Purge(2); err == nil {
		t.Fatal("kept 2")
	}
	names := b.disk.Names()
	// An invalid snapshot does not count as kept.
	b.disk.FlipBit(newestSnapshot(names, 1), 300)
	must(t, b.start())
	removed, err := b.server.dir.Purge(3)
	must(t, err)
	var snaps []string
	for _, name := range b.disk.Names() {
		if strings.HasPrefix(path.Base(name), "snapshot.") {
			snaps = append(snaps, name)
		}
	}
	if len(removed) < 5 || len(snaps) != 4 {
		t.Fatalf("removed %v, left %v", removed, snaps)
	}
	for i := range 4 {
		disk := b.disk.PowerLoss(simfs.Everything())
		for j := range i {
			name := newestSnapshot(snaps, j)
			disk.Write(name, disk.Read(name)[:20])
		}
		s := mustStart(t, disk, testOptions())
		if s.mem.last() != b.acked {
			t.Fatalf("without the newest %d: %v of %v", i, s.mem.last(), b.acked)
		}
	}
	if removed, err := b.server.dir.Purge(3); err != nil || len(removed) != 0 {
		t.Fatal(removed, err)
	}
}

// newestSnapshot is the n-th newest of names, by the numbers in them.
func newestSnapshot(names []string, n int) string {
	best, bestZxid := "", int64(-1)
	seen := map[string]bool{}
	for range n + 1 {
		best, bestZxid = "", -1
		for _, name := range names {
			var zxid int64
			_, err := fmt.Sscanf(path.Base(name), "snapshot.%x", &zxid)
			if err == nil && !seen[name] && zxid > bestZxid {
				best, bestZxid = name, zxid
			}
		}
		seen[best] = true
	}
	return best
}

func TestStartConditions(t *testing.T) {
	start0 := func(disk *simfs.Disk, change func(*persistence.Options)) (*server, error) {
		opt := testOptions()
		change(&opt)
		return start(disk, opt)
	}
	same := func(*persistence.Options) {}

	_, err := start0(simfs.New(), func(o *persistence.Options) { o.AutoCreate = false })
	if !errors.Is(err, persistence.ErrDirectory) {
		t.Errorf("autocreate off: %v", err)
	}

	disk := simfs.New()
	var s *server
	s, err = start0(disk, func(o *persistence.Options) { o.DBAutoCreate = false })
	if err != nil || s.rec.LastZxid != -1 || !s.rec.Empty {
		t.Errorf("db.autocreate off: %+v, %v", s.rec, err)
	}
	disk = simfs.New()
	must(t, disk.MkdirAll(dataDir))
	disk.Write(dataDir+"/initialize", nil)
	s, err = start0(disk, func(o *persistence.Options) { o.DBAutoCreate = false })
	if err != nil || s.rec.LastZxid != 0 || disk.Exists(dataDir+"/initialize") {
		t.Errorf("initialize marker: %+v, %v", s.rec, err)
	}

	b := newBench(testOptions())
	must(t, build(b))
	for _, name := range b.disk.Names() {
		if strings.Contains(name, "/snapshot.") {
			b.disk.Delete(name)
		}
	}
	if _, err := start0(b.disk.Kill(), same); !errors.Is(err, persistence.ErrNoSnapshot) {
		t.Errorf("logs without a snapshot: %v", err)
	}
	s, err = start0(b.disk.Kill(), func(o *persistence.Options) { o.TrustEmptySnapshot = true })
	if err != nil || s.mem.last() != 20 || len(s.mem.txns) != 20 {
		t.Errorf("trust.empty: %v", err)
	}

	disk = simfs.New()
	must(t, disk.MkdirAll(verDir))
	disk.Write(verDir+"/snapshot.0", []byte("ZKSN"))
	if s, err = start0(disk, same); err != nil || !s.rec.Empty {
		t.Errorf("first start cut short: %v", err)
	}
	disk = simfs.New()
	must(t, disk.MkdirAll(verDir))
	disk.Write(verDir+"/snapshot.7", []byte("ZKSN"))
	if _, err = start0(disk, same); !errors.Is(err, persistence.ErrNoValidSnapshot) {
		t.Errorf("broken snapshot alone: %v", err)
	}

	disk = simfs.New()
	split := func(o *persistence.Options) { o.DataLogDir = "/logs" }
	must(t, disk.MkdirAll(verDir))
	must(t, disk.MkdirAll("/logs/version-2"))
	disk.Write(verDir+"/log.1", nil)
	if _, err = start0(disk, split); !errors.Is(err, persistence.ErrDirectory) {
		t.Errorf("logs in dataDir: %v", err)
	}
	disk.Delete(verDir + "/log.1")
	disk.Write("/logs/version-2/snapshot.1", nil)
	if _, err = start0(disk, split); !errors.Is(err, persistence.ErrDirectory) {
		t.Errorf("snapshots in dataLogDir: %v", err)
	}
	disk.Delete("/logs/version-2/snapshot.1")
	s, err = start0(disk, split)
	must(t, err)
	must(t, s.add(3))
	if !disk.Exists("/logs/version-2/log.1") || !disk.Exists(verDir+"/snapshot.0") {
		t.Errorf("%v", disk.Names())
	}
	s, err = start0(disk, split)
	if err != nil || s.mem.last() != 3 {
		t.Errorf("split directories: %v", err)
	}
}
