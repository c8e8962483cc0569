package persistence_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/inspect"
)

// TestAcceptedLoss does what a refusal says. Then everything before the damaged place is there.
func TestAcceptedLoss(t *testing.T) {
	record := len(entry(1).Payload) + 13
	older, newer := verDir+"/log.1", verDir+"/log.21"
	cut := func(name string, size int) func(*simfs.Disk) {
		return func(disk *simfs.Disk) { disk.Write(name, disk.Read(name)[:size]) }
	}
	flip := func(name string, i int) func(*simfs.Disk) {
		return func(disk *simfs.Disk) { disk.FlipBit(name, int64(16+i*record+30)*8) }
	}
	gone := func(prefixes ...string) func(*simfs.Disk) {
		return func(disk *simfs.Disk) {
			for _, name := range disk.Names() {
				for _, prefix := range prefixes {
					if strings.HasPrefix(path.Base(name), prefix) {
						disk.Delete(name)
					}
				}
			}
		}
	}
	for _, tc := range []struct {
		name   string
		apache bool
		damage func(*simfs.Disk)
		reason string
		want   jute.Zxid
	}{
		{"newest log missing", false, gone("log.21"), "the log file is missing", 32},
		{"log ends early", false, cut(newer, 16+20*record), "durable up to byte", 52},
		{"log torn early", false, cut(newer, 16+20*record+9), "durable up to byte", 52},
		{"log without a record", false, cut(newer, 16), "durable up to byte", 32},
		{"log empty", false, cut(newer, 0), "durable up to byte", 32},
		{"bit in the newest", false, flip(newer, 20), "durable up to byte", 52},
		{"bit in an older one", false, flip(older, 20), "bad checksum", 20},
		{"first bit", false, flip(older, 0), "bad checksum", 0},
		{"bit of Apache's", true, flip(newer, 20), "a whole record behind", 52},
		{"older bit of Apache's", true, flip(older, 20), "a whole record behind", 20},
		{"older log missing", false, gone("log.1"), "followed by zxid 0x21", 0},
		{"half a sidecar", false, gone("walmeta.0"), "is missing", 64},
		{"other half", false, gone("walmeta.1"), "is missing", 64},
		{"sidecar unreadable", false, func(disk *simfs.Disk) {
			disk.FlipBit(verDir+"/walmeta.0", 100)
			disk.FlipBit(verDir+"/walmeta.1", 100)
		}, "is unreadable", 64},
		{"nothing left", false, gone("log.", "snapshot."), "no file is left", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			disk := logOf64(t, testOptions(), tc.apache)
			tc.damage(disk)
			follow(t, disk, tc.reason, tc.want)
		})
	}
}

// TestAcceptedLossOfASnapshot: a snapshot that had more transactions than the log is lost.
func TestAcceptedLossOfASnapshot(t *testing.T) {
	disk := simfs.New()
	s := mustStart(t, disk, testOptions())
	must(t, s.add(3))
	must(t, s.snapshot(50))
	mustStart(t, disk, testOptions())
	disk.Delete(verDir + "/snapshot.32")
	follow(t, disk, "transactions up to 0x32 were durable", 3)
}

// follow does what an operator who accepts a loss would do.
func follow(t *testing.T, disk *simfs.Disk, reason string, want jute.Zxid) {
	t.Helper()
	_, err := unchanged(t, disk, testOptions())
	var damage *persistence.DamageError
	if !errors.As(err, &damage) || !strings.Contains(err.Error(), reason) {
		t.Fatal(err)
	}
	t.Log(err)
	opt, ok := carryOut(t, disk, testOptions(), err.Error())
	if !ok {
		t.Fatal("no steps in:", err)
	}
	s := mustStart(t, disk, opt)
	if s.mem.last() != want {
		t.Fatalf("last %v", s.mem.last())
	}
	must(t, s.add(2))
	s = mustStart(t, disk.PowerLoss(simfs.Everything()), testOptions())
	if s.mem.last() != want+2 || !s.rec.Own {
		t.Fatalf("afterwards last %v, own %v", s.mem.last(), s.rec.Own)
	}
}

