//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package owner

import (
	"golang.org/x/sys/unix"
)

const lockFileMode = 0o600

// openLock opens a lock file. It opens it for writing too, because on NFS only then the lock is
// taken at the NFS server.
func openLock(name string) (fd int, err error) {
	for {
		fd, err = unix.Open(name,
			unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, lockFileMode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func closeLock(fd int) { _ = unix.Close(fd) }

func flock(fd int) error {
	for {
		if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != unix.EINTR {
			return err
		}
	}
}

func statOf(fd int) (st unix.Stat_t, ok bool) { return st, unix.Fstat(fd, &st) == nil }

// before is the order in which servers take locks.
func before(a, b int) bool {
	x, _ := statOf(a)
	y, _ := statOf(b)
	return x.Dev < y.Dev || x.Dev == y.Dev && x.Ino < y.Ino
}

// same says whether two descriptors are of the same file.
func same(a, b int) bool {
	x, ok := statOf(a)
	y, okToo := statOf(b)
	return ok && okToo && x.Dev == y.Dev && x.Ino == y.Ino
}

// leadsTo says whether a name still belongs to an open file.
func leadsTo(name string, fd int) bool {
	var there unix.Stat_t
	open, ok := statOf(fd)
	return ok && unix.Lstat(name, &there) == nil && there.Dev == open.Dev && there.Ino == open.Ino
}

// overwrite replaces the content of an open file.
func overwrite(fd int, text string) error {
	if _, err := unix.Pwrite(fd, []byte(text), 0); err != nil {
		return err
	}
	return unix.Ftruncate(fd, int64(len(text)))
}
