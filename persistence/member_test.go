package persistence_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

// Tests of the calls that only a member of an ensemble makes; each has a matrix. Crashes in the
// middle of these calls are in life_test.go.

// TestEpochFiles tries every text that an epoch file can have while its second copy holds the
// promise.
func TestEpochFiles(t *testing.T) {
	const accepted, current = 7, 5
	for text, says := range map[string]int64{
		"missing": -1, "": -1, "x": -1, "-1": -1, "-7": -1, " 7": -1, "7 ": -1, "0x7": -1, "7.0": -1,
		"9223372036854775808": -1, "\n7": -1, "7\x00": -1, strings.Repeat("7", 40): -1,
		"0": 0, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "07": 7, "+7": 7, "7\n": 7, "7\r\n": 7,
		"7\nmore": 7, "1073741824": 1 << 30, "1073741825": -1, "99999999999": -1,
		"9223372036854775807": -1,
	} {
		for _, name := range []string{"acceptedEpoch", "currentEpoch"} {
			file := verDir + "/" + name
			disk := simfs.New()
			s := mustStart(t, disk, testOptions())
			must(t, s.dir.SetAcceptedEpoch(accepted))
			must(t, s.dir.SetCurrentEpoch(current))
			if disk.Delete(file); text != "missing" {
				disk.Write(file, []byte(text))
			}
			got, err := s.dir.Epochs()
			var damage *persistence.DamageError
			switch ahead := name == "currentEpoch" && says > current; {
			case ahead:
				if !errors.As(err, &damage) || damage.File != file ||
					string(disk.Read(file)) != text {
					t.Errorf("%s %q: %v, %v, and the file %q", name, text, got, err, disk.Read(file))
				}
				continue
			case err != nil || got != persistence.Epochs{Accepted: accepted, Current: current}:
				t.Errorf("%s %q: %v, %v", name, text, got, err)
			}
			kept, want := int64(accepted), "7"
			if name == "currentEpoch" {
				kept, want = current, "5"
			}
			if says == kept {
				want = text // the file stays as it was
			}
			if have := string(disk.Read(file)); have != want {
				t.Errorf("%s %q: the file became %q", name, text, have)
			}
		}
	}
}

// TestEpochsOfApache: in a directory without a sidecar the epochs come from Apache's files. A start
// makes them durable in two copies, so the next start has the same epochs even if one copy is lost.
func TestEpochsOfApache(t *testing.T) {
	for _, tc := range []struct{ files, want persistence.Epochs }{
		{persistence.Epochs{Accepted: -1, Current: -1}, persistence.Epochs{Accepted: 2, Current: 2}},
		{persistence.Epochs{Accepted: 3, Current: -1}, persistence.Epochs{Accepted: 3, Current: 2}},
		{persistence.Epochs{Accepted: -1, Current: 1}, persistence.Epochs{Accepted: 2, Current: 1}},
		{persistence.Epochs{Accepted: 4, Current: 3}, persistence.Epochs{Accepted: 4, Current: 3}},
		{persistence.Epochs{Accepted: 1, Current: 1}, persistence.Epochs{Accepted: 1, Current: 1}},
		{persistence.Epochs{Accepted: 8, Current: 1}, persistence.Epochs{Accepted: 8, Current: 7}},
	} {
		disk := simfs.New()
		s := mustStart(t, disk, testOptions())
		must(t, s.install(2<<32))
		must(t, s.add(2))
		must(t, s.dir.Close())
		disk.Delete(verDir + "/walmeta.0")
		disk.Delete(verDir + "/walmeta.1")
		for name, epoch := range map[string]int64{
			"acceptedEpoch": tc.files.Accepted, "currentEpoch": tc.files.Current,
		} {
			if epoch != -1 {
				disk.Write(verDir+"/"+name, fmt.Append(nil, epoch))
			}
		}
		if tc.want.Current == 7 {
			disk.Write(verDir+"/currentEpoch.tmp", []byte("7"))
			mustStart(t, disk, testOptions()) // and is stopped before it is asked
			disk.Delete(verDir + "/currentEpoch.tmp")
		}
		s = mustStart(t, disk, testOptions())
		own := tc.want.Current == 7
		if got, err := s.dir.Epochs(); err != nil || got != tc.want || s.rec.Own != own {
			t.Errorf("%v became %v, %v, own %v", tc.files, got, err, s.rec.Own)
		}
		for _, lost := range []string{"none", "acceptedEpoch", "currentEpoch"} {
			image := disk.PowerLoss(simfs.Everything())
			if lost != "none" {
				image.Delete(verDir + "/" + lost)
			}
			again := mustStart(t, image, testOptions())
			got, err := again.dir.Epochs()
			if err != nil || got != tc.want || !again.rec.Own {
				t.Errorf("%v became %v, and without %s %v, %v", tc.files, tc.want, lost, got, err)
			}
			for name, epoch := range map[string]int64{
				"acceptedEpoch": got.Accepted, "currentEpoch": got.Current,
			} {
				if text := string(image.Read(verDir + "/" + name)); text != fmt.Sprint(epoch) {
					t.Errorf("%v: %s says %q", tc.files, name, text)
				}
			}
		}
	}
}

