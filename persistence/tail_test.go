package persistence_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/record"
)

// eachTail calls f with directories whose last flush failed and was forgotten by a disk whose page
// cache cannot be dropped: 8 transactions are acknowledged, 3 more are in the page cache alone.
func eachTail(t *testing.T, f func(t *testing.T, disk *simfs.Disk, opt persistence.Options)) {
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		for _, newLog := range []bool{false, true} {
			for _, written := range []int{0, 150} {
				t.Run(fmt.Sprintf("new log=%v, %d written", newLog, written), func(t *testing.T) {
					before := func(s *server) error { return nil }
					if newLog {
						before = func(s *server) error { return s.log.Roll() }
					}
					f(t, lyingTail(t, opt, before, written), opt)
				})
			}
		}
	})
}

// lyingTail makes a directory of eachTail. written bytes of the 3 transactions reach the disk, and
// before is called right before they are added.
func lyingTail(
	t *testing.T, opt persistence.Options, before func(s *server) error, written int,
) *simfs.Disk {
	t.Helper()
	disk := simfs.New()
	disk.Deaf = true
	s := mustStart(t, disk, opt)
	must(t, errors.Join(s.add(4), s.add(4), before(s)))
	disk.Inject = func(call simfs.Call) simfs.Outcome {
		if call.Op == simfs.OpSync && strings.HasPrefix(path.Base(call.Name), "log.") {
			return simfs.Outcome{Err: simfs.ErrIO, Lost: true, Partial: written}
		}
		return simfs.Outcome{}
	}
	if err := s.add(3); !errors.Is(err, persistence.ErrDisk) {
		t.Fatal(err)
	}
	disk.Inject = nil
	return disk.Kill()
}

// TestAForgottenFlushIsNotBelieved: if a start shows transactions of a batch whose flush failed and
// was forgotten, they stay, at every crash in and behind that start.
func TestAForgottenFlushIsNotBelieved(t *testing.T) {
	eachTail(t, func(t *testing.T, disk *simfs.Disk, opt persistence.Options) {
		b := newBench(opt)
		b.disk, b.acked, b.appended, b.ours = disk, 8, 11, true
		b.also = func(c *tally, image *simfs.Disk, where string) {
			// Apache, and a server on a copy of the directory, may find records twice. Without a
			// watermark only DropCache can help.
			image.Deaf = false
			image.Delete(verDir + "/walmeta.0")
			image.Delete(verDir + "/walmeta.1")
			if s, ok := copyOf(b).look(c, image, where+", no sidecar"); ok {
				copyOf(b).goOn(c, image, s, where+", no sidecar")
			}
		}
		c := crashMatrix(b, func() error {
			if err := b.start(); err != nil {
				return err
			}
			b.acked = 11
			for range 2 {
				if err := errors.Join(b.add(2), b.server.log.Roll(), b.add(1), b.add(1)); err != nil {
					return err
				}
				b.disk = b.disk.Kill()
				if err := b.start(); err != nil {
					return err
				}
			}
			return nil
		}, 6, 31, 1)
		t.Log(c)
		if c.unsafe > 0 || c.points < 20 || b.acked != 19 {
			t.Fatal(c.first)
		}
	})
}

// copyOf is a bench of the same history whose directory need not be recognised.
func copyOf(b *bench) *bench {
	other := *b
	other.ours = false
	return &other
}

// TestADroppedCacheShowsTheDisk: if DropCache has an effect, a start does not even show bytes that
// are not on disk.
func TestADroppedCacheShowsTheDisk(t *testing.T) {
	eachTail(t, func(t *testing.T, disk *simfs.Disk, opt persistence.Options) {
		disk.Deaf = false
		s := mustStart(t, disk, opt)
		if last := s.mem.last(); last < 8 || last > 9 || !s.rec.Own {
			t.Fatalf("last %v, own %v", s.mem.last(), s.rec.Own)
		}
	})
}

