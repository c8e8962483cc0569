package persistence_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

// recordless are the contents of a log that was begun and never got a record.
func recordless() map[string][]byte {
	header := append([]byte("ZKLG\x00\x00\x00\x02"), make([]byte, 8)...)
	return map[string][]byte{
		"nothing": nil, "one byte": header[:1], "half a header": header[:9], "15 bytes": header[:15],
		"a header": header, "header and padding": append(slices.Clip(header), make([]byte, 4096)...),
		"zeros": make([]byte, 4096), "few zeros": make([]byte, 5),
		"header and half a record": append(slices.Clip(header), apacheLog(70)[16:60]...),
	}
}

// TestLogWithoutARecord: a log without a record is removed if it is behind the last record,
// whatever its zxid. It stays if it is before that record.
func TestLogWithoutARecord(t *testing.T) {
	for what, content := range recordless() {
		for _, name := range []string{"log.41", "log.42", "log.100", "log.200000001", "log.15"} {
			for _, apache := range []bool{true, false} {
				disk := logOf64(t, testOptions(), apache)
				disk.Write(verDir+"/"+name, content)
				last := name != "log.15"
				s, err := start(disk, testOptions())
				switch {
				case !last && !apache && refused(err): // our server never leaves such a log behind
				case err != nil || s.mem.last() != records:
					t.Errorf("%s in %s, apache=%v: %v", what, name, apache, err)
				case last && (disk.Exists(verDir+"/"+name) || len(s.rec.RemovedLogs) != 1):
					t.Errorf("%s in %s, apache=%v: stays", what, name, apache)
				case !last && !disk.Exists(verDir+"/"+name):
					t.Errorf("%s in %s, apache=%v: was removed", what, name, apache)
				default:
					must(t, s.add(3))
				}
			}
		}
	}
}

// TestLogWithoutARecordBehindASnapshot: a log without a record is removed also if a snapshot holds
// everything up to its zxid. Apache does not start with such a log once there is a newer one.
func TestLogWithoutARecordBehindASnapshot(t *testing.T) {
	for what, content := range recordless() {
		disk := simfs.New()
		must(t, disk.MkdirAll(verDir))
		disk.Write(verDir+"/snapshot.5", snapshotOf(5))
		disk.Write(verDir+"/log.3", content)
		s, err := start(disk, testOptions())
		if err != nil || s.mem.last() != 5 || disk.Exists(verDir+"/log.3") {
			t.Errorf("%s: %v, %v", what, err, disk.Names())
		}
	}
}

// TestWordsThatAreNumbers: log.bad is the name of a log, because bad is a hexadecimal number. A
// text with this name is refused and stays. So is a copy of a log, even if it is the only copy.
func TestWordsThatAreNumbers(t *testing.T) {
	for _, apache := range []bool{true, false} {
		for _, tc := range []struct {
			name   string
			do     func(disk *simfs.Disk, bad string)
			reason string
			advice string
		}{
			{"text", func(disk *simfs.Disk, bad string) {
				disk.Write(bad, []byte("what is bad: everything, since Friday\n"))
			}, "", "move away"},
			{"short text", func(disk *simfs.Disk, bad string) {
				disk.Write(bad, []byte("bad\n"))
			}, "", "move away"},
			{"a copy", func(disk *simfs.Disk, bad string) {
				disk.Write(bad, disk.Read(verDir+"/log.21"))
			}, "begins with zxid 0x21", "this gives up no transaction"},
			{"an old copy", func(disk *simfs.Disk, bad string) {
				disk.Write(bad, disk.Read(verDir + "/log.1")[:1000])
			}, "begins with zxid 0x1", "this gives up no transaction"},
			{"another's records", func(disk *simfs.Disk, bad string) {
				disk.Write(bad, disk.Read(verDir+"/log.21"))
				disk.Write(verDir+"/log.21", disk.Read(verDir + "/log.21")[:16+10*96])
			}, "begins with zxid 0x21", "22 transactions that can be read, zxids 0x2b to 0x40"},
			{"renamed", func(disk *simfs.Disk, bad string) {
				rename(disk, verDir+"/log.21", bad)
			}, "begins with zxid 0x21", "rename it to " + verDir + "/log.21"},
		} {
			for _, word := range []string{"bad", "fade", "c", "2"} {
				disk := logOf64(t, testOptions(), apache)
				bad := verDir + "/log." + word
				tc.do(disk, bad)
				_, err := unchanged(t, disk, testOptions())
				if err == nil || !strings.HasPrefix(err.Error(), bad) ||
					!strings.Contains(err.Error(), tc.reason) {
					t.Errorf("%s as log.%s, apache=%v: %v", tc.name, word, apache, err)
					continue
				}
				if !strings.Contains(err.Error(), tc.advice) {
					t.Errorf("%s as log.%s: %v", tc.name, word, err)
				}
				opt, _ := carryOut(t, disk, testOptions(), err.Error())
				want := jute.Zxid(records)
				if tc.name == "another's records" {
					want = 0x2a // the copy with the other records looks like any other copy
				}
				s, err := start(disk, opt)
				if err != nil && tc.name == "another's records" {
					continue // the watermark shows other damage
				}
				if err != nil || s.mem.last() != want {
					t.Errorf("%s as log.%s, followed: %v, %v", tc.name, word, s, err)
				}
			}
		}
	}
}