// TestAnEpochThatIsMended: a file without a number is not taken for a promise, not even later.
func TestAnEpochThatIsMended(t *testing.T) {
	for _, name := range []string{"acceptedEpoch", "currentEpoch"} {
		disk := simfs.New()
		disk.Write(verDir+"/acceptedEpoch", []byte("3"))
		disk.Write(verDir+"/currentEpoch", []byte("3"))
		disk.Write(verDir+"/"+name, []byte("?"))
		var damage *persistence.DamageError
		for range 2 {
			s := mustStart(t, disk, testOptions())
			if _, err := s.dir.Epochs(); !errors.As(err, &damage) || damage.File != verDir+"/"+name {
				t.Errorf("%s: %v", name, err)
			}
		}
		disk.Write(verDir+"/"+name, []byte("3"))
		got, err := mustStart(t, disk, testOptions()).dir.Epochs()
		if err != nil || got != (persistence.Epochs{Accepted: 3, Current: 3}) {
			t.Errorf("%s: mended to %v, %v", name, got, err)
		}
	}
}

// TestAnEpochThatCannotBeIsNoPromise: a file with a number that no ensemble gets to is damage in a
// directory of Apache's. In ours the second copy holds, and does not take the number over.
func TestAnEpochThatCannotBeIsNoPromise(t *testing.T) {
	for _, text := range []string{"1073741825", "4294967295", "99999999999"} {
		for _, name := range []string{"acceptedEpoch", "currentEpoch"} {
			disk := simfs.New()
			disk.Write(verDir+"/acceptedEpoch", []byte("3"))
			disk.Write(verDir+"/currentEpoch", []byte("3"))
			disk.Write(verDir+"/"+name, []byte(text))
			var damage *persistence.DamageError
			_, err := mustStart(t, disk, testOptions()).dir.Epochs()
			if !errors.As(err, &damage) || damage.File != verDir+"/"+name {
				t.Errorf("%s of Apache's, %s: %v", name, text, err)
			}
			disk.Write(verDir+"/"+name, []byte("3"))
			want := persistence.Epochs{Accepted: 3, Current: 3}
			for _, now := range []string{"3", text, "3"} {
				disk.Write(verDir+"/"+name, []byte(now))
				s := mustStart(t, disk, testOptions())
				if got, err := s.dir.Epochs(); err != nil || got != want {
					t.Errorf("%s, %s: %v, %v", name, now, got, err)
				}
				must(t, s.dir.Close())
			}
		}
	}
}

// TestTheEpochOfTheLogIsNoPromise: a crash came between a leader's history and its epoch, once or
// many times. The epoch stays as it was.
func TestTheEpochOfTheLogIsNoPromise(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	for epoch := int64(1); epoch < 4; epoch++ {
		want := persistence.Epochs{Accepted: epoch - 1}
		if got, err := s.dir.Epochs(); err != nil || got != want {
			t.Fatalf("%v, %v; want %v", got, err, want)
		}
		must(t, s.dir.SetAcceptedEpoch(epoch))
		must(t, s.log.Append(entry(jute.Zxid(epoch<<32|1))))
		must(t, s.add(2))
		disk.Write(verDir+"/currentEpoch.tmp", []byte("9")) // of Apache's days
		disk = disk.PowerLoss(simfs.Everything())
		var err error
		s, err = start(disk, testOptions())
		must(t, err)
	}
}