var (
	truncates = regexp.MustCompile(`truncate -s (\d+) ([^ ,;]+)`)
	moves     = regexp.MustCompile(`move away ([^,;]+)`)
	rightName = regexp.MustCompile(`; rename it to ([^ ,;]+)`)
	headers   = regexp.MustCompile(`printf 'ZKLG\\0\\0\\0\\2(?:\\0){8}' \| dd of=(\S+) conv=notrunc$`)
	setting   = regexp.MustCompile(`start with snapshot.trust.empty=true`)
	givenUp   = regexp.MustCompile(`this gives up (\d+) transactions? that can be read,` +
		` zxids? (0x[0-9a-f]+)(?: to (0x[0-9a-f]+))?`)
)

// carryOut does what a refusal says, by its text alone, and returns the settings for the start.
// ok is false when there is nothing to do but to restore a copy.
func carryOut(
	t *testing.T, disk *simfs.Disk, opt persistence.Options, advice string,
) (_ persistence.Options, ok bool) {
	t.Helper()
	if m := rightName.FindStringSubmatch(advice); m != nil {
		rename(disk, advice[:strings.Index(advice, " at byte")], m[1])
		return opt, true
	}
	if m := headers.FindStringSubmatch(advice); m != nil {
		header := append([]byte("ZKLG\x00\x00\x00\x02"), make([]byte, 8)...)
		disk.Write(m[1], append(header, disk.Read(m[1])[16:]...))
		return opt, true
	}
	_, steps, found := strings.Cut(advice, " restore ")
	if !found {
		return opt, false
	}
	if m := truncates.FindStringSubmatch(steps); m != nil {
		size, err := strconv.Atoi(m[1])
		must(t, err)
		disk.Write(m[2], disk.Read(m[2])[:size])
		ok = true
	}
	if m := moves.FindStringSubmatch(steps); m != nil {
		for _, name := range strings.Fields(m[1]) {
			disk.Delete(name)
		}
		ok = true
	}
	if setting.MatchString(steps) {
		opt.TrustEmptySnapshot, ok = true, true
	}
	return opt, ok
}

// holdings are the transactions that a directory holds, by the files alone.
type holdings struct {
	zxids map[jute.Zxid]bool
	snaps []jute.Zxid // valid ones; -1 if the logs begin with the first transaction
}

// look reads every file.
func look(disk *simfs.Disk) (h holdings) {
	h.zxids = map[jute.Zxid]bool{}
	for _, name := range disk.Names() {
		dir, base := path.Split(name)
		switch {
		case dir != verDir+"/":
		case strings.HasPrefix(base, "snapshot."):
			info, err := persistence.ReadSnapshot(disk, name, 0, new(memory))
			if err == nil {
				h.snaps = append(h.snaps, info.Zxid)
			}
		case strings.HasPrefix(base, "log."):
			wholeRecords(disk.Read(name), h.zxids)
			if base == "log.1" {
				h.snaps = append(h.snaps, 0)
			}
		}
	}
	return h
}

// wholeRecords tries every offset.
func wholeRecords(p []byte, zxids map[jute.Zxid]bool) {
	be := binary.BigEndian
	for at := 0; at+12 < len(p); at++ {
		n := int(be.Uint32(p[at+8:]))
		if n < 32 || n > 1<<20 || at+12+n >= len(p) || p[at+12+n] != 'B' {
			continue
		}
		if payload := p[at+12 : at+12+n]; be.Uint64(p[at:]) == uint64(adler32.Checksum(payload)) {
			zxids[jute.Zxid(be.Uint64(payload[12:]))] = true
		}
	}
}

// reach is the last transaction that can be reached without a hole, from a snapshot or from the
// first transaction. It is -1 if there is neither.
func (h holdings) reach() jute.Zxid {
	best := jute.Zxid(-1)
	for _, from := range h.snaps {
		for h.zxids[from+1] {
			from++
		}
		best = max(best, from)
	}
	return best
}

