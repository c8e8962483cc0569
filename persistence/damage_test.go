package persistence_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/record"
)

// The tests use a directory with 64 records, in batches of 4, in two logs. The first log was ended
// by a roll or by a restart, the second by a kill. A test damages the directory. Then a server must
// either have everything that was acknowledged, or refuse to start.
const (
	records   = 64
	batchSize = 4
)

// twoLogs adds 64 transactions, half of them to each of two logs.
func (s *server) twoLogs(t *testing.T) {
	t.Helper()
	for range records / batchSize / 2 {
		must(t, s.add(batchSize))
	}
	must(t, s.log.Roll())
	for range records / batchSize / 2 {
		must(t, s.add(batchSize))
	}
}

func logOf64(t *testing.T, opt persistence.Options, apache bool) *simfs.Disk {
	t.Helper()
	disk := simfs.New()
	s := mustStart(t, disk, opt)
	s.twoLogs(t)
	if apache {
		disk.Delete(verDir + "/walmeta.0")
		disk.Delete(verDir + "/walmeta.1")
	}
	return disk.Kill()
}

// afterDamage starts a server on a damaged disk. lost is how many of the last transactions may be
// missing.
func afterDamage(c *tally, disk *simfs.Disk, opt persistence.Options, lost int, where string) {
	c.images++
	s, err := start(disk, opt)
	switch {
	case err != nil && refused(err):
		c.refused++
	case err != nil:
		c.report("%s: %v", where, err)
	case s.mem.check() != nil:
		c.report("%s: %v", where, s.mem.check())
	case s.mem.last() == records:
		c.kept++
	case int(s.mem.last()) >= records-lost:
		c.exempt++
	default:
		c.report("%s: %v of %d acknowledged", where, s.mem.last(), records)
	}
}

// sampled is the distance between the bits that are tried. Only short runs leave bits out.
func sampled() int64 {
	if short() {
		return 29
	}
	return 1
}

// turnBit turns one bit, starts a server, and turns the bit back. A server that refuses to start
// must not have changed anything. The rare server that starts gets a disk of its own.
func turnBit(c *tally, disk *simfs.Disk, opt persistence.Options, lost int, name string, bit int64) {
	c.points++
	disk.FlipBit(name, bit)
	defer disk.FlipBit(name, bit)
	disk.Inject = func(call simfs.Call) simfs.Outcome {
		if call.Op.Changes() && !strings.HasSuffix(call.Name, "/initialize") {
			return simfs.Outcome{Crash: simfs.Before}
		}
		return simfs.Outcome{}
	}
	var err error
	crash := simfs.Run(func() { _, err = start(disk, opt) })
	disk.Inject = nil
	if crash == nil && refused(err) {
		c.images++
		c.refused++
		return
	}
	afterDamage(c, disk.Kill(), opt, lost, fmt.Sprintf("bit %d of %s", bit, name))
}

type writer struct {
	name   string
	mark   persistence.Watermark
	apache bool
	// lost is how many transactions cannot be told from a torn tail: none, those of the last batch,
	// or the last one.
	lost int
}

func writers() []writer {
	return []writer{
		{"strict", persistence.Strict, false, 0},
		{"lag", persistence.Lag, false, batchSize},
		{"apache", persistence.Strict, true, 1},
	}
}

func eachWriter(t *testing.T, f func(t *testing.T, w writer, opt persistence.Options)) {
	for _, w := range writers() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			opt := testOptions()
			opt.Log.Watermark = w.mark
			f(t, w, opt)
		})
	}
}

func TestEveryBitOfALog(t *testing.T) {
	eachWriter(t, func(t *testing.T, w writer, opt persistence.Options) {
		disk := logOf64(t, opt, w.apache)
		c := new(tally)
		for _, name := range []string{verDir + "/log.1", verDir + "/log.21"} {
			bits := int64(16+records/2*(len(entry(1).Payload)+13)) * 8
			for bit := int64(0); bit < bits; bit += sampled() {
				turnBit(c, disk, opt, w.lost, name, bit)
			}
		}
		t.Log(c)
		if c.unsafe > 0 || c.refused == 0 {
			t.Fatal(c.first)
		}
	})
}

