package persistence_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

const copyDir = "/copy"

// copyOf64 is a copy by `cp version-2/*` of a server at work. Logs and snapshots are copied first,
// with 64 transactions. The sidecar is copied later, after more transactions.
func copyOf64(t *testing.T, opt persistence.Options, roll bool) (*simfs.Disk, persistence.Options) {
	t.Helper()
	disk := simfs.New()
	must(t, disk.MkdirAll(copyDir+"/version-2"))
	s := mustStart(t, disk, opt)
	s.twoLogs(t)
	copyFiles(disk, "log.")
	copyFiles(disk, "snapshot.")
	must(t, s.add(batchSize))
	if roll {
		must(t, s.log.Roll())
	}
	must(t, s.add(batchSize))
	must(t, s.log.Settle())
	copyFiles(disk, "walmeta.")
	opt.DataDir = copyDir
	return disk, opt
}

func copyFiles(disk *simfs.Disk, prefix string) {
	for _, name := range disk.Names() {
		if dir, base := path.Split(name); dir == verDir+"/" && strings.HasPrefix(base, prefix) {
			disk.Write(copyDir+"/version-2/"+base, disk.Read(name))
		}
	}
}

func eachCopy(t *testing.T, f func(t *testing.T, opt persistence.Options, roll bool)) {
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		for _, roll := range []bool{false, true} {
			t.Run(fmt.Sprintf("roll=%v", roll), func(t *testing.T) { f(t, opt, roll) })
		}
	})
}

// TestCopyOfARunningServer: the copied sidecar is newer than the copied logs, so it is not
// believed.
func TestCopyOfARunningServer(t *testing.T) {
	eachCopy(t, func(t *testing.T, opt persistence.Options, roll bool) {
		disk, opt := copyOf64(t, opt, roll)
		s := mustStart(t, disk, opt)
		if s.mem.last() != records || s.rec.Own || len(s.rec.CopiedSidecar) != 2 ||
			s.rec.CopiedSidecar[1] != copyDir+"/version-2/walmeta.1" {
			t.Fatalf("last %v, %+v", s.mem.last(), s.rec)
		}
		must(t, s.add(3))
		s = mustStart(t, disk.PowerLoss(simfs.Everything()), opt)
		if s.mem.last() != records+3 || !s.rec.Own || s.rec.CopiedSidecar != nil {
			t.Fatalf("afterwards last %v, %+v", s.mem.last(), s.rec)
		}
	})
}

// TestOriginalOfACopyIsStrict: the same files are damage where they were written.
func TestOriginalOfACopyIsStrict(t *testing.T) {
	eachCopy(t, func(t *testing.T, opt persistence.Options, roll bool) {
		disk, _ := copyOf64(t, opt, roll)
		disk.Write(verDir+"/log.21", disk.Read(copyDir+"/version-2/log.21"))
		disk.Delete(verDir + "/log.45")
		if _, err := start(disk, opt); !errors.Is(err, persistence.ErrDamaged) {
			t.Fatal(err)
		}
	})
}

// TestOneTwinCopied: the other twin is believed, and damage is refused as usual.
func TestOneTwinCopied(t *testing.T) {
	for i := range 2 {
		disk := logOf64(t, testOptions(), false)
		name := fmt.Sprintf("%s/walmeta.%d", verDir, i)
		later := disk.Kill()
		s := mustStart(t, later, testOptions())
		must(t, s.add(1))
		must(t, s.add(1))
		for range 20 { // no file of one disk has the inode of a file of the other
			disk.Write(dataDir+"/else", nil)
			disk.Delete(dataDir + "/else")
		}
		disk.Delete(name)
		disk.Write(name, later.Read(name))
		s = mustStart(t, disk.Kill(), testOptions())
		if !s.rec.Own || s.mem.last() != records ||
			len(s.rec.CopiedSidecar) != 1 || s.rec.CopiedSidecar[0] != name {
			t.Fatalf("%+v", s.rec)
		}
		log := disk.Read(verDir + "/log.21")
		disk.Write(verDir+"/log.21", log[:16+20*(len(entry(1).Payload)+13)])
		if _, err := start(disk, testOptions()); !errors.Is(err, persistence.ErrDamaged) {
			t.Fatal(err)
		}
	}
}

// TestCrashInRecoveryOfACopy: the recovery can crash at any call, and the next one succeeds.
func TestCrashInRecoveryOfACopy(t *testing.T) {
	eachCopy(t, func(t *testing.T, opt persistence.Options, roll bool) {
		disk, opt := copyOf64(t, opt, roll)
		torn := disk.Read(copyDir + "/version-2/log.21")
		disk.Write(copyDir+"/version-2/log.21", torn[:16+40*(len(entry(1).Payload)+13)])
		b := newBench(opt)
		b.disk, b.acked, b.appended = disk, records, records
		c := crashMatrix(b, func() error {
			if err := b.start(); err != nil {
				return err
			}
			return b.add(2)
		}, 6, 31, 1)
		t.Log(c)
		if c.unsafe > 0 || c.points < 20 {
			t.Fatal(c.first)
		}
	})
}

