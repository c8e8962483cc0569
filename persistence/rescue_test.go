package persistence_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

// nameless is a server whose log somebody else has removed, as a purge by age does. It has written
// 8 transactions, 3 of them to the file without a name.
func nameless(t *testing.T, mark persistence.Watermark) (*server, *simfs.Disk) {
	t.Helper()
	disk := simfs.New()
	opt := testOptions()
	opt.Log.Watermark = mark
	s := mustStart(t, disk, opt)
	must(t, s.add(2))
	must(t, s.log.Roll())
	must(t, s.add(3))
	must(t, disk.Remove(verDir+"/"+persistence.LogName(3)))
	must(t, disk.SyncDir(verDir))
	must(t, s.add(3))
	return s, disk
}

func hasAll(t *testing.T, what string, disk *simfs.Disk, last jute.Zxid) {
	t.Helper()
	if got := mustStart(t, disk, testOptions()).mem.last(); got != last {
		t.Errorf("%s: recovered up to %v in place of %v", what, got, last)
	}
}

// TestALogThatWasRemovedIsWrittenAnew: what was acknowledged before and after somebody removed the
// log that is written is there at the next start.
func TestALogThatWasRemovedIsWrittenAnew(t *testing.T) {
	for _, mark := range []persistence.Watermark{persistence.Lag, persistence.Strict} {
		s, disk := nameless(t, mark)
		if _, err := start(disk.Kill(), testOptions()); !refused(err) {
			t.Fatalf("without it: %v", err)
		}
		done, err := s.dir.Rescue()
		must(t, err)
		if !slices.Equal(done, []string{persistence.LogName(3)}) {
			t.Fatalf("written anew: %v", done)
		}
		hasAll(t, "power loss", disk.PowerLoss(simfs.Everything()), 8)
		if done, err := s.dir.Rescue(); done != nil || err != nil {
			t.Errorf("once more: %v, %v", done, err)
		}
		must(t, s.add(2))
		hasAll(t, "power loss behind more", disk.PowerLoss(simfs.Everything()), 10)
		must(t, s.log.Roll())
		must(t, s.add(1))
		must(t, s.dir.Close())
		hasAll(t, "end", disk, 11)
	}
}

// TestAnotherFileHasTheLogsName, as behind gzip and gunzip or an editor.
func TestAnotherFileHasTheLogsName(t *testing.T) {
	s, disk := nameless(t, persistence.Lag)
	disk.Write(verDir+"/"+persistence.LogName(3), []byte("a copy"))
	done, err := s.dir.Rescue()
	must(t, err)
	if len(done) != 1 {
		t.Error("it was not written anew")
	}
	hasAll(t, "power loss", disk.PowerLoss(simfs.Everything()), 8)
}

// TestAnotherFileHasATwinsName, as the log's above. A start would believe neither copy, and take the
// directory for another server's.
func TestAnotherFileHasATwinsName(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	must(t, s.add(2))
	for i := range 2 {
		name := fmt.Sprintf("%s/walmeta.%d", verDir, i)
		p := disk.Read(name)
		disk.Delete(name)
		disk.Write(name, p)
	}
	done, err := s.dir.Rescue()
	must(t, err)
	if !slices.Equal(done, []string{"walmeta"}) {
		t.Errorf("written anew: %v", done)
	}
	must(t, s.add(1))
	after := mustStart(t, disk.PowerLoss(simfs.Everything()), testOptions())
	if !after.rec.Own || after.mem.last() != 3 {
		t.Errorf("own %v, up to %v", after.rec.Own, after.mem.last())
	}
}

// TestARescueThatFailsKeepsNothingFromTheRest: on a disk that is too full for the log there can be
// room for the rest.
func TestARescueThatFailsKeepsNothingFromTheRest(t *testing.T) {
	s, disk := nameless(t, persistence.Lag)
	disk.Delete(verDir + "/walmeta.0")
	disk.Inject = func(c simfs.Call) simfs.Outcome {
		if c.Op == simfs.OpWrite && strings.HasSuffix(c.Name, persistence.LogName(3)) {
			return simfs.Outcome{Err: simfs.ErrIO}
		}
		return simfs.Outcome{}
	}
	done, err := s.dir.Rescue()
	if !slices.Equal(done, []string{"walmeta"}) || !errors.Is(err, simfs.ErrIO) {
		t.Errorf("written anew: %v, %v", done, err)
	}
	disk.Inject = nil
	if _, err := s.dir.Rescue(); err != nil {
		t.Error(err)
	}
	hasAll(t, "power loss", disk.PowerLoss(simfs.Everything()), 8)
}