// TestTruncate cuts directories of every shape to every zxid. Then the files end where the last
// record ends, everything above is gone, and the log goes on.
func TestTruncate(t *testing.T) {
	const last = 20
	for name, shape := range map[string]func(b *bench) error{
		"snapshots and logs": build,
		"one log":            func(b *bench) error { return errors.Join(b.start(), b.add(last)) },
		"a log each": func(b *bench) error {
			err := b.start()
			for range last {
				err = errors.Join(err, b.add(1), b.server.log.Roll())
			}
			return err
		},
		"a roll at the end": func(b *bench) error {
			return errors.Join(b.start(), b.add(last), b.server.log.Roll())
		},
		"a snapshot at the end": func(b *bench) error {
			return errors.Join(b.start(), b.add(last), b.server.log.Roll(), b.snapshot())
		},
	} {
		for to := jute.Zxid(0); to <= last+1; to++ {
			at := fmt.Sprintf("%s, to %v", name, to)
			b := newBench(testOptions())
			must(t, shape(b))
			before := b.disk.Names()
			err := b.server.dir.Truncate(to)
			if to > last {
				if !errors.Is(err, persistence.ErrGap) || !slices.Equal(b.disk.Names(), before) {
					t.Errorf("%s: %v, and %v of %v", at, err, b.disk.Names(), before)
				}
				must(t, b.server.add(1))
				continue
			}
			must(t, err)
			want := to
			for _, file := range before {
				if snap, is := zxidOf(file, "snapshot."); is && snap <= to && !b.disk.Exists(
					verDir+"/"+file[strings.LastIndexByte(file, '/')+1:]) {
					t.Errorf("%s: %s is gone", at, file)
				}
			}
			for _, file := range b.disk.Names() {
				zxid, log := zxidOf(file, "log.")
				if snap, is := zxidOf(file, "snapshot."); is && snap > to || log && zxid > to {
					t.Errorf("%s: %s is there", at, file)
				}
				if log && zxid <= to {
					checkRecords(t, at, b.disk.Read(verDir+"/"+file), zxid, want)
				}
			}
			image := b.disk.Kill()
			must(t, b.server.add(2)) // the log goes on by itself
			if s := mustStart(t, b.disk, testOptions()); s.mem.last() != want+2 || !s.rec.Own {
				t.Errorf("%s: went on to %v, own %v", at, s.mem.last(), s.rec.Own)
			}
			b.disk = image
			s := mustStart(t, b.disk, testOptions())
			if s.mem.last() != want || !s.rec.Own || s.log.LastZxid() != want {
				t.Errorf("%s: recovered %v, own %v, the log is at %v",
					at, s.mem.last(), s.rec.Own, s.log.LastZxid())
			}
			must(t, s.add(2))
			if s = mustStart(t, b.disk, testOptions()); s.mem.last() != want+2 {
				t.Errorf("%s: afterwards %v", at, s.mem.last())
			}
		}
	}
}

// TestTruncateToASnapshotAlone: a cut leaves a snapshot and no log. The transactions in the
// snapshot are durable then, so a directory that loses the snapshot does not count as empty.
func TestTruncateToASnapshotAlone(t *testing.T) {
	b := newBench(testOptions())
	must(t, errors.Join(b.start(), b.add(7), b.server.log.Roll(), b.snapshot()))
	b.disk.Delete(verDir + "/log.1")
	must(t, b.server.dir.Truncate(7))
	if s := mustStart(t, b.disk, testOptions()); s.mem.last() != 7 || !s.rec.Own {
		t.Fatalf("recovered %v, own %v", s.mem.last(), s.rec.Own)
	}
	b = newBench(testOptions())
	must(t, errors.Join(b.start(), b.add(7), b.server.log.Roll(), b.snapshot()))
	b.disk.Delete(verDir + "/log.1")
	must(t, b.server.dir.Truncate(7))
	b.disk.Delete(verDir + "/snapshot.7")
	b.disk.Delete(verDir + "/snapshot.0")
	if s, err := start(b.disk, testOptions()); !errors.Is(err, persistence.ErrDamaged) {
		t.Fatalf("%v, recovered %+v", err, s)
	}
}

