package persistence_test

import (
	"errors"
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
		done, err := s.log.Rescue()
		must(t, err)
		if !done {
			t.Fatal("it was not written anew")
		}
		hasAll(t, "power loss", disk.PowerLoss(simfs.Everything()), 8)
		if done, err := s.log.Rescue(); done || err != nil {
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
		_, err := s.log.Rescue()
		disk.Inject = nil
		if calls < fail {
			break
		}
		final := s.add(1)
		switch {
		case final == nil:
			again++
			_, err = s.log.Rescue()
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
		if simfs.Run(func() { _, _ = s.log.Rescue() }) == nil {
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