// TestOldSidecarIsBelieved: a sidecar that does not name its file is believed, even if it was
// copied.
func TestOldSidecarIsBelieved(t *testing.T) {
	disk, opt := copyOf64(t, testOptions(), false)
	for i := range 2 {
		name := fmt.Sprintf("%s/version-2/walmeta.%d", copyDir, i)
		p := disk.Read(name)
		clear(p[96:112])
		sum := crc32.Checksum(p[:508], crc32.MakeTable(crc32.Castagnoli))
		binary.BigEndian.PutUint32(p[508:], sum)
		disk.Write(name, p)
	}
	if _, err := start(disk.Kill(), opt); !errors.Is(err, persistence.ErrDamaged) {
		t.Fatal(err)
	}
	disk.Write(copyDir+"/version-2/log.21", disk.Read(verDir+"/log.21"))
	if s := mustStart(t, disk, opt); !s.rec.Own || s.rec.CopiedSidecar != nil {
		t.Fatalf("%+v", s.rec)
	}
}

// born lets the inodes of a simulated disk be made at a given time.
type born struct {
	persistence.FS
	inode uint64
	at    int64
}

func (b born) Create(name string) (persistence.File, error) { return b.open(b.FS.Create(name)) }
func (b born) OpenRW(name string) (persistence.File, error) { return b.open(b.FS.OpenRW(name)) }

func (b born) open(f persistence.File, err error) (persistence.File, error) {
	if err != nil {
		return nil, err
	}
	return bornFile{f, persistence.FileID{Inode: b.inode, Born: b.at}}, nil
}

type bornFile struct {
	persistence.File
	id persistence.FileID
}

func (f bornFile) ID() persistence.FileID { return f.id }

// TestInodeReused: files that were removed and restored can get their old inodes again.
func TestInodeReused(t *testing.T) {
	for _, tc := range []struct {
		name string
		id   persistence.FileID
		own  bool
	}{
		{"same", persistence.FileID{Inode: 7, Born: 1000}, true},
		{"reused", persistence.FileID{Inode: 7, Born: 1001}, false},
		{"other", persistence.FileID{Inode: 8, Born: 1000}, false},
		{"no time", persistence.FileID{Inode: 7}, true},
		{"nothing", persistence.FileID{}, true},
	} {
		disk := simfs.New()
		s := mustStart(t, born{disk, 7, 1000}, testOptions())
		must(t, s.add(3))
		must(t, s.dir.Close())
		s = mustStart(t, born{disk, tc.id.Inode, tc.id.Born}, testOptions())
		if s.rec.Own != tc.own || s.mem.last() != 3 {
			t.Errorf("%s: %+v", tc.name, s.rec)
		}
	}
}

// TestCopyOnARealDisk: a directory that was moved is still ours, one that was copied is not.
func TestCopyOnARealDisk(t *testing.T) {
	var disk persistence.OS
	opt := testOptions()
	opt.DataDir = filepath.Join(t.TempDir(), "a")
	s := mustStart(t, disk, opt)
	must(t, s.add(5))
	log := filepath.Join(opt.DataDir, "version-2", "log.1")
	five, err := os.ReadFile(log)
	must(t, err)
	must(t, s.add(5))
	must(t, s.dir.Close())

	moved := opt
	moved.DataDir += "-moved"
	must(t, os.Rename(opt.DataDir, moved.DataDir))
	s = mustStart(t, disk, moved)
	if !s.rec.Own || s.mem.last() != 10 {
		t.Fatalf("moved: %+v", s.rec)
	}
	must(t, s.dir.Close())
	must(t, os.WriteFile(filepath.Join(moved.DataDir, "version-2", "log.1"), five, 0o600))
	if _, err := start(disk, moved); !errors.Is(err, persistence.ErrDamaged) {
		t.Fatalf("moved and cut: %v", err)
	}

	copied := opt
	copied.DataDir += "-copied"
	must(t, os.CopyFS(copied.DataDir, os.DirFS(moved.DataDir)))
	s = mustStart(t, disk, copied)
	if s.rec.Own || s.mem.last() != jute.Zxid(5) || len(s.rec.CopiedSidecar) != 2 {
		t.Fatalf("copied: %+v", s.rec)
	}
	must(t, s.dir.Close())
}