// unsaid is how many of the transactions above last that the directory held the advice leaves out.
func (h holdings) unsaid(last jute.Zxid, advice string) int {
	lost := 0
	for zxid := range h.zxids {
		if zxid > last {
			lost++
		}
	}
	m := givenUp.FindStringSubmatch(advice)
	if m == nil {
		return lost
	}
	said, _ := strconv.Atoi(m[1])
	first, _ := strconv.ParseInt(m[2], 0, 64)
	if jute.Zxid(first) != last+1 && !h.zxids[jute.Zxid(first)] || jute.Zxid(first) <= last {
		return -1
	}
	return lost - said
}

// TestAdviceIsGood: for every kind of damage to every file, an operator who does what the refusal
// says gets a server with everything that can be reached. The refusal says how many of the other
// transactions are lost.
func TestAdviceIsGood(t *testing.T) {
	eachWriter(t, func(t *testing.T, w writer, opt persistence.Options) {
		refusals, followed, lost := 0, 0, 0
		for _, disk := range damagedDisks(t, w, opt) {
			for _, d := range damages(disk) {
				image := disk.Kill()
				d.do(image)
				_, err := unchanged(t, image, opt)
				if err == nil {
					continue
				}
				refusals++
				before := look(image)
				optThen, ok := carryOut(t, image, opt, err.Error())
				if !ok {
					if strings.Contains(err.Error(), "looks like") {
						continue // TestRenamedOriginals tests look-alikes
					}
					if before.reach() >= 0 {
						t.Fatalf("%s: %v is there, and no advice: %v", d.name, before.reach(), err)
					}
					continue
				}
				followed++
				s, again := start(image, optThen)
				if again != nil {
					t.Fatalf("%s: %v; followed: %v", d.name, err, again)
				}
				last := s.mem.last()
				if s.mem.check() != nil || !d.order && last < before.reach() {
					t.Fatalf("%s: %v of %v: %v", d.name, last, before.reach(), err)
				}
				if n := before.unsaid(last, err.Error()); n != 0 {
					t.Fatalf("%s: %d given up without a word, served up to %v: %v", d.name, n, last, err)
				}
				lost += max(0, int(before.reach()-last))
				must(t, s.add(2))
				optThen.TrustEmptySnapshot = false
				if s.rec.Snapshot.File == "" {
					must(t, s.snapshot(last+2))
				}
				if s, err = start(image.PowerLoss(simfs.Everything()), optThen); err != nil || s.mem.last() != last+2 {
					t.Fatalf("%s: afterwards %v", d.name, err)
				}
			}
		}
		t.Logf("%d refused, %d followed, %d in the wrong order given up", refusals, followed, lost)
		if followed == 0 {
			t.Fatal("nothing was followed")
		}
	})
}

// damagedDisks are the disks that get damaged: two logs, and several snapshots with their logs.
func damagedDisks(t *testing.T, w writer, opt persistence.Options) []*simfs.Disk {
	t.Helper()
	b := newBench(opt)
	must(t, build(b))
	must(t, b.server.log.Settle())
	several := b.disk.Kill()
	purged := several.Kill()
	for _, name := range []string{"snapshot.0", "snapshot.5", "log.1", "log.6"} {
		purged.Delete(verDir + "/" + name)
	}
	if w.apache {
		for i := range 2 {
			several.Delete(fmt.Sprintf("%s/walmeta.%d", verDir, i))
			purged.Delete(fmt.Sprintf("%s/walmeta.%d", verDir, i))
		}
	}
	return []*simfs.Disk{logOf64(t, opt, w.apache), several, purged}
}

// damage is one thing that happens to a directory.
type damage struct {
	name  string
	do    func(disk *simfs.Disk)
	order bool // no transaction is lost, but their order is another
}

