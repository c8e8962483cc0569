package persistence_test

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
	"slices"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

func TestLogBytesAreApaches(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	must(t, s.add(2))
	got := disk.Read(verDir + "/log.1")
	want := []byte("ZKLG\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00")
	for zxid := range jute.Zxid(2) {
		p := entry(zxid + 1).Payload
		want = binary.BigEndian.AppendUint64(want, uint64(adler32.Checksum(p)))
		want = binary.BigEndian.AppendUint32(want, uint32(len(p)))
		want = append(append(want, p...), 'B')
	}
	if len(got) != 16+8<<10 {
		t.Fatalf("padded to %d bytes", len(got))
	}
	if string(got[:len(want)]) != string(want) {
		t.Fatalf("got  %x\nwant %x", got[:len(want)], want)
	}
	for i, c := range got[len(want):] {
		if c != 0 {
			t.Fatalf("padding byte %d is %d", i, c)
		}
	}
}

func TestRestartRollAndSnapshot(t *testing.T) {
	disk := simfs.New()
	total := 0
	for round := range 6 {
		s := mustStart(t, disk, testOptions())
		if got := int(s.mem.last()); got != total {
			t.Fatalf("round %d: recovered up to %d of %d", round, got, total)
		}
		if s.rec.Own != (round > 0) {
			t.Fatalf("round %d: own=%v", round, s.rec.Own)
		}
		for range 5 {
			must(t, s.add(7))
			total += 7
		}
		if round%2 == 0 {
			must(t, s.log.Roll())
			must(t, s.snapshot(s.log.LastZxid()))
			must(t, s.add(1))
			total++
		}
		if round%3 == 0 {
			must(t, s.dir.Close())
		}
	}
}

func TestLogGrowsByPreAlloc(t *testing.T) {
	disk := simfs.New()
	opt := testOptions()
	s := mustStart(t, disk, opt)
	for range 60 {
		must(t, s.add(10))
	}
	size := int64(len(disk.Read(verDir + "/log.1")))
	if size%opt.Log.PreAllocBytes != 16 || size < s.log.FileBytes()+4096 {
		t.Fatalf("%d bytes of records in a file of %d", s.log.FileBytes(), size)
	}
	must(t, s.log.Roll())
	if got := int64(len(disk.Read(verDir + "/log.1"))); got != s.log.TotalBytes() {
		t.Fatalf("left with %d bytes for %d of records", got, s.log.TotalBytes())
	}
	s = mustStart(t, disk, opt)
	if s.mem.last() != 600 {
		t.Fatal(s.mem.last())
	}
}

func TestSizeLimitRolls(t *testing.T) {
	disk := simfs.New()
	opt := testOptions()
	opt.Log.SizeLimitBytes = 1000
	s := mustStart(t, disk, opt)
	for range 30 {
		must(t, s.add(2))
	}
	if logs := len(disk.Names()); logs < 8 {
		t.Fatal(disk.Names())
	}
	s = mustStart(t, disk, opt)
	if s.mem.last() != 60 {
		t.Fatal(s.mem.last())
	}
}