// TestOnlyWhatIsInDoubtIsReadAgain: logs that are certainly on disk stay in the page cache.
func TestOnlyWhatIsInDoubtIsReadAgain(t *testing.T) {
	for _, tc := range []struct {
		name string
		stop func(s *server) error
		want int
	}{
		{"clean stop", func(s *server) error { return s.dir.Close() }, 0},
		{"kill", func(s *server) error { return nil }, 1},
	} {
		disk := simfs.New()
		s := mustStart(t, disk, testOptions())
		must(t, errors.Join(s.add(2), s.log.Roll(), s.add(2), tc.stop(s)))
		dropped := 0
		disk.Inject = func(call simfs.Call) simfs.Outcome {
			if call.Op == simfs.OpDrop && strings.HasPrefix(path.Base(call.Name), "log.") {
				dropped++
			}
			return simfs.Outcome{}
		}
		mustStart(t, disk, testOptions())
		if dropped != tc.want {
			t.Errorf("%s: the cache of %d logs was dropped, want %d", tc.name, dropped, tc.want)
		}
	}
}

func everyFile(disk *simfs.Disk) map[string]string {
	all := map[string]string{}
	for _, name := range disk.Names() {
		all[name] = string(disk.Read(name))
	}
	return all
}

// TestATailThatCannotBeMoved: on a disk that is full, or takes nothing, the start ends with
// ErrDisk and has changed nothing.
func TestATailThatCannotBeMoved(t *testing.T) {
	eachTail(t, func(t *testing.T, disk *simfs.Disk, opt persistence.Options) {
		before := everyFile(disk)
		tried := 0
		for k := 1; ; k++ {
			image := disk.Kill()
			n, renamed := 0, false
			image.Inject = func(call simfs.Call) simfs.Outcome {
				renamed = renamed || n < k && call.Op == simfs.OpRename
				switch call.Op {
				case simfs.OpCreate, simfs.OpWrite, simfs.OpSync:
					if n++; n >= k {
						return simfs.Outcome{Err: simfs.ErrFull}
					}
				}
				return simfs.Outcome{}
			}
			_, err := start(image, opt)
			image.Inject = nil
			if renamed {
				break
			}
			tried++
			if !errors.Is(err, persistence.ErrDisk) {
				t.Fatalf("call %d: %v", k, err)
			}
			if !maps.Equal(before, everyFile(image)) {
				t.Fatalf("call %d: the start that failed changed %v", k, image.Names())
			}
			if s := mustStart(t, image, opt); s.mem.last() != 11 {
				t.Fatalf("call %d: then %v", k, s.mem.last())
			}
		}
		if tried < 3 {
			t.Fatalf("%d calls failed", tried)
		}
	})
}

// standsTwice is a directory in the middle of a move: log.9 is there, log.1 is not cut yet.
func standsTwice(t *testing.T) *simfs.Disk {
	t.Helper()
	return movedOver(t, func(*server) error { return nil })
}

// movedOver is like standsTwice. before is called right before the flush that is forgotten.
func movedOver(t *testing.T, before func(s *server) error) *simfs.Disk {
	t.Helper()
	disk := lyingTail(t, testOptions(), before, 0)
	disk.Inject = func(call simfs.Call) simfs.Outcome {
		if call.Op == simfs.OpTruncate && path.Base(call.Name) == "log.1" {
			return simfs.Outcome{Crash: simfs.Before}
		}
		return simfs.Outcome{}
	}
	if simfs.Run(func() { _, _ = start(disk, testOptions()) }) == nil || !disk.Exists(verDir+"/log.9") {
		t.Fatal(disk.Names())
	}
	disk.Inject = nil
	return disk.Kill()
}

func without(disk *simfs.Disk, names ...string) *simfs.Disk {
	for _, name := range names {
		disk.Delete(verDir + "/" + name)
	}
	return disk
}

// TestRecordsThatStandTwice: they are read once, and a truncation does not bring them back.
func TestRecordsThatStandTwice(t *testing.T) {
	for _, own := range []bool{true, false} {
		for to := jute.Zxid(7); to <= 11; to++ {
			disk := standsTwice(t)
			if !own {
				without(disk, "walmeta.0", "walmeta.1")
			}
			s := mustStart(t, disk, testOptions())
			if s.mem.last() != 11 || len(s.mem.txns) != 11 || s.rec.Own != own {
				t.Fatalf("own=%v: %v, %v", own, s.mem.txns, s.rec.Own)
			}
			if n := bytes.Count(disk.Read(verDir+"/log.1"), []byte("value of ")); n != 8 {
				t.Fatalf("own=%v: log.1 has %d records", own, n)
			}
			must(t, s.dir.Truncate(to))
			if s = mustStart(t, disk, testOptions()); s.mem.last() != to {
				t.Fatalf("own=%v: cut to %v, recovered %v", own, to, s.mem.last())
			}
			must(t, s.add(1))
		}
	}
}