func zxidOf(file, prefix string) (zxid jute.Zxid, ok bool) {
	rest, ok := strings.CutPrefix(file[strings.LastIndexByte(file, '/')+1:], prefix)
	if !ok {
		return 0, false
	}
	_, err := fmt.Sscanf(rest, "%x", &zxid)
	return zxid, err == nil
}

// checkRecords fails unless a log has whole records from first up to at most last, and behind them
// only padding.
func checkRecords(t *testing.T, at string, log []byte, first, last jute.Zxid) {
	t.Helper()
	want := apacheLog(slices.Collect(func(yield func(jute.Zxid) bool) {
		for zxid := first; zxid <= last && yield(zxid); zxid++ {
		}
	})...)
	want, log = bytes.TrimRight(want, "\x00"), bytes.TrimRight(log, "\x00")
	if !bytes.HasPrefix(want, log) {
		t.Errorf("%s: log.%x has bytes that are no record up to %v", at, int64(first), last)
	}
}

// TestTruncateNotesItself: the intention is recorded before the first file is removed, and cleared
// after the last one.
func TestTruncateNotesItself(t *testing.T) {
	b := newBench(testOptions())
	must(t, build(b))
	var order []string
	b.disk.Inject = func(call simfs.Call) simfs.Outcome {
		switch call.Op {
		case simfs.OpRemove:
			order = append(order, "cut")
		case simfs.OpSync:
			if strings.Contains(call.Name, "walmeta") {
				order = append(order, "note")
			}
		}
		return simfs.Outcome{}
	}
	must(t, b.server.dir.Truncate(13))
	b.disk.Inject = nil
	first, final := slices.Index(order, "cut"), len(order)-1
	if !slices.Contains(order[:max(0, first)], "note") || order[final] != "note" {
		t.Error(order)
	}
}

// TestTruncateOverEpochs: a cut is carried out only if the history then ends at the zxid. The test
// tries every zxid of a history with several epochs, and every choice of snapshots.
func TestTruncateOverEpochs(t *testing.T) {
	const e = jute.Zxid(1 << 32)
	history := []jute.Zxid{1, 2, e + 1, e + 2, e + 3, 3*e + 1, 3*e + 2}
	snapshots := []jute.Zxid{0, 2, e, e + 2, 3 * e}
	done, gaps, none := 0, 0, 0
	for left := range 1 << len(snapshots) {
		for _, near := range append(slices.Clone(history), 0, e, 2*e, 3*e, 4*e) {
			for _, to := range []jute.Zxid{near, near + 1} {
				disk := simfs.New()
				s := mustStart(t, disk, testOptions())
				for i, zxid := range history {
					must(t, s.log.Append(entry(zxid)))
					if _, err := s.log.Commit(); err != nil || i%3 == 2 {
						must(t, errors.Join(err, s.log.Roll()))
					}
				}
				for i, zxid := range snapshots {
					if file := verDir + "/" + persistence.SnapName(zxid, 0); left>>i&1 == 0 {
						disk.Delete(file)
					} else if must(t, s.snapshot(zxid)); i == 3 {
						whole := disk.Read(file) // the snapshot is there, but not valid
						disk.Write(file, whole[:len(whole)-1])
					}
				}
				// want is the answer of a naive model.
				want := jute.Zxid(-1)
				for i, zxid := range snapshots {
					if left>>i&1 != 0 && (i != 3) && zxid <= to {
						want = max(want, zxid)
					}
				}
				valid := want >= 0
				for _, zxid := range history {
					if zxid <= to {
						want = max(want, zxid)
					}
				}
				before := disk.Names()
				can := s.dir.CanTruncate(to)
				if !slices.Equal(before, disk.Names()) {
					t.Fatalf("to %v with %05b: a look left %v", to, left, disk.Names())
				}
				err := s.dir.Truncate(to)
				if (err == nil) != (can == nil) || errors.Is(err, persistence.ErrGap) !=
					errors.Is(can, persistence.ErrGap) {
					t.Fatalf("to %v with %05b: %v, but %v was to be expected", to, left, err, can)
				}
				switch {
				case !valid && errors.Is(err, persistence.ErrNoSnapshot):
					none++
				case valid && want != to && to.Counter() != 0 && errors.Is(err, persistence.ErrGap):
					gaps++
				case valid && (want == to || to.Counter() == 0) && err == nil &&
					s.log.LastZxid() == want && s.log.Durable() == want:
					done++
					continue
				default:
					t.Fatalf("to %v with %05b: %v, at %v; want %v", to, left, err, s.log.LastZxid(), want)
				}
				if !slices.Equal(before, disk.Names()) {
					t.Fatalf("to %v with %05b: %v, and %v of %v", to, left, err, disk.Names(), before)
				}
			}
		}
	}
	if done == 0 || gaps == 0 || none == 0 {
		t.Fatal(done, gaps, none)
	}
}

