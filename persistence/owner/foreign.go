package owner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"quoll/persistence"
)

// ErrForeign: a server that takes no lock writes to the directory.
var ErrForeign = errors.New("another server writes to the directory")

// ForeignError says by which file the other server was noticed. It wraps ErrForeign.
type ForeignError struct {
	File string
	Pid  int    // 0: the process itself was not seen
	What string // what the process did with the file, as a verb
}

func (e *ForeignError) Error() string {
	who := "a process that cannot be seen from here"
	if e.Pid != 0 {
		who = fmt.Sprintf("process %d", e.Pid)
	}
	return fmt.Sprintf("%v: %s %s %s", ErrForeign, who, e.What, e.File)
}

func (e *ForeignError) Unwrap() error { return ErrForeign }

const (
	// lookAtMost bounds the processor time of one look at the processes. It is not elapsed time, so
	// that a machine under load looks at as many processes as an idle one. lookEnds bounds the
	// elapsed time.
	lookAtMost = 200 * time.Millisecond
	lookEnds   = 5 * time.Second
	// A log that was written less than recentlyWritten ago may be written again soon. It is looked
	// at twice, at least the time apart between the two looks.
	recentlyWritten = time.Second
	apart           = 50 * time.Millisecond
)

// Sight is the list of logs and snapshots before anything was read.
type Sight struct {
	disk   Disk
	dirs   []string
	names  map[string]bool // paths of logs and snapshots
	lost   map[string]bool // those that others have removed since
	newest string          // path of the newest log, or ""
	info   fs.FileInfo     // of newest; nil if there is none, or if it was removed meanwhile
	at     time.Time       // when the list was made

	others processes
}

// Disk is the part of a file system that a look needs. persistence.OS is a Disk.
type Disk interface {
	ReadDir(dir string) ([]persistence.FileInfo, error)
}

// Look lists the logs and snapshots of a snapshot directory and a log directory. Its error wraps
// persistence.ErrDirectory.
func Look(disk Disk, snapDir, logDir string) (*Sight, error) {
	s := &Sight{
		disk: disk, dirs: []string{snapDir, logDir}, at: time.Now(), lost: map[string]bool{},
		others: processes{proc: "/proc", self: os.Getpid(), atMost: lookAtMost},
	}
	if snapDir == logDir {
		s.dirs = s.dirs[:1]
	}
	var err error
	if s.names, s.newest, err = s.list(); err != nil {
		return nil, fmt.Errorf("%w: %w", persistence.ErrDirectory, err)
	}
	s.info = describe(s.newest)
	return s, nil
}

// list returns the paths of all data, and that of the newest log.
func (s *Sight) list() (names map[string]bool, newest string, err error) {
	names = make(map[string]bool)
	for _, dir := range s.dirs {
		list, err := s.disk.ReadDir(dir)
		if err != nil {
			return nil, "", err
		}
		for _, path := range persistence.SnapPaths(dir, list) {
			names[path] = true
		}
		logs := persistence.LogPaths(dir, list)
		for _, path := range logs {
			names[path] = true
		}
		if len(logs) > 0 {
			newest = logs[len(logs)-1]
		}
	}
	return names, newest, nil
}

// describe returns nil for a file that does not exist or cannot be examined.
func describe(path string) fs.FileInfo {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
}

// SameDir says whether two names lead to one directory. It is false if a directory is missing.
func SameDir(a, b string) bool {
	x, y := describe(a), describe(b)
	return x != nil && y != nil && os.SameFile(x, y)
}

// Foreign looks for another server that writes to the directory. The signs are: a process that has
// a log or a snapshot open for writing, a newest log that changed since the look, and a new log or
// snapshot. Processes that cannot be examined are passed over. It returns a ForeignError if it
// finds a sign, and the error of ctx if ctx ends first.
func (s *Sight) Foreign(ctx context.Context) error {
	if found := s.others.writing(s.dirs); found != nil {
		return found
	}
	if s.info != nil && time.Since(s.info.ModTime()) < recentlyWritten {
		if err := pause(ctx, apart-time.Since(s.at)); err != nil {
			return err
		}
	}
	return s.moved()
}

// moved compares the files now with those of the look.
func (s *Sight) moved() error {
	names, _, err := s.list()
	if err != nil {
		return fmt.Errorf("%w: %w", persistence.ErrDirectory, err)
	}
	for path := range sorted(names) {
		if !s.names[path] {
			return &ForeignError{File: path, What: "made"}
		}
	}
	now := describe(s.newest)
	if now != nil && s.info != nil && os.SameFile(now, s.info) &&
		(now.Size() != s.info.Size() || !now.ModTime().Equal(s.info.ModTime())) {
		return &ForeignError{File: s.newest, What: "writes"}
	}
	return nil
}

// Wait looks again and again until no other server writes to the directory, and returns the last
// look. It waits no longer than atMost, and then returns the ForeignError. told is called once,
// when the wait begins, with the first ForeignError.
func Wait(
	ctx context.Context, disk Disk, snapDir, logDir string, atMost time.Duration,
	told func(error),
) (*Sight, error) {
	look := func() (*Sight, error) { return Look(disk, snapDir, logDir) }
	return wait(ctx, look, atMost, told)
}

func wait(
	ctx context.Context, look func() (*Sight, error), atMost time.Duration, told func(error),
) (*Sight, error) {
	for begin, said := time.Now(), false; ; said = true {
		s, err := look()
		if err != nil {
			return nil, err
		}
		if err = s.Foreign(ctx); err == nil || !errors.Is(err, ErrForeign) {
			return s, err
		}
		left := atMost - time.Since(begin)
		if left <= 0 {
			return nil, fmt.Errorf("%w; waited %v (quoll.lockWaitMillis)", err, atMost)
		}
		if !said {
			told(err)
		}
		if err := pause(ctx, min(left, 5*pollEvery)); err != nil {
			return nil, err
		}
	}
}

// isData says whether a base name has the form of a file that only a server writes.
func isData(base string) bool {
	for _, pattern := range []string{"log.*", "snapshot.*", "walmeta.*"} {
		if ok, _ := filepath.Match(pattern, base); ok {
			return true
		}
	}
	return false
}