// TestTheSmallFilesThatWereRemoved are written anew: without one of the twins no start is possible,
// and without both and the epochs a member forgets its promises.
func TestTheSmallFilesThatWereRemoved(t *testing.T) {
	opt := testOptions()
	opt.DataLogDir = "/logs"
	small := []string{
		verDir + "/snapmeta.0", verDir + "/snapmeta.1", verDir + "/acceptedEpoch",
		verDir + "/currentEpoch", "/logs/version-2/walmeta.0", "/logs/version-2/walmeta.1",
	}
	for gone := range 1 << len(small) {
		disk := simfs.New()
		s := mustStart(t, disk, opt)
		must(t, s.add(2))
		must(t, s.dir.SetAcceptedEpoch(7))
		must(t, s.dir.SetCurrentEpoch(6))
		for i, name := range small {
			if gone>>i&1 != 0 {
				must(t, disk.Remove(name))
				must(t, disk.SyncDir(filepath.Dir(name)))
			}
		}
		must(t, s.add(2))
		done, err := s.dir.Rescue()
		must(t, err)
		if (len(done) > 0) != (gone > 0) {
			t.Errorf("%b gone: %v written anew", gone, done)
		}
		must(t, s.add(1))
		after := mustStart(t, disk.PowerLoss(simfs.Everything()), opt)
		epochs, err := after.dir.Epochs()
		if err != nil || epochs.Accepted != 7 || epochs.Current != 6 || after.mem.last() != 5 {
			t.Errorf("%b gone: %+v, %v, up to %v", gone, epochs, err, after.mem.last())
		}
		for _, name := range small {
			if !disk.Exists(name) {
				t.Errorf("%b gone: no %s", gone, name)
			}
		}
	}
}

// TestARescueThatFails at any call loses nothing: either it can be tried again, or the log has ended
// and the copy is complete.
func TestARescueThatFails(t *testing.T) {
	again, ended := 0, 0
	for fail := 1; ; fail++ {
		s, disk := nameless(t, persistence.Lag)
		calls := 0
		disk.Inject = func(c simfs.Call) simfs.Outcome {
			if calls++; calls == fail {
				return simfs.Outcome{Err: simfs.ErrIO, Lost: true}
			}
			return simfs.Outcome{}
		}
		_, err := s.dir.Rescue()
		disk.Inject = nil
		if calls < fail {
			break
		}
		final := s.add(1)
		switch {
		case final == nil:
			again++
			_, err = s.dir.Rescue()
			must(t, err)
			hasAll(t, "again", disk.PowerLoss(simfs.Everything()), 9)
		case !errors.Is(final, persistence.ErrDisk) || err == nil:
			t.Fatalf("call %d: %v, and then %v", fail, err, final)
		default:
			ended++
			hasAll(t, "ended", disk.Kill(), 8)
		}
	}
	if again == 0 || ended == 0 {
		t.Errorf("%d tried again, %d ended", again, ended)
	}
}

// TestACrashInARescue at any call leaves a directory that is refused, as without the rescue, or one
// that has everything.
func TestACrashInARescue(t *testing.T) {
	refusals, whole := 0, 0
	for at := 1; ; at++ {
		s, disk := nameless(t, persistence.Lag)
		calls := 0
		disk.Inject = func(c simfs.Call) simfs.Outcome {
			if calls++; calls == at {
				return simfs.Outcome{Crash: simfs.After}
			}
			return simfs.Outcome{}
		}
		if simfs.Run(func() { _, _ = s.dir.Rescue() }) == nil {
			break
		}
		disk.Inject = nil
		for _, image := range []*simfs.Disk{disk.Kill(), disk.PowerLoss(simfs.Everything())} {
			after, err := start(image, testOptions())
			switch {
			case refused(err):
				refusals++
			case err != nil || after.mem.last() != 8:
				t.Errorf("crash at call %d: %v", at, err)
			default:
				whole++
			}
		}
	}
	if refusals == 0 || whole == 0 {
		t.Errorf("%d refused, %d whole", refusals, whole)
	}
}