// TestTruncateOfApachesLog: after a cut of Apache's log, the logs that follow count as ours.
func TestTruncateOfApachesLog(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	must(t, s.add(9))
	must(t, s.dir.Close())
	disk.Delete(verDir + "/walmeta.0")
	disk.Delete(verDir + "/walmeta.1")
	s = mustStart(t, disk, testOptions()) // logs from 10 on are ours
	must(t, s.dir.Truncate(4))
	must(t, s.add(3))
	must(t, s.log.Roll())
	must(t, s.add(2))
	disk.Write(verDir+"/log.5", disk.Read(verDir + "/log.5")[:60]) // damage, and no torn end of Apache's
	var damage *persistence.DamageError
	if _, err := start(disk, testOptions()); !errors.As(err, &damage) || damage.Suspect {
		t.Fatal(err)
	}
}

// TestInstall: a snapshot of the leader becomes the whole history, wherever the log was.
func TestInstall(t *testing.T) {
	for _, before := range []int{0, 3, 60} {
		for _, at := range []jute.Zxid{0, 2, 3, 50, 1 << 32, 1<<32 | 7, 5 << 32} {
			for _, pending := range []bool{false, true} {
				name := fmt.Sprintf("%d before, to %v, pending %v", before, at, pending)
				disk := simfs.New()
				s := mustStart(t, disk, testOptions())
				must(t, s.add(before))
				must(t, s.snapshot(jute.Zxid(before)))
				must(t, s.log.Roll())
				if pending {
					must(t, s.log.Append(entry(s.log.LastZxid()+1)))
				}
				must(t, s.install(at))
				want := []string{
					verDir + "/" + persistence.SnapName(at, 0), verDir + "/walmeta.0",
					verDir + "/walmeta.1",
				}
				if at.Epoch() > 0 && (before > 0 || pending) {
					want = append(keptAside(disk), want...)
				}
				if got := disk.Names(); !slices.Equal(got, want) {
					t.Errorf("%s: %v", name, got)
				}
				if s.log.LastZxid() != at || s.log.Durable() != at {
					t.Errorf("%s: the log is at %v, %v", name, s.log.LastZxid(), s.log.Durable())
				}
				for _, wrong := range []jute.Zxid{at - 1, at + 2, at + 1<<32} {
					if wrong.Epoch() > at.Epoch() && wrong.Counter() == 1 {
						continue // the first zxid of a later epoch may follow
					}
					if err := s.log.Append(entry(wrong)); !errors.Is(err, persistence.ErrOrder) {
						t.Errorf("%s: %v was taken: %v", name, wrong, err)
					}
				}
				if after := mustStart(t, disk.Kill(), testOptions()); after.mem.last() != at ||
					!after.rec.Own || after.mem.sessions != ofLeader {
					t.Errorf("%s: recovered %v, own %v", name, after.mem.last(), after.rec.Own)
				}
				must(t, s.add(2))
				if !disk.Exists(verDir + "/" + persistence.LogName(at+1)) {
					t.Errorf("%s: %v", name, disk.Names())
				}
				after := mustStart(t, disk.Kill(), testOptions())
				if after.mem.last() != at+2 || !after.rec.Own {
					t.Errorf("%s: recovered %v, own %v", name, after.mem.last(), after.rec.Own)
				}
			}
		}
	}
}