// TestCoveredLogsMayBeMissing: a script that purges by age takes all old files, on an idle server
// the newest log too. Nothing is lost if a snapshot holds all transactions of that log.
func TestCoveredLogsMayBeMissing(t *testing.T) {
	eachWriter(t, func(t *testing.T, w writer, opt persistence.Options) {
		for _, gone := range [][]string{{"log.21"}, {"log.1"}, {"log.1", "log.21"}, {"log.1", "log.21", "snapshot.0"}} {
			disk := logOf64(t, opt, false)
			s := mustStart(t, disk, opt)
			must(t, s.snapshot(records))
			must(t, s.dir.Close())
			if w.apache {
				disk.Delete(verDir + "/walmeta.0")
				disk.Delete(verDir + "/walmeta.1")
			}
			for _, name := range gone {
				disk.Delete(verDir + "/" + name)
			}
			for round := range 3 {
				s, err := start(disk, opt)
				if err != nil || s.mem.last() != jute.Zxid(records+round) || s.rec.Own != (!w.apache || round > 0) {
					t.Fatalf("without %v, round %d: %v, %+v", gone, round, err, s)
				}
				must(t, s.add(1))
			}
		}
	})
	disk := logOf64(t, testOptions(), false)
	s := mustStart(t, disk, testOptions())
	must(t, s.snapshot(records-1))
	must(t, s.dir.Close())
	disk.Delete(verDir + "/log.21")
	_, err := unchanged(t, disk, testOptions())
	if !errors.Is(err, persistence.ErrDamaged) || !strings.Contains(err.Error(), "up to 0x40 were durable") {
		t.Fatalf("one transaction is lost: %v", err)
	}
}

func gzipped(p []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(p)
	_ = w.Close()
	return buf.Bytes()
}

// TestTwoPackingsOfASnapshot: the plain file is read first, and the packed one if the plain one is
// not valid. The next starts find the same, and the directory stays ours.
func TestTwoPackingsOfASnapshot(t *testing.T) {
	for _, tc := range []struct {
		plain, gz bool // valid
		want      string
	}{{true, true, "snapshot.14"}, {true, false, "snapshot.14"}, {false, true, "snapshot.14.gz"}, {false, false, "snapshot.12"}} {
		b := newBench(testOptions())
		must(t, build(b))
		must(t, b.snapshot())
		must(t, b.server.dir.Close())
		name := verDir + "/snapshot.14"
		p := b.disk.Read(name)
		b.disk.Write(name+".gz", gzipped(p))
		broken := bytes.Clone(p)
		broken[len(p)/2] ^= 1
		if !tc.gz {
			b.disk.Write(name+".gz", gzipped(broken))
		}
		if !tc.plain {
			b.disk.Write(name, broken)
		}
		for round := range 3 {
			s := mustStart(t, b.disk, testOptions())
			if path.Base(s.rec.Snapshot.File) != tc.want || s.mem.last() != jute.Zxid(20+round) {
				t.Fatalf("%+v: %+v", tc, s.rec)
			}
			if round > 0 && !s.rec.Own {
				t.Fatalf("%+v, round %d: not ours", tc, round)
			}
			must(t, s.add(1))
			must(t, s.dir.Close())
		}
	}
}

// TestPackingsCountOnceForThePurge: three names of two snapshots are two snapshots.
func TestPackingsCountOnceForThePurge(t *testing.T) {
	b := newBench(testOptions())
	must(t, build(b))
	for _, zxid := range []string{"5", "12"} {
		b.disk.Write(verDir+"/snapshot."+zxid+".gz", gzipped(b.disk.Read(verDir+"/snapshot."+zxid)))
	}
	before := fmt.Sprint(b.disk.Names())
	b.disk.Delete(verDir + "/snapshot.0")
	b.disk.Delete(verDir + "/snapshot.c")
	removed, err := b.server.dir.Purge(3)
	if err != nil || len(removed) > 0 {
		t.Fatalf("two snapshots of three: %v, %v of %v", err, removed, before)
	}
	must(t, b.snapshot())
	removed, err = b.server.dir.Purge(3)
	if err != nil || len(removed) > 0 {
		t.Fatalf("three: %v, %v", err, removed)
	}
	must(t, b.add(1))
	must(t, b.snapshot())
	removed, err = b.server.dir.Purge(3)
	want := []string{verDir + "/snapshot.5.gz", verDir + "/snapshot.5", verDir + "/log.1", verDir + "/log.6"}
	if err != nil || !slices.Equal(removed, want) {
		t.Fatalf("four: %v, %v", err, removed)
	}
}

// TestPurgeTakesExactNamesAlone: a purge removes files with exact names only, also Apache's.
func TestPurgeTakesExactNamesAlone(t *testing.T) {
	b := newBench(testOptions())
	must(t, build(b))
	strays := []string{"log.1.bak", "log.01", "log.x", "snapshot.0.bak", "snapshot.-5", "snapshot.00", "tmp.log.1x"}
	for _, name := range strays {
		b.disk.Write(verDir+"/"+name, []byte("mine"))
	}
	removed, err := b.server.dir.Purge(3)
	if err != nil || !slices.Equal(removed, []string{verDir + "/snapshot.0"}) {
		t.Fatal(removed, err)
	}
	for _, name := range strays {
		if !b.disk.Exists(verDir + "/" + name) {
			t.Errorf("%s was removed", name)
		}
	}
	must(t, b.server.dir.Truncate(19))
	must(t, b.start())
	for _, name := range strays {
		if !b.disk.Exists(verDir + "/" + name) {
			t.Errorf("%s was removed by a truncation", name)
		}
	}
}
