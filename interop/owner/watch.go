package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const lockName = "quoll.lock"

// state is what a file is told by.
type state struct {
	sum   [sha256.Size]byte
	size  int64
	mtime time.Time
}

// states are those of all files below dir.
func states(dir string) (map[string]state, error) {
	all := map[string]state{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		all[path] = state{sha256.Sum256(text), info.Size(), info.ModTime()}
		return nil
	})
	return all, err
}

// differ says what changed between two looks. An empty lock file may be new.
func differ(before, after map[string]state) error {
	var errs error
	for path, was := range before {
		is, there := after[path]
		switch {
		case !there:
			errs = errors.Join(errs, fmt.Errorf("%s is gone", path))
		case is != was:
			errs = errors.Join(errs, fmt.Errorf("%s changed: %d bytes at %v, %d bytes at %v",
				path, was.size, was.mtime, is.size, is.mtime))
		}
	}
	for path, is := range after {
		if _, there := before[path]; !there && (filepath.Base(path) != lockName || is.size > 0) {
			errs = errors.Join(errs, fmt.Errorf("%s is new", path))
		}
	}
	return errs
}

// changing are the system calls that change a file or a name.
const changing = "write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate," +
	"rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,utimensat," +
	"copy_file_range,sendfile,fsync,fdatasync,sync_file_range,open,openat,creat"

// onFile is a call on an open file, whose path -y adds; onName is a call on a name.
var (
	onFile = regexp.MustCompile(`^\d+ +(\w+)\(\d+<([^>]*)>`)
	onName = regexp.MustCompile(`^\d+ +(\w+)\(.*?"([^"]*)"`)
)

// changes reads a trace and returns the calls that changed something below dir.
func changes(trace, dir string) (calls []string, err error) {
	f, err := os.Open(trace)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	traced := 0
	for lines.Scan() {
		line := lines.Text()
		traced++
		m := onFile.FindStringSubmatch(line)
		if m == nil {
			m = onName.FindStringSubmatch(line)
		}
		if m == nil || !strings.HasPrefix(m[2], dir+"/") || filepath.Base(m[2]) == lockName {
			continue
		}
		opens := m[1] == "open" || m[1] == "openat" || m[1] == "creat"
		if opens && !strings.Contains(line, "O_CREAT") && !strings.Contains(line, "O_TRUNC") {
			continue
		}
		calls = append(calls, line)
	}
	if traced == 0 {
		return nil, fmt.Errorf("%s: strace wrote nothing", trace)
	}
	return calls, lines.Err()
}