// TestEveryBitBeside turns bits of the sidecar, the snapshots, the epochs: all acknowledged
// transactions are there, or the server does not start.
func TestEveryBitBeside(t *testing.T) {
	eachWriter(t, func(t *testing.T, w writer, opt persistence.Options) {
		disk := logOf64(t, opt, w.apache)
		c := new(tally)
		for _, name := range disk.Names() {
			if name == verDir+"/log.1" || name == verDir+"/log.21" {
				continue
			}
			bits := int64(len(disk.Read(name))) * 8
			for bit := int64(0); bit < bits; bit += sampled() {
				turnBit(c, disk, opt, 0, name, bit)
			}
		}
		t.Log(c)
		if c.unsafe > 0 {
			t.Fatal(c.first)
		}
	})
}

// TestSectorsAndRecords zeroes sectors, and loses, doubles and swaps records.
func TestSectorsAndRecords(t *testing.T) {
	eachWriter(t, func(t *testing.T, w writer, opt persistence.Options) {
		disk := logOf64(t, opt, w.apache)
		c := new(tally)
		change := func(name, what string, lost int, f func(p []byte) []byte) {
			c.points++
			damaged := disk.Kill()
			damaged.Write(name, f(damaged.Read(name)))
			afterDamage(c, damaged, opt, lost, what+" of "+name)
		}
		record := len(entry(1).Payload) + 13
		for _, name := range []string{verDir + "/log.1", verDir + "/log.21"} {
			end := 16
			for from := 0; from < 16+records/2*record; from += 512 {
				// Zeros where the last transactions were look like padding when there is no
				// watermark.
				change(name, fmt.Sprintf("sector at %d", from), max(w.lost, lostSector(w, record)),
					func(p []byte) []byte { clear(p[from:min(len(p), from+512)]); return p })
			}
			for i := range records / 2 {
				at := 16 + i*record
				next := at + record
				end = next
				last := i == records/2-1 && name != verDir+"/log.1"
				lost := w.lost
				if last && w.apache {
					lost = 1
				}
				change(name, fmt.Sprintf("loss of record %d", i), lost, func(p []byte) []byte {
					return append(p[:at:at], p[next:]...)
				})
				change(name, fmt.Sprintf("record %d twice", i), lost, func(p []byte) []byte {
					return append(append(append([]byte{}, p[:next]...), p[at:next]...), p[next:]...)
				})
				if i > 0 {
					change(name, fmt.Sprintf("record %d swapped", i), 2*w.lost, func(p []byte) []byte {
						q := append([]byte{}, p[:at-record]...)
						q = append(append(q, p[at:next]...), p[at-record:at]...)
						return append(q, p[next:]...)
					})
				}
			}
			for _, size := range []int{0, 10, 16, 17, end - 1, end - record} {
				change(name, fmt.Sprintf("cut to %d", size), max(w.lost, lostCut(w)),
					func(p []byte) []byte { return p[:size] })
			}
		}
		for _, name := range disk.Names() {
			c.points++
			damaged := disk.Kill()
			damaged.Delete(name)
			lost := 0
			if w.apache {
				lost = records / 2 // nothing shows that Apache had a newer log
			}
			afterDamage(c, damaged, opt, lost, "loss of "+name)
		}
		t.Log(c)
		if c.unsafe > 0 || c.refused == 0 {
			t.Fatal(c.first)
		}
	})
}

// lostSector is how many transactions a zeroed sector can hide at the very end of Apache's log.
func lostSector(w writer, record int) int {
	if w.apache {
		return 512/record + 2
	}
	return w.lost
}

// lostCut is how many transactions a cut takes: the newest log of Apache may end anywhere.
func lostCut(w writer) int {
	if w.apache {
		return records / 2
	}
	return w.lost
}

