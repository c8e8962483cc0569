package persistence_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"quoll/jute"
	"quoll/persistence"
)

func TestOS(t *testing.T) {
	var disk persistence.OS
	dir := filepath.Join(t.TempDir(), "a", "b")
	must(t, disk.MkdirAll(dir))
	must(t, disk.MkdirAll(dir))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatal(info, err)
	}
	one, err := disk.Create(filepath.Join(dir, "one"))
	must(t, err)
	if _, err := disk.Create(one.Name()); !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	if info, err := os.Stat(one.Name()); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	two, err := disk.Create(filepath.Join(dir, "two"))
	must(t, err)
	for _, f := range []persistence.File{one, two} {
		if _, err := f.WriteAt([]byte("hello"), 3); err != nil {
			t.Fatal(err)
		}
	}
	must(t, disk.SyncBoth(one, two))
	must(t, one.Truncate(6))
	if size, err := one.Size(); err != nil || size != 6 {
		t.Fatal(size, err)
	}
	var buf [16]byte
	if n, err := one.ReadAt(buf[:], 0); n != 6 || err != io.EOF || string(buf[:6]) != "\x00\x00\x00hel" {
		t.Fatal(n, err, buf)
	}
	must(t, one.Close())
	must(t, two.Close())
	must(t, disk.Rename(one.Name(), two.Name()))
	must(t, disk.SyncDir(dir))
	must(t, os.Symlink(two.Name(), one.Name()))
	if _, err := disk.Create(one.Name()); !errors.Is(err, fs.ErrExist) {
		t.Fatal("followed a link to make a file:", err)
	}
	must(t, os.Symlink("nothing", filepath.Join(dir, "a")))
	must(t, os.Symlink("b", filepath.Join(dir, "b")))
	must(t, os.Mkdir(filepath.Join(dir, "c"), 0o700))
	list, err := disk.ReadDir(dir)
	want := []persistence.FileInfo{
		{Name: "a", Type: persistence.Dangling}, {Name: "b", Type: persistence.Dangling},
		{Name: "c", Type: persistence.Special},
		{Name: filepath.Base(one.Name()), Size: 6}, {Name: "two", Size: 6},
	}
	if err != nil || !slices.Equal(list, want) {
		t.Fatal(list, err)
	}
	must(t, disk.Remove(one.Name()))
	if _, err := disk.Open(one.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if _, err := disk.Stat(one.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// TestOnTheRealDisk goes through a life on the real file system, with read-ahead and both
// watermarks.
func TestOnTheRealDisk(t *testing.T) {
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		opt.DataDir, opt.Snap.ReadAhead = t.TempDir(), 2
		want := jute.Zxid(0)
		for round := range 4 {
			s := mustStart(t, persistence.OS{}, opt)
			if s.mem.last() != want || s.rec.Own != (round > 0) {
				t.Fatalf("round %d: %v of %v, own=%v", round, s.mem.last(), want, s.rec.Own)
			}
			for range 20 {
				must(t, s.add(10))
			}
			must(t, s.snapshot(s.log.LastZxid()))
			must(t, s.add(1))
			want = s.log.LastZxid()
			if _, err := s.dir.Purge(3); err != nil {
				t.Fatal(err)
			}
			if round%2 == 0 {
				must(t, s.dir.Close())
			}
		}
	})
}