// damages are all kinds, of each file.
func damages(disk *simfs.Disk) (all []damage) {
	change := func(what, name string, order bool, f func(p []byte) []byte) {
		all = append(all, damage{what + " of " + name, func(disk *simfs.Disk) {
			disk.Write(name, f(disk.Read(name)))
		}, order})
	}
	for _, name := range disk.Names() {
		dir, base := path.Split(name)
		size := len(disk.Read(name))
		all = append(all, damage{"loss of " + name, func(disk *simfs.Disk) { disk.Delete(name) }, false})
		if dir == verDir+"/" && strings.HasPrefix(base, "log.") {
			size = damagesOfRecords(disk, name, change)
			all = append(all, damage{"wrong name of " + name, func(disk *simfs.Disk) {
				rename(disk, name, verDir+"/log.bad")
			}, false}, damage{"copy under a wrong name of " + name, func(disk *simfs.Disk) {
				disk.Write(verDir+"/log.bad", disk.Read(name))
			}, false})
		}
		for _, n := range []int{0, 1, 10, 15, 16, 17, size / 2, size - 1} {
			change(fmt.Sprintf("cut to %d", n), name, false, func(p []byte) []byte { return p[:min(n, len(p))] })
		}
		for from := 0; from < size; from += 512 {
			change(fmt.Sprintf("sector at %d", from), name, false, func(p []byte) []byte {
				clear(p[from:min(len(p), from+512)])
				return p
			})
		}
		for at := 0; at < size; at += 37 {
			change(fmt.Sprintf("bit at %d", at), name, false, func(p []byte) []byte { p[at] ^= 4; return p })
		}
		change("text", name, false, func([]byte) []byte { return []byte("moved on Friday, ask Ada\n") })
	}
	all = append(all, damage{"loss of all snapshots", deleteAll("snapshot."), false},
		damage{"loss of all logs", deleteAll("log."), false},
		damage{"loss of the sidecar", deleteAll("walmeta."), false},
		damage{"loss of all but the sidecar", func(disk *simfs.Disk) {
			deleteAll("snapshot.")(disk)
			deleteAll("log.")(disk)
		}, false},
		damage{"all snapshots cut short", func(disk *simfs.Disk) { eachSnapshot(disk, 0) }, false},
		damage{"all snapshots broken inside", func(disk *simfs.Disk) { eachSnapshot(disk, 1) }, false})
	return all
}

func deleteAll(prefix string) func(disk *simfs.Disk) {
	return func(disk *simfs.Disk) {
		for _, name := range disk.Names() {
			if strings.HasPrefix(path.Base(name), prefix) {
				disk.Delete(name)
			}
		}
	}
}

// eachSnapshot cuts snapshots short, or turns a bit in the middle of them.
func eachSnapshot(disk *simfs.Disk, bit byte) {
	for _, name := range disk.Names() {
		if !strings.HasPrefix(path.Base(name), "snapshot.") {
			continue
		}
		p := disk.Read(name)
		p[len(p)/2] ^= bit
		if bit == 0 {
			p = p[:len(p)-1]
		}
		disk.Write(name, p)
	}
}

// damagesOfRecords loses, doubles and swaps records, and returns where the records end.
func damagesOfRecords(
	disk *simfs.Disk, name string, change func(string, string, bool, func(p []byte) []byte),
) (end int) {
	record := len(entry(1).Payload) + 13
	n := 0
	log, err := inspect.OpenLogFile(disk, name)
	for err == nil {
		if _, _, err = log.Next(); err == nil {
			n++
		}
	}
	for i := range n {
		at := 16 + i*record
		next := at + record
		change(fmt.Sprintf("loss of record %d", i), name, false, func(p []byte) []byte {
			return append(p[:at:at], p[next:]...)
		})
		change(fmt.Sprintf("record %d twice", i), name, false, func(p []byte) []byte {
			return append(append(append([]byte{}, p[:next]...), p[at:next]...), p[next:]...)
		})
		if i > 0 {
			change(fmt.Sprintf("record %d swapped", i), name, true, func(p []byte) []byte {
				q := append([]byte{}, p[:at-record]...)
				q = append(append(q, p[at:next]...), p[at-record:at]...)
				return append(q, p[next:]...)
			})
		}
	}
	return 16 + n*record
}