func keptAside(disk *simfs.Disk) (all []string) {
	for _, name := range disk.Names() {
		if strings.HasPrefix(name, verDir+"/given-up.") {
			all = append(all, name)
		}
	}
	return all
}

// TestWhatAServerAloneWroteIsNotRemoved: a server alone becomes a member, and takes the tree of a
// leader that does not have what it wrote. Under their own names again the files are what they
// were. A member's files are removed.
func TestWhatAServerAloneWroteIsNotRemoved(t *testing.T) {
	for _, dataLogDir := range []string{"", "/logs"} {
		opt := testOptions()
		opt.DataLogDir = dataLogDir
		disk := simfs.New()
		s := mustStart(t, disk, opt)
		must(t, s.add(3))
		must(t, s.snapshot(3))
		must(t, s.log.Roll())
		must(t, s.add(2))
		must(t, s.install(1<<32))
		must(t, s.dir.SetAcceptedEpoch(1))
		must(t, s.dir.SetCurrentEpoch(1))
		must(t, s.add(1))
		must(t, s.install(1<<32|9))
		itLed := simfs.New()
		leader := mustStart(t, itLed, testOptions())
		must(t, leader.add(3))
		must(t, leader.dir.SetAcceptedEpoch(1))
		must(t, leader.dir.SetCurrentEpoch(1))
		must(t, leader.install(1<<32|9))
		if names := keptAside(itLed); len(names) > 0 {
			t.Errorf("of a member: %v", names)
		}
		if after := mustStart(t, disk.Kill(), opt); after.mem.last() != 1<<32|9 || !after.rec.Own {
			t.Errorf("recovered %v, own %v", after.mem.last(), after.rec.Own)
		}
		back, kept := simfs.New(), 0
		for _, name := range disk.Names() {
			if dir, file, ok := strings.Cut(name, "/given-up."); ok {
				back.Write(dir+"/"+file, disk.Read(name))
				kept++
			}
		}
		if kept != 4 {
			t.Errorf("%v", disk.Names())
		}
		if again := mustStart(t, back, opt); again.mem.last() != 5 {
			t.Errorf("under their own names: %v", again.mem.last())
		}
	}
}

// TestInstallNeedsACompleteSnapshot: the snapshot must have that zxid, and must not be begun again.
func TestInstallNeedsACompleteSnapshot(t *testing.T) {
	for name, before := range map[string]func(s *server) error{
		"none":     func(*server) error { return nil },
		"finished": func(s *server) error { return s.snapshot(9) },
		"begun": func(s *server) error {
			_, _, err := s.fill(9, ofLeader)
			return err
		},
		"another one": func(s *server) error { return completed(s, 8) },
		"begun anew": func(s *server) error {
			err := completed(s, 9)
			_, _, begun := s.fill(9, ofLeader)
			return errors.Join(err, begun)
		},
		"installed already": func(s *server) error { return s.install(9) },
	} {
		disk := simfs.New()
		s := mustStart(t, disk, testOptions())
		must(t, s.add(3))
		must(t, before(s))
		names := disk.Names()
		if err := s.dir.Install(9); !errors.Is(err, persistence.ErrNoSnapshot) ||
			!slices.Equal(names, disk.Names()) {
			t.Errorf("%s: %v, and %v of %v", name, err, disk.Names(), names)
		}
		must(t, s.add(1))
	}
}

// TestAnInstallThatWasGivenUp: a crash came before the snapshot had its name. Later the server
// itself writes a snapshot of the same zxid and size. That one must not finish the install.
func TestAnInstallThatWasGivenUp(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	must(t, s.add(3))
	var crashed *simfs.Disk
	disk.Inject = func(call simfs.Call) simfs.Outcome {
		if call.Op == simfs.OpRename && crashed == nil {
			crashed = disk.Kill()
		}
		return simfs.Outcome{}
	}
	must(t, s.install(9))
	s = mustStart(t, crashed, testOptions())
	must(t, s.add(6))
	w, trailer, err := s.fill(9, ofLeader)
	must(t, err)
	_, err = w.Finish(trailer)
	must(t, err)
	must(t, s.add(4))
	if s = mustStart(t, crashed, testOptions()); s.mem.last() != 13 {
		t.Errorf("recovered %v of 13", s.mem.last())
	}
}