// TestApacheFaults are the six faults with which Apache 3.8.0 was tried; it started with as few
// as 45 of 100 acknowledged transactions.
func TestApacheFaults(t *testing.T) {
	record := len(entry(1).Payload) + 13
	at := 16 + 20*record
	for _, tc := range []struct {
		name string
		want error
		do   func(p []byte) []byte
	}{
		{"end byte", persistence.ErrSuspect, func(p []byte) []byte { p[at+record-1] ^= 1; return p }},
		{"length 0", persistence.ErrSuspect, func(p []byte) []byte { clear(p[at+8 : at+12]); return p }},
		{"zeroed sector", persistence.ErrSuspect, func(p []byte) []byte { clear(p[512:1024]); return p }},
		{"record removed", persistence.ErrSuspect, func(p []byte) []byte {
			return append(p[:at:at], p[at+record:]...)
		}},
		{"payload bit", persistence.ErrSuspect, func(p []byte) []byte { p[at+30] ^= 1; return p }},
		{"length huge", persistence.ErrSuspect, func(p []byte) []byte {
			copy(p[at+8:], "\x7f\xff\xff\xff")
			return p
		}},
		{"torn last record", nil, func(p []byte) []byte { return p[:16+32*record-5] }},
	} {
		opt := testOptions()
		for _, apache := range []bool{true, false} {
			disk := logOf64(t, opt, apache)
			disk.Write(verDir+"/log.21", tc.do(disk.Read(verDir+"/log.21")))
			s, err := start(disk, opt)
			want := tc.want
			if !apache {
				want = persistence.ErrDamaged
			}
			if !errors.Is(err, want) {
				t.Errorf("%s, apache=%v: %v", tc.name, apache, err)
			}
			var damage *persistence.DamageError
			if want != nil && (!errors.As(err, &damage) || damage.File != verDir+"/log.21" ||
				damage.After < 32 || damage.Offset < 16) {
				t.Errorf("%s: no place in %v", tc.name, err)
			}
			if err == nil && s.mem.last() != records-1 {
				t.Errorf("%s: %v", tc.name, s.mem.last())
			}
		}
	}
}

// TestTrustSuspectLog: the operator can start with the transactions that Apache would start with.
func TestTrustSuspectLog(t *testing.T) {
	opt := testOptions()
	disk := logOf64(t, opt, true)
	disk.FlipBit(verDir+"/log.21", 8*2000)
	if _, err := start(disk.Kill(), opt); !errors.Is(err, persistence.ErrSuspect) {
		t.Fatal(err)
	}
	opt.TrustSuspectLog = true
	s, err := start(disk, opt)
	must(t, err)
	if s.mem.last() <= records/2 || s.mem.last() >= records {
		t.Fatal(s.mem.last())
	}
	last := s.mem.last()
	must(t, s.add(3))
	s = mustStart(t, disk, testOptions())
	if s.mem.last() != last+3 {
		t.Fatal(s.mem.last())
	}
}

// TestRepeatedZxid: an error transaction may carry the zxid of the one before it, as Apache's do.
func TestRepeatedZxid(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	must(t, s.add(3))
	e := entry(3)
	e.Header.Type = jute.OpError
	e.Body = jute.Append(nil, &jute.ErrorResponse{Err: jute.OK})
	e.Payload = jute.AppendEntry(nil, e)
	must(t, s.log.Append(e))
	must(t, s.add(2))
	s, err := start(disk, testOptions())
	must(t, err)
	if fmt.Sprint(s.mem.txns) != "[0x1 0x2 0x3 0x3 0x4 0x5]" {
		t.Fatal(s.mem.txns)
	}
}

// TestTwoRecordsOfOneZxid: two equal records count once; two different ones are a fork.
func TestTwoRecordsOfOneZxid(t *testing.T) {
	other := entry(3)
	other.Header.Cxid++
	other.Payload = jute.AppendEntry(nil, other)
	for _, tc := range []struct {
		again *jute.Entry
		fine  bool
	}{{entry(3), true}, {other, false}} {
		disk := simfs.New()
		must(t, disk.MkdirAll(verDir))
		disk.Write(verDir+"/snapshot.0", snapshotOf(0))
		size := len(entry(1).Payload) + 13
		log := record.Append(apacheLog(1, 2, 3)[:16+3*size], tc.again.Payload)
		disk.Write(verDir+"/log.1", record.Append(log, entry(4).Payload))
		s, err := start(disk, testOptions())
		if (err == nil) != tc.fine || tc.fine && (s.mem.check() != nil || s.mem.last() != 4) {
			t.Errorf("the same=%v: %v", tc.fine, err)
		}
	}
}

