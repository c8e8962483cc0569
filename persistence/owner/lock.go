package owner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"

	"quoll/persistence"
)

// LockName is the lock file of a directory.
const LockName = "quoll.lock"

// Mode says whether a start needs the lock (quoll.lock).
type Mode string

// The modes. Auto starts with a warning where the file system has no locks.
const (
	Auto     Mode = "auto"
	Required Mode = "required"
	Off      Mode = "off"
)

// ErrBusy: another server has the directory.
var ErrBusy = errors.New("another server uses the directory")

// Options are the settings of a lock.
type Options struct {
	Mode Mode
	Wait time.Duration // how long Take waits for a busy directory (quoll.lockWaitMillis)
}

const (
	pollEvery   = 20 * time.Millisecond
	saidAtMost  = 200 // bytes of a lock file's content that a message repeats
	replacedMax = 10  // attempts to lock a file that others keep replacing
)

// Lock is held on one or two directories.
type Lock struct {
	files []lockFile
}

// lockFile is an open lock file.
type lockFile struct {
	name string
	fd   int
}

// system has the system calls of a lock; a test has its own.
type system struct {
	open  func(name string) (fd int, err error)
	lock  func(fd int) error // never waits: returns syscall.EWOULDBLOCK if the lock is taken
	close func(fd int)
}

// Take locks the directories, which must exist. It waits while another process has one of them, at
// most for opt.Wait, and then returns an ErrBusy. If ctx ends first, Take returns the error of ctx.
func Take(
	ctx context.Context, logger *zap.Logger, opt Options, dirs ...string,
) (*Lock, error) {
	return take(ctx, logger, opt, system{openLock, flock, closeLock}, dirs)
}

func take(
	ctx context.Context, logger *zap.Logger, opt Options, sys system, dirs []string,
) (*Lock, error) {
	if opt.Mode == Off {
		logger.Warn("quoll.lock is off: nothing keeps a second server out of the directory")
		return new(Lock), nil
	}
	t := taker{sys: sys, opt: opt, logger: logger, dirs: dirs}
	begin := time.Now()
	for said := false; ; said = true {
		l, err := t.try()
		if !errors.Is(err, ErrBusy) {
			return l, err
		}
		left := opt.Wait - time.Since(begin)
		if left <= 0 {
			return nil, fmt.Errorf("%w; waited %v (quoll.lockWaitMillis)", err, opt.Wait)
		}
		if !said {
			logger.Warn("waiting for the directory", zap.Error(err),
				zap.Duration("at most", opt.Wait))
		}
		if err := pause(ctx, min(left, pollEvery)); err != nil {
			return nil, err
		}
	}
}

// pause waits, or returns the error of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// taker tries to take a lock, again and again.
type taker struct {
	sys    system
	opt    Options
	logger *zap.Logger
	dirs   []string
	warned bool
}

// try locks all directories or none.
func (t *taker) try() (*Lock, error) {
	l := new(Lock)
	files, err := t.open()
	for i := range files {
		if err == nil {
			err = t.lock(&files[i])
		}
		if err != nil {
			t.sys.close(files[i].fd)
			continue
		}
		l.files = append(l.files, files[i])
	}
	if err != nil {
		for _, f := range l.files {
			t.sys.close(f.fd)
		}
		return nil, err
	}
	return l, nil
}

// open opens the lock file of each directory and returns the files in the order in which all
// servers lock them. A directory with two names is opened once.
func (t *taker) open() (files []lockFile, err error) {
	for _, dir := range t.dirs {
		name := filepath.Join(dir, LockName)
		fd, err := t.sys.open(name)
		if err != nil {
			return files, fmt.Errorf("%w: open %s: %w", persistence.ErrDirectory, name, err)
		}
		f := lockFile{name, fd}
		at := 0
		for at < len(files) && before(files[at].fd, fd) {
			at++
		}
		if at < len(files) && same(files[at].fd, fd) {
			t.sys.close(fd)
			continue
		}
		files = append(files[:at], append([]lockFile{f}, files[at:]...)...)
	}
	return files, nil
}

// lock locks one file, and makes sure that the name still leads to this file.
func (t *taker) lock(f *lockFile) error {
	for range replacedMax {
		err := t.sys.lock(f.fd)
		switch {
		case err == syscall.EWOULDBLOCK:
			return fmt.Errorf("%w: %s is locked%s", ErrBusy, f.name, f.said())
		case err != nil && noLocks(err) && t.opt.Mode == Auto:
			t.warnNoLocks(f.name, err)
		case err != nil:
			return fmt.Errorf("%w: lock %s: %w (quoll.lock=%s)",
				persistence.ErrDirectory, f.name, err, t.opt.Mode)
		}
		if leadsTo(f.name, f.fd) {
			return nil
		}
		t.sys.close(f.fd)
		if f.fd, err = t.sys.open(f.name); err != nil {
			return fmt.Errorf("%w: open %s: %w", persistence.ErrDirectory, f.name, err)
		}
	}
	return fmt.Errorf("%w: somebody keeps replacing %s", ErrBusy, f.name)
}

func (t *taker) warnNoLocks(name string, err error) {
	if !t.warned {
		t.logger.Warn("the file system has no locks: nothing keeps a second server out",
			zap.String("file", name), zap.Error(err))
	}
	t.warned = true
}

// noLocks says whether an error of flock means that the file system has no locks. Examples are NFS
// with nolock, and some FUSE and SMB file systems.
func noLocks(err error) bool {
	for _, e := range []error{
		syscall.ENOLCK, syscall.ENOSYS, syscall.EOPNOTSUPP, syscall.EINVAL, syscall.EBADF,
		errors.ErrUnsupported,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// said returns, for a message, what the holder of the lock wrote about itself into the file.
func (f *lockFile) said() string {
	text, err := os.ReadFile(f.name)
	line := strings.TrimSpace(string(text[:min(len(text), saidAtMost)]))
	if err != nil || line == "" {
		return ", and its holder has not said who it is"
	}
	return fmt.Sprintf("; the last who wrote there is %q", line)
}

// Announce writes into the lock files who holds them, for the messages of other servers. It is the
// first change of a start.
func (l *Lock) Announce(client string) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	text := fmt.Sprintf("pid %d, host %s, since %s, clients on %s\n",
		os.Getpid(), host, time.Now().UTC().Format(time.RFC3339), client)
	for _, f := range l.files {
		if err := overwrite(f.fd, text); err != nil {
			return fmt.Errorf("%w: write %s: %w", persistence.ErrDirectory, f.name, err)
		}
	}
	return nil
}

// Lost returns the lock files that were removed, renamed or replaced by others. There a second
// server would find no lock. Normally the result is empty.
func (l *Lock) Lost() (names []string) {
	for _, f := range l.files {
		if !leadsTo(f.name, f.fd) {
			names = append(names, f.name)
		}
	}
	return names
}

// Release gives the locks back. The lock files stay.
func (l *Lock) Release() {
	for _, f := range l.files {
		closeLock(f.fd)
	}
	l.files = nil
}