// TestOnlyTheSameRecordsMayStandTwice: other records with the same zxids do not come from a move.
func TestOnlyTheSameRecordsMayStandTwice(t *testing.T) {
	disk := without(standsTwice(t), "walmeta.0", "walmeta.1")
	log := disk.Read(verDir + "/log.9")
	other := entry(10)
	other.Header.Time++
	other.Payload = jute.AppendEntry(nil, other)
	at := 16 + len(entry(9).Payload) + 13
	changed := record.Append(log[:at:at], other.Payload)
	disk.Write(verDir+"/log.9", append(changed, log[len(changed):]...))
	_, err := start(disk.Kill(), testOptions())
	if !errors.Is(err, persistence.ErrSuspect) || !strings.Contains(err.Error(), "log.9") {
		t.Fatal(err)
	}

	// The old log keeps its tail if it has a record that the new log lacks.
	disk = without(standsTwice(t), "walmeta.0", "walmeta.1")
	disk.Write(verDir+"/log.1", disk.Read(verDir+"/log.1"))
	disk.Write(verDir+"/log.9", disk.Read(verDir + "/log.9")[:at])
	s := mustStart(t, disk, testOptions())
	if s.mem.last() != 11 {
		t.Fatal(s.mem.txns)
	}
	if s = mustStart(t, disk.PowerLoss(simfs.Nothing()), testOptions()); s.mem.last() != 11 {
		t.Fatal(s.mem.txns)
	}
}

// TestAMovedTailThatIsDamaged: the new log was flushed before it got its name, so it has no torn
// tail, and a broken record is damage.
func TestAMovedTailThatIsDamaged(t *testing.T) {
	for _, size := range []int{0, 16, 40, 16 + len(entry(9).Payload) + 13 + 20} {
		disk := standsTwice(t)
		disk.Write(verDir+"/log.9", disk.Read(verDir + "/log.9")[:size])
		before := everyFile(disk)
		if _, err := start(disk, testOptions()); !errors.Is(err, persistence.ErrDamaged) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if !maps.Equal(before, everyFile(disk)) {
			t.Errorf("%d bytes: changed", size)
		}
	}
}

// TestANoteWithoutTheMovedLog: a power cut leaves the note without the new log.
func TestANoteWithoutTheMovedLog(t *testing.T) {
	disk := without(standsTwice(t), "log.9")
	s := mustStart(t, disk, testOptions())
	if s.mem.last() != 11 || !s.rec.Own {
		t.Fatalf("%v, own %v", s.mem.txns, s.rec.Own)
	}
	must(t, s.add(1))
	if s = mustStart(t, disk.PowerLoss(simfs.Everything()), testOptions()); s.mem.last() != 12 {
		t.Fatal(s.mem.txns)
	}
}

// TestAMoveWhoseOldLogIsGone: an operator's script removed the old log while the server was down. A
// snapshot holds all its transactions.
func TestAMoveWhoseOldLogIsGone(t *testing.T) {
	disk := without(movedOver(t, func(s *server) error { return s.snapshot(8) }), "log.1")
	s := mustStart(t, disk, testOptions())
	if s.mem.last() != 11 || !s.rec.Own {
		t.Fatalf("%v, own %v", s.mem.txns, s.rec.Own)
	}
	must(t, s.add(1))
	if s = mustStart(t, disk.PowerLoss(simfs.Nothing()), testOptions()); s.mem.last() != 12 {
		t.Fatal(s.mem.txns)
	}
}

// repeatedError is a transaction as Apache logs it for a request that failed: with the zxid of the
// transaction before it.
func repeatedError(zxid jute.Zxid) *jute.Entry {
	e := &jute.Entry{Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpError}, Body: []byte{0, 0, 0, 1}}
	e.Payload = jute.AppendEntry(nil, e)
	return e
}