// TestShortReads: the disk may give fewer bytes than asked for, down to one.
func TestShortReads(t *testing.T) {
	eachWriter(t, func(t *testing.T, w writer, opt persistence.Options) {
		disk := logOf64(t, opt, w.apache)
		rng := newRand(9)
		disk.Inject = func(simfs.Call) simfs.Outcome {
			return simfs.Outcome{Partial: 1 + rng.IntN(40)}
		}
		s := mustStart(t, disk, opt)
		if s.mem.last() != records || len(s.mem.paths) != 5 {
			t.Fatal(s.mem.last(), s.mem.paths)
		}
	})
}

// TestForceSyncNo: without flushes a power loss can destroy any part of the data. The server then
// starts with the rest, or says what is missing. With flushes again, everything is kept again.
func TestForceSyncNo(t *testing.T) {
	refusals, kept := 0, 0
	for seed := range uint64(60) {
		opt := testOptions()
		opt.Log.NoSync = true
		b := newBench(opt)
		must(t, build(b))
		disk := b.disk.PowerLoss(simfs.Random(newRand(seed)))
		opt.Log.NoSync = false
		s, err := start(disk, opt)
		if err != nil {
			if !refused(err) {
				t.Fatal(err)
			}
			refusals++
			continue
		}
		must(t, s.mem.check())
		kept++
		last := s.mem.last()
		must(t, s.add(3))
		s = mustStart(t, disk.PowerLoss(simfs.Everything()), opt)
		if s.mem.last() != last+3 || !s.rec.Own {
			t.Fatalf("%v of %v, own=%v", s.mem.last(), last+3, s.rec.Own)
		}
	}
	if kept == 0 {
		t.Fatalf("%d refused, %d started", refusals, kept)
	}
}

// TestAnInvalidSnapshotAtTheEndIsSetAside: a snapshot that a leader wrote at the beginning of its
// reign rots, and a start goes back to an older one. The transactions of another reign follow, and
// the next start finds them, also after a power loss.
func TestAnInvalidSnapshotAtTheEndIsSetAside(t *testing.T) {
	const reign = 6 << 32
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	must(t, s.add(2))
	must(t, s.snapshot(1))
	must(t, s.snapshot(reign))
	must(t, s.dir.Close())
	whole := disk.Read(verDir + "/snapshot.600000000")
	disk.Write(verDir+"/snapshot.600000000", whole[:len(whole)-1])
	s = mustStart(t, disk, testOptions())
	if s.rec.LastZxid != 2 || len(s.rec.Skipped) != 1 {
		t.Fatalf("%v, skipped %v", s.rec.LastZxid, s.rec.Skipped)
	}
	must(t, s.log.Append(entry(reign|1)))
	must(t, s.add(1))
	for name, after := range map[string]*simfs.Disk{
		"killed": disk.Kill(), "power loss": disk.PowerLoss(simfs.Everything()),
	} {
		s, err := start(after, testOptions())
		if err != nil || s.mem.last() != reign|2 || len(s.rec.Skipped) != 0 || !s.rec.Own {
			t.Errorf("%s: %v", name, err)
		}
		if len(after.Read(verDir+"/invalid.snapshot.600000000")) != len(whole)-1 {
			t.Errorf("%s: the snapshot is not kept under another name", name)
		}
	}
}

// TestAHoleBehindAnEpoch: the log of an epoch lacks transactions that only an invalid snapshot has.
// The first zxid of the next epoch does not hide that they are missing.
func TestAHoleBehindAnEpoch(t *testing.T) {
	for _, apache := range []bool{false, true} {
		disk := simfs.New()
		s := mustStart(t, disk, testOptions())
		must(t, s.add(2))
		must(t, s.snapshot(5))
		must(t, s.log.Append(entry(1<<32|1)))
		must(t, s.add(2))
		must(t, s.dir.Close())
		if apache {
			disk.Delete(verDir + "/walmeta.0")
			disk.Delete(verDir + "/walmeta.1")
		}
		_, err := start(disk.Kill(), testOptions())
		must(t, err)
		whole := disk.Read(verDir + "/snapshot.5")
		disk.Write(verDir+"/snapshot.5", whole[:len(whole)-1])
		var damage *persistence.DamageError
		if _, err := start(disk, testOptions()); !errors.As(err, &damage) || damage.After != 2 {
			t.Errorf("of Apache %v: %v", apache, err)
		}
	}
}
