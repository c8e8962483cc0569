package persistence_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/persistence"
)

// unflushed is a disk with directories that an earlier process made and did not flush.
type unflushed struct {
	*simfs.Disk
	dirs   map[string]bool
	closed map[string]error // directories that cannot be flushed
}

func (u unflushed) SyncDir(dir string) error {
	if err := u.closed[dir]; err != nil {
		return err
	}
	for made := range u.dirs {
		if path.Dir(made) == dir {
			delete(u.dirs, made)
		}
	}
	return u.Disk.SyncDir(dir)
}

// TestDirectoriesOfAnEarlierLifeAreFlushed: their names are durable before anything in them counts.
func TestDirectoriesOfAnEarlierLifeAreFlushed(t *testing.T) {
	opt := testOptions()
	opt.DataDir, opt.DataLogDir = "/srv/data", "/logs/zk"
	for _, there := range [][]string{
		{"/srv/data/version-2", "/logs/zk/version-2"}, {"/srv/data/version-2", "/logs/zk"}, {"/srv"}, nil,
	} {
		disk := unflushed{simfs.New(), map[string]bool{}, nil}
		for _, dir := range there {
			must(t, disk.MkdirAll(dir))
			if path.Base(dir) != "version-2" {
				continue // what follows it is made, and MkdirAll flushes what it makes
			}
			for ; dir != "/"; dir = path.Dir(dir) {
				disk.dirs[dir] = true
			}
		}
		_, err := start(disk, opt)
		if err != nil || len(disk.dirs) > 0 {
			t.Errorf("with %v: %v, not flushed: %v", there, err, disk.dirs)
		}
	}
}

// TestDirectoriesThatCannotBeFlushed: the directories of the data must be flushed. Directories
// above them can belong to others, so an error there is no failure.
func TestDirectoriesThatCannotBeFlushed(t *testing.T) {
	for dir, want := range map[string]error{
		"/srv/data": persistence.ErrDirectory, "/srv": nil, "/": nil,
	} {
		disk := unflushed{simfs.New(), nil, map[string]error{dir: fs.ErrPermission}}
		opt := testOptions()
		opt.DataDir = "/srv/data"
		must(t, disk.MkdirAll("/srv/data/version-2"))
		if _, err := start(disk, opt); !errors.Is(err, want) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// TestLinksOnARealDisk: a link to a log counts as the log, also when the log must be cut. A link to
// nothing can be a log on a disk that is not mounted, so the start is refused.
func TestLinksOnARealDisk(t *testing.T) {
	var disk persistence.OS
	opt := testOptions()
	opt.DataDir = t.TempDir()
	s := mustStart(t, disk, opt)
	must(t, s.add(10))
	must(t, s.dir.Close())
	dir, elsewhere := s.dir.LogDir(), filepath.Join(t.TempDir(), "first")
	log, err := os.ReadFile(filepath.Join(dir, "log.1"))
	must(t, err)
	must(t, os.WriteFile(elsewhere, append(log, "torn"...), 0o600))
	must(t, os.Remove(filepath.Join(dir, "log.1")))
	must(t, os.Symlink(elsewhere, filepath.Join(dir, "log.1")))
	must(t, os.Mkdir(filepath.Join(dir, "log.5"), 0o700))
	s = mustStart(t, disk, opt)
	if s.mem.last() != 10 || !s.rec.Own || len(s.rec.Foreign) != 1 {
		t.Fatalf("%+v", s.rec)
	}
	must(t, s.dir.Close())
	if info, err := os.Stat(elsewhere); err != nil || info.Size() != int64(len(log)) {
		t.Fatal("not cut:", info, err)
	}
	for _, name := range []string{"walmeta.0", "walmeta.1"} {
		must(t, os.Remove(filepath.Join(dir, name)))
	}
	must(t, os.Remove(elsewhere))
	if _, err := start(disk, opt); !errors.Is(err, persistence.ErrStray) {
		t.Fatal(err)
	}
}
