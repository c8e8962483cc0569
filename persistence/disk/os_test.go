package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"quoll/persistence/disk"
)

func TestOS(t *testing.T) {
	var real disk.OS
	dir := filepath.Join(t.TempDir(), "a", "b")
	must(t, real.MkdirAll(dir))
	must(t, real.MkdirAll(dir))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatal(info, err)
	}
	one, err := real.Create(filepath.Join(dir, "one"))
	must(t, err)
	if _, err := real.Create(one.Name()); !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	if info, err := os.Stat(one.Name()); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	two, err := real.Create(filepath.Join(dir, "two"))
	must(t, err)
	for _, f := range []disk.File{one, two} {
		if _, err := f.WriteAt([]byte("hello"), 3); err != nil {
			t.Fatal(err)
		}
	}
	must(t, real.SyncBoth(one, two))
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
	must(t, real.Rename(one.Name(), two.Name()))
	must(t, real.SyncDir(dir))
	must(t, os.Symlink(two.Name(), one.Name()))
	if _, err := real.Create(one.Name()); !errors.Is(err, fs.ErrExist) {
		t.Fatal("followed a link to make a file:", err)
	}
	must(t, os.Symlink("nothing", filepath.Join(dir, "a")))
	must(t, os.Symlink("b", filepath.Join(dir, "b")))
	must(t, os.Mkdir(filepath.Join(dir, "c"), 0o700))
	list, err := real.ReadDir(dir)
	want := []disk.FileInfo{
		{Name: "a", Type: disk.Dangling}, {Name: "b", Type: disk.Dangling},
		{Name: "c", Type: disk.Special},
		{Name: filepath.Base(one.Name()), Size: 6}, {Name: "two", Size: 6},
	}
	if err != nil || !slices.Equal(list, want) {
		t.Fatal(list, err)
	}
	must(t, real.Remove(one.Name()))
	if _, err := real.Open(one.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if _, err := real.Stat(one.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRenameAllReplacesNothing: a name that an earlier file has is not given again.
func TestRenameAllReplacesNothing(t *testing.T) {
	var real disk.OS
	dir := t.TempDir()
	for range 3 {
		name := filepath.Join(dir, "log.1")
		must(t, os.WriteFile(name, nil, 0o600))
		must(t, disk.RenameAll(real, []string{name}, func(n string) string { return "old." + n }))
	}
	files, err := real.ReadDir(dir)
	must(t, err)
	if len(files) != 3 || files[2].Name != "old.old.old.log.1" {
		t.Errorf("%+v", files)
	}
}