// completed leaves a snapshot for Install.
func completed(s *server, zxid jute.Zxid) error {
	w, trailer, err := s.fill(zxid, ofLeader)
	if err != nil {
		return err
	}
	return w.Complete(trailer)
}

// TestASnapshotOfAnotherHistory: a snapshot that is being written while the history is cut or
// replaced does not get its name, whether its zxid is below or above the cut.
func TestASnapshotOfAnotherHistory(t *testing.T) {
	for name, change := range map[string]func(s *server) error{
		"cut":      func(s *server) error { return s.dir.Truncate(4) },
		"replaced": func(s *server) error { return s.install(6) },
	} {
		for _, zxid := range []jute.Zxid{3, 5, 9} {
			disk := simfs.New()
			s := mustStart(t, disk, testOptions())
			must(t, s.add(9))
			w, trailer, err := s.fill(zxid, 3)
			must(t, err)
			must(t, change(s))
			if _, err := w.Finish(trailer); err == nil || errors.Is(err, persistence.ErrDisk) {
				t.Errorf("%s, %v: %v", name, zxid, err)
			}
			for _, file := range disk.Names() {
				if strings.HasSuffix(file, "snapshot."+fmt.Sprint(int64(zxid))) {
					t.Errorf("%s: %s is there", name, file)
				}
			}
			must(t, s.snapshot(s.log.LastZxid()))
		}
	}
}

// memberLife is a life of TestLivesOfAMember, in which the history is also cut and replaced. It
// returns the two zxids between which the next life may begin. If the two belong to different
// histories, the next life may begin with one or the other.
func memberLife(
	disk *simfs.Disk, opt persistence.Options, rng *rand.Rand, may []jute.Zxid,
) (next []jute.Zxid, err error) {
	next = may
	crashWithin(disk, rng, 120)
	simfs.Run(func() {
		var s *server
		if s, err = start(disk, opt); err != nil {
			return
		}
		last := s.mem.last()
		if err = s.mem.check(); err == nil && !slices.Contains(may, last) {
			err = fmt.Errorf("%v, of %v", last, may)
		}
		if err == nil && !s.rec.Own && may[0] > 0 { // an earlier life has done something
			err = errors.New("not ours")
		}
		for err == nil {
			next = []jute.Zxid{last}
			switch rng.IntN(9) {
			case 0:
				err = s.snapshot(last)
			case 1:
				err = s.log.Roll()
			case 2:
				_, err = s.dir.Purge(3)
			case 3:
				to := last - min(jute.Zxid(rng.IntN(12)), jute.Zxid(last.Counter()))
				next = append(next, to)
				err = s.dir.Truncate(to)
				if errors.Is(err, persistence.ErrNoSnapshot) || errors.Is(err, persistence.ErrGap) {
					to, err = last, nil
				}
				last = to
			case 4:
				to := last + jute.Zxid(rng.IntN(9)) - min(4, jute.Zxid(last.Counter()))
				if rng.IntN(2) == 0 {
					to = jute.Zxid(last.Epoch()+1) << 32
				}
				next = append(next, to)
				if err = s.install(to); err == nil {
					last = to
				}
			default:
				n := jute.Zxid(1 + rng.IntN(9))
				for zxid := last + 1; zxid <= last+n; zxid++ {
					next = append(next, zxid)
				}
				err = s.add(int(n))
				last += n
			}
		}
	})
	disk.Inject = nil
	return next, err
}

// TestLivesOfAMember goes through many lives of a member. Each has several power losses at random
// calls.
func TestLivesOfAMember(t *testing.T) {
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		for seed := range uint64(300) {
			rng := newRand(seed)
			disk, may := simfs.New(), []jute.Zxid{0}
			if opt.DataLogDir = ""; seed%2 == 1 {
				opt.DataLogDir = "/logs"
			}
			for life := range 6 {
				next, err := memberLife(disk, opt, rng, may)
				if err != nil {
					t.Fatalf("seed %d, life %d: %v", seed, life, err)
				}
				may = next
				disk = disk.PowerLoss(simfs.Random(rng))
			}
		}
	})
}
