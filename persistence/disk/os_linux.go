package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// dataSync flushes data, and of the metadata only what reading it back needs. A call that a
// signal interrupted has flushed nothing and reported nothing: it alone is repeated.
func dataSync(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		for {
			if failed = unix.Fdatasync(int(fd)); failed != unix.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: failed}
	}
	return nil
}

// writeBack starts the write-back of both files and waits for that of beside. It says false when
// the file system does not overwrite in place, so that a flush of f would not cover beside.
func writeBack(f, beside File) (bool, error) {
	a, ok := f.(osFile)
	b, okBeside := beside.(osFile)
	if !ok || !okBeside || !a.inPlace || !b.inPlace {
		return false, nil
	}
	for _, step := range []struct {
		f     osFile
		flags int
	}{
		{b, unix.SYNC_FILE_RANGE_WRITE},
		{a, unix.SYNC_FILE_RANGE_WRITE},
		{b, unix.SYNC_FILE_RANGE_WAIT_BEFORE},
	} {
		if err := syncRange(step.f.File, step.flags); err != nil {
			return false, err
		}
	}
	return true, nil
}

func syncRange(f *os.File, flags int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		for {
			if failed = unix.SyncFileRange(int(fd), 0, 0, flags); failed != unix.EINTR {
				return
			}
		}
	})
	if err == nil && failed != nil {
		err = &os.PathError{Op: "sync_file_range", Path: f.Name(), Err: failed}
	}
	return err
}

// dropCache drops the pages that count as written; dirty ones stay.
func dropCache(f *os.File) {
	if conn, err := f.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) {
			_ = unix.Fadvise(int(fd), 0, 0, unix.FADV_DONTNEED)
		})
	}
}

// bornAt is 0 on a file system that does not say when a file was made.
func bornAt(f *os.File) int64 {
	var info unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &info)
	if err != nil || info.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return info.Btime.Sec*1e9 + int64(info.Btime.Nsec)
}

// overwritesInPlace is true on the file systems that are known to write a block that has its
// place on the device there again, and to flush the device on every fdatasync.
func overwritesInPlace(f *os.File) bool {
	var info unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &info) != nil {
		return false
	}
	return info.Type == unix.EXT4_SUPER_MAGIC || info.Type == unix.XFS_SUPER_MAGIC
}
