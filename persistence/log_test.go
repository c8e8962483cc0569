package persistence_test

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
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

// TestReadLogBelowThePurge: a list with a hole is none.
func TestReadLogBelowThePurge(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	for range 4 {
		must(t, s.add(5))
		must(t, s.log.Roll())
	}
	must(t, s.add(5))
	disk.Delete(verDir + "/log.1")
	disk.Delete(verDir + "/log.6")
	for after := range jute.Zxid(26) {
		var got []jute.Zxid
		err := s.dir.ReadLog(after, 25, func(e *jute.Entry) error {
			got = append(got, e.Header.Zxid)
			return nil
		})
		switch {
		case after < 10 && (!errors.Is(err, persistence.ErrNotLogged) || got != nil):
			t.Errorf("after %v, of which the log is gone: %v, %v", after, err, got)
		case after >= 10 && (err != nil || len(got) != int(25-after)):
			t.Errorf("after %v: %v, %v", after, err, got)
		}
	}
	disk.Delete(verDir + "/log.10")
	if err := s.dir.ReadLog(12, 25, func(*jute.Entry) error { return nil }); err == nil {
		t.Error("a hole in the middle was not seen")
	}
	disk.Delete(verDir + "/log.b")
	disk.Delete(verDir + "/log.15")
	err := s.dir.ReadLog(12, 25, func(*jute.Entry) error { return nil })
	if !errors.Is(err, persistence.ErrNotLogged) {
		t.Error("no log at all:", err)
	}
}

// TestReadLogOverAHole: what lies behind a hole does not follow.
func TestReadLogOverAHole(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	for range 4 {
		must(t, s.add(5))
		must(t, s.log.Roll())
	}
	disk.Delete(verDir + "/log.6")
	for after := range jute.Zxid(12) {
		var got []jute.Zxid
		err := s.dir.ReadLog(after, 20, func(e *jute.Entry) error {
			got = append(got, e.Header.Zxid)
			return nil
		})
		if (err == nil) != (after >= 10) || err != nil && len(got) > int(5-min(after, 5)) {
			t.Errorf("after %v, with 6 to 10 missing: %v, %v", after, err, got)
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

// TestReadLogBesideARollBehindItsListing: what was logged since is not missed.
func TestReadLogBesideARollBehindItsListing(t *testing.T) {
	disk := &listed{FS: simfs.New()}
	s := mustStart(t, disk, testOptions())
	must(t, s.add(5))
	disk.then = func() {
		disk.then = nil
		must(t, s.log.Roll())
		must(t, s.add(5))
	}
	n := 0
	err := s.dir.ReadLog(2, 5, func(*jute.Entry) error { n++; return nil })
	if err != nil || n != 3 {
		t.Fatal(n, err)
	}
}

// TestReadLogBesideARoll: the log is rolled, and goes on, before any call of the reader.
func TestReadLogBesideARoll(t *testing.T) {
	for k := range 12 {
		disk := simfs.New()
		s := mustStart(t, disk, testOptions())
		must(t, s.add(5))
		must(t, s.log.Roll())
		must(t, s.add(5))
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
			n := 0
			err := s.dir.ReadLog(2, upTo, func(*jute.Entry) error { n++; return nil })
			if err != nil || n != int(upTo-2) {
				t.Errorf("rolled before call %d, up to %v: %d, %v", k, upTo, n, err)
			}
		}
	}
}

func TestReadLog(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	for range 4 {
		must(t, s.add(5))
		must(t, s.log.Roll())
	}
	must(t, s.add(5))
	for after := range jute.Zxid(25) {
		for upTo := after; upTo <= 25; upTo += 3 {
			var got []jute.Zxid
			must(t, s.dir.ReadLog(after, upTo, func(e *jute.Entry) error {
				got = append(got, e.Header.Zxid)
				return nil
			}))
			if len(got) != int(upTo-after) || len(got) > 0 && got[0] != after+1 {
				t.Fatalf("(%v, %v]: %v", after, upTo, got)
			}
		}
	}
}