func TestAppendRefusesDisorder(t *testing.T) {
	s := mustStart(t, simfs.New(), testOptions())
	must(t, s.add(3))
	for _, zxid := range []jute.Zxid{0, 2, 3, 5, 1<<32 | 2} {
		if err := s.log.Append(entry(zxid)); !errors.Is(err, persistence.ErrOrder) {
			t.Fatalf("%v after 3: %v", zxid, err)
		}
	}
	e := entry(3)
	e.Header.Type = jute.OpError
	e.Body = jute.Append(nil, &jute.ErrorResponse{})
	e.Payload = jute.AppendEntry(nil, e)
	must(t, s.log.Append(e))
	must(t, s.log.Append(entry(4)))
	must(t, s.log.Append(entry(1<<32|1)))
	if _, err := s.log.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestLogErrorIsFinal(t *testing.T) {
	for _, op := range []simfs.Op{simfs.OpWrite, simfs.OpSync, simfs.OpTruncate} {
		disk := simfs.New()
		s := mustStart(t, disk, testOptions())
		must(t, s.add(1))
		failed := 0
		disk.Inject = func(c simfs.Call) simfs.Outcome {
			if c.Op == op {
				failed++
				return simfs.Outcome{Err: simfs.ErrIO}
			}
			return simfs.Outcome{}
		}
		var err error
		for range 100 {
			if err = s.add(1); err != nil {
				break
			}
		}
		if !errors.Is(err, persistence.ErrDisk) || !errors.Is(err, simfs.ErrIO) {
			t.Fatalf("%v: %v", op, err)
		}
		durable := s.log.Durable()
		disk.Inject = nil
		calls := disk.Calls()
		for _, again := range []error{s.add(1), s.log.Roll(), s.log.Close(), s.log.Settle()} {
			if again != err {
				t.Fatalf("%v: afterwards %v", op, again)
			}
		}
		if disk.Calls() != calls || failed != 1 || s.log.Durable() != durable {
			t.Fatalf("%v: the disk was used after it failed", op)
		}
	}
}

// readLog reads a part of the history in chunks of about so many bytes.
func (s *server) readLog(from, upTo jute.Zxid, bytes int) (zxids []jute.Zxid, err error) {
	r, err := s.dir.ReadLog(from, upTo, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		chunk, err := r.Next(bytes)
		for _, e := range chunk {
			zxids = append(zxids, e.Header.Zxid)
		}
		switch {
		case err == io.EOF:
			return zxids, nil
		case err != nil:
			return zxids, err
		}
	}
}

// logsOfFive makes logs of five transactions each; the last one is open.
func logsOfFive(t *testing.T, disk persistence.FS, logs int) *server {
	s := mustStart(t, disk, testOptions())
	must(t, s.add(5))
	for range logs - 1 {
		must(t, s.log.Roll())
		must(t, s.add(5))
	}
	return s
}

// isRange says whether zxids are those from one up to another.
func isRange(zxids []jute.Zxid, from, upTo jute.Zxid) bool {
	for i, zxid := range zxids {
		if zxid != from+jute.Zxid(i) {
			return false
		}
	}
	return len(zxids) == int(upTo-from)+1
}

// TestReadLog reads every part of the history, in chunks of every size. Each part begins with the
// transaction that the learner says it has.
func TestReadLog(t *testing.T) {
	s := logsOfFive(t, simfs.New(), 5)
	for from := range jute.Zxid(25) {
		for upTo := max(from, 1); upTo <= 25; upTo += 3 {
			got, err := s.readLog(from, upTo, 1+int(from)*30)
			if err != nil || !isRange(got, max(from, 1), upTo) {
				t.Fatalf("[%v, %v]: %v, %v", from, upTo, got, err)
			}
		}
	}
	if got, err := s.readLog(20, 7, 100); err != nil || !isRange(got, 7, 7) {
		t.Errorf("a learner that is ahead: %v, %v", got, err)
	}
	if got, err := s.readLog(20, 26, 100); !errors.Is(err, persistence.ErrGap) {
		t.Errorf("more than there is: %v, %v", got, err)
	}
}

// TestReadLogBelowThePurge: a range with purged transactions is a gap, and no transaction is given.
func TestReadLogBelowThePurge(t *testing.T) {
	disk := simfs.New()
	s := logsOfFive(t, disk, 5)
	disk.Delete(verDir + "/log.1")
	disk.Delete(verDir + "/log.6")
	for from := range jute.Zxid(26) {
		got, err := s.readLog(from, 25, 100)
		switch {
		case from < 11 && (!errors.Is(err, persistence.ErrGap) || got != nil):
			t.Errorf("from %v, of which the log is gone: %v, %v", from, err, got)
		case from >= 11 && (err != nil || !isRange(got, from, 25)):
			t.Errorf("from %v: %v, %v", from, err, got)
		}
	}
	disk.Delete(verDir + "/log.10")
	if got, err := s.readLog(12, 25, 1); !errors.Is(err, persistence.ErrGap) ||
		!isRange(got, 12, 15) {
		t.Error("a hole in the middle:", got, err)
	}
	disk.Delete(verDir + "/log.b")
	disk.Delete(verDir + "/log.15")
	if _, err := s.readLog(12, 25, 1); !errors.Is(err, persistence.ErrGap) {
		t.Error("no log at all:", err)
	}
}

// TestReadLogBesideAPurge: a purge at any moment takes the logs that are not open yet. That is a
// gap and no failure.
func TestReadLogBesideAPurge(t *testing.T) {
	whole, gaps := 0, 0
	for k := range 60 {
		disk := simfs.New()
		s := logsOfFive(t, disk, 5)
		for _, zxid := range []jute.Zxid{20, 22, 25} {
			must(t, s.snapshot(zxid))
		}
		calls := 0
		disk.Inject = func(simfs.Call) simfs.Outcome {
			if calls++; calls == k+1 {
				disk.Inject = nil
				removed, err := s.dir.Purge(3)
				must(t, err)
				if len(removed) < 4 {
					t.Fatal("purged", removed)
				}
			}
			return simfs.Outcome{}
		}
		got, err := s.readLog(3, 25, 1)
		switch {
		case err == nil && isRange(got, 3, 25):
			whole++
		case errors.Is(err, persistence.ErrGap) && !errors.Is(err, persistence.ErrDisk) &&
			(len(got) == 0 || isRange(got, 3, got[len(got)-1])):
			gaps++
		default:
			t.Fatalf("purged before call %d: %v, %v", k, got, err)
		}
	}
	if whole == 0 || gaps == 0 {
		t.Fatal(whole, gaps)
	}
}

// TestReadLogFromTheFirstEpoch: it is certain that no transaction came before the first one of an
// ensemble only if nothing was purged, not even between two looks at the directories.
func TestReadLogFromTheFirstEpoch(t *testing.T) {
	for _, purged := range []bool{false, true} {
		disk := &listed{FS: simfs.New()}
		s := mustStart(t, disk, testOptions())
		must(t, s.log.Append(entry(1<<32|1)))
		must(t, s.add(1))
		if purged {
			disk.then = func() { must(t, disk.Remove(verDir+"/snapshot.0")) }
		}
		got, err := s.readLog(0, 1<<32|2, 100)
		if purged != errors.Is(err, persistence.ErrGap) || !purged && !isRange(got, 1<<32|1, 1<<32|2) {
			t.Errorf("purged %v: %v, %v", purged, got, err)
		}
	}
}

// TestASnapshotOfTheOwnReignIsNoHole: a leader's snapshot of the beginning of its reign has a zxid
// that is in no log. Nothing is missing in front of it, so a learner is sent what the leader has
// logged. A snapshot that was there before the start may have come without a log.
func TestASnapshotOfTheOwnReignIsNoHole(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	must(t, s.add(5))
	must(t, s.snapshot(1<<32))
	must(t, s.log.Append(entry(1<<32|1)))
	must(t, s.add(1))
	got, err := s.readLog(5, 1<<32|2, 1)
	if want := []jute.Zxid{5, 1<<32 | 1, 1<<32 | 2}; err != nil || !slices.Equal(got, want) {
		t.Errorf("in the reign: %v, %v", got, err)
	}
	must(t, s.dir.Close())
	s = mustStart(t, disk, testOptions())
	if got, err := s.readLog(5, 1<<32|2, 1); !errors.Is(err, persistence.ErrGap) {
		t.Errorf("after a start: %v, %v", got, err)
	}
}

// TestReadLogSaysHowMuch: Bytes is about the size of the records, without the padding of the open
// log.
func TestReadLogSaysHowMuch(t *testing.T) {
	opt := testOptions()
	opt.Log.PreAllocBytes, opt.Log.Watermark = 1<<20, persistence.Lag
	for _, rolled := range []bool{false, true} {
		s := mustStart(t, simfs.New(), opt)
		must(t, s.add(50))
		if must(t, s.log.Settle()); rolled { // the mark is still in the log before
			must(t, s.log.Roll())
			must(t, s.add(1))
		}
		r, err := s.dir.ReadLog(1, s.log.LastZxid(), -1)
		must(t, err)
		if got, want := r.Bytes(), s.log.TotalBytes(); got > want || got < want*9/10 {
			t.Errorf("rolled %v: %d bytes, of %d", rolled, got, want)
		}
	}
}

// listed lets something happen between a listing and what follows it.
type listed struct {
	persistence.FS
	then func()
}

func (l *listed) ReadDir(dir string) ([]persistence.FileInfo, error) {
	list, err := l.FS.ReadDir(dir)
	if l.then != nil {
		l.then()
	}
	return list, err
}

// TestReadLogBesideARollBehindItsListing: the log is rolled after the reader has listed the logs.
// The reader does not need the transactions that came since.
func TestReadLogBesideARollBehindItsListing(t *testing.T) {
	disk := &listed{FS: simfs.New()}
	s := mustStart(t, disk, testOptions())
	must(t, s.add(5))
	disk.then = func() {
		disk.then = nil
		must(t, s.log.Roll())
		must(t, s.add(5))
	}
	if got, err := s.readLog(2, 5, 1000); err != nil || !isRange(got, 2, 5) {
		t.Fatal(got, err)
	}
}

// TestReadLogBesideARoll: the log is rolled, and goes on, before any call of the reader.
func TestReadLogBesideARoll(t *testing.T) {
	for k := range 12 {
		disk := simfs.New()
		s := logsOfFive(t, disk, 2)
		calls := 0
		disk.Inject = func(simfs.Call) simfs.Outcome {
			if calls++; calls == k+1 {
				disk.Inject = nil
				must(t, s.log.Roll())
				must(t, s.add(5))
				must(t, s.log.Roll())
				must(t, s.add(5))
			}
			return simfs.Outcome{}
		}
		for _, upTo := range []jute.Zxid{10, 7} {
			if got, err := s.readLog(2, upTo, 64); err != nil || !isRange(got, 2, upTo) {
				t.Errorf("rolled before call %d, up to %v: %v, %v", k, upTo, got, err)
			}
		}
	}
}