// TestAnErrorThatRepeatsAZxidBeginsNoLog: such an error begins no log after a start, and none when
// a tail is moved. A log of that name would hide or replace the log with the transaction itself.
func TestAnErrorThatRepeatsAZxidBeginsNoLog(t *testing.T) {
	disk := simfs.New()
	mustStart := func() *server {
		s, err := start(disk, testOptions())
		must(t, err)
		return s
	}
	s := mustStart()
	for range 2 {
		must(t, s.add(1))
		must(t, s.log.Append(repeatedError(s.log.LastZxid())))
		_, err := s.log.Commit()
		must(t, err)
		s = mustStart()
		must(t, s.log.Append(repeatedError(s.log.LastZxid())))
		durable, err := s.log.Commit()
		if must(t, err); durable != s.mem.last() {
			t.Fatal(durable)
		}
	}
	must(t, errors.Join(s.add(1), s.log.Settle()))
	must(t, s.log.Append(repeatedError(3)))
	for zxid := jute.Zxid(4); zxid < 6; zxid++ {
		must(t, s.log.Append(entry(zxid)))
	}
	disk.Deaf = true
	disk.Inject = func(call simfs.Call) simfs.Outcome {
		return simfs.Outcome{Err: simfs.ErrIO, Lost: true}
	}
	_, err := s.log.Commit()
	disk.Inject = nil
	if !errors.Is(err, persistence.ErrDisk) {
		t.Fatal(err)
	}
	// The write itself failed. Put the tail behind the records, as if only the flush had failed.
	log := append([]byte(nil), disk.Read(verDir+"/log.3")...)
	end := bytes.LastIndexByte(bytes.TrimRight(log, "\x00"), 'B') + 1
	tail := record.Append(log[:end:end], repeatedError(3).Payload)
	for zxid := jute.Zxid(4); zxid < 6; zxid++ {
		tail = record.Append(tail, entry(zxid).Payload)
	}
	disk.Write(verDir+"/log.3", append(tail, make([]byte, 500)...))
	s = mustStart()
	if s.mem.last() != 5 || !s.rec.Own || !disk.Exists(verDir+"/log.4") {
		t.Fatalf("%v, own %v, %v", s.mem.txns, s.rec.Own, disk.Names())
	}
	disk = disk.PowerLoss(simfs.Everything())
	if s = mustStart(); s.mem.last() != 5 || !s.rec.Own {
		t.Fatalf("%v, own %v", s.mem.txns, s.rec.Own)
	}
}

// TestAForgottenNoteOfATruncation: a truncation whose note is in the page cache alone is not begun
// before the note is on disk.
func TestAForgottenNoteOfATruncation(t *testing.T) {
	b := newBench(testOptions())
	must(t, build(b))
	b.disk.Deaf = true
	noted := false
	b.disk.Inject = func(call simfs.Call) simfs.Outcome {
		if noted || call.Op != simfs.OpSync || !strings.Contains(call.Name, "walmeta.") {
			return simfs.Outcome{}
		}
		if string(b.disk.Read(call.Name)[56:64]) != "\x00\x00\x00\x00\x00\x00\x00\x07" {
			return simfs.Outcome{}
		}
		noted = true
		return simfs.Outcome{Err: simfs.ErrIO, Lost: true}
	}
	if err := b.server.dir.Truncate(7); !errors.Is(err, persistence.ErrDisk) || !noted {
		t.Fatal(err)
	}
	b.disk.Inject = nil
	heard := b.disk.Kill()
	heard.Deaf = false
	if s := mustStart(t, heard, testOptions()); s.mem.last() != 20 {
		t.Fatalf("the note is on no disk, and was followed: %v", s.mem.last())
	}
	b.disk, b.cutTo = b.disk.Kill(), 7
	c := crashMatrix(b, func() error {
		if err := b.start(); err != nil {
			return err
		}
		b.acked, b.appended = 7, 7
		return b.add(3)
	}, 4, 0, 1)
	t.Log(c)
	if c.unsafe > 0 || c.points < 20 {
		t.Fatal(c.first)
	}
}
