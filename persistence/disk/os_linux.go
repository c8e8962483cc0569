package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// dataSync flushes the data and only the metadata that is needed to read it back. A call that a
// signal interrupted is repeated, because it has flushed nothing and reported nothing. No other
// failed call is repeated.
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

// writeBack starts the write-back of both files and waits for that of beside. It returns false when
// the file system does not overwrite in place: then a flush of f would not cover beside.
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

// dropCache drops the pages that count as written; dirty pages stay.
func dropCache(f *os.File) {
	if conn, err := f.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) {
			_ = unix.Fadvise(int(fd), 0, 0, unix.FADV_DONTNEED)
		})
	}
}

// bornAt is when the file was made, in ns since 1970, or 0 if the file system does not tell.
func bornAt(f *os.File) int64 {
	var info unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &info)
	if err != nil || info.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return info.Btime.Sec*1e9 + int64(info.Btime.Nsec)
}

// overwritesInPlace says whether the file system is known for two things: it writes a changed block
// to the same place on the device, and it flushes the device on every fdatasync.
func overwritesInPlace(f *os.File) bool {
	var info unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &info) != nil {
		return false
	}
	return info.Type == unix.EXT4_SUPER_MAGIC || info.Type == unix.XFS_SUPER_MAGIC
}
