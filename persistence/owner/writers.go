package owner

import (
	"bufio"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// processes says where to look for the other processes of this machine, and for how long.
type processes struct {
	proc   string        // /proc
	self   int           // our own pid
	atMost time.Duration // processor time of one look
}

// writing looks for a process that has data of one of the directories open for writing. A process
// that only reads, such as a backup, tail or a virus scanner, does not count. Processes that cannot
// be examined do not count either: those of other users, hidden ones, all if there is no /proc.
func (p *processes) writing(dirs []string) *ForeignError {
	runtime.LockOSThread() // spent is the time of one thread
	defer runtime.UnlockOSThread()
	begin, until := spent(), time.Now().Add(lookEnds)
	files := dataFiles(dirs)
	if len(files) == 0 {
		return nil
	}
	names, err := readNames(p.proc)
	if err != nil {
		return nil
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == p.self {
			continue
		}
		if file := opened(filepath.Join(p.proc, name), files); file != "" {
			return &ForeignError{File: file, Pid: pid, What: "has open for writing"}
		}
		if spent()-begin > p.atMost || time.Now().After(until) {
			return nil
		}
	}
	return nil
}

// dataFiles returns the files that a server may have open, by path.
func dataFiles(dirs []string) map[string]fs.FileInfo {
	files := make(map[string]fs.FileInfo)
	for _, dir := range dirs {
		names, err := readNames(dir)
		if err != nil {
			continue
		}
		for _, name := range names {
			if info := describe(filepath.Join(dir, name)); info != nil && isData(name) {
				files[filepath.Join(dir, name)] = info
			}
		}
	}
	return files
}

func readNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// opened returns the path of the file in files that a process has open for writing, or "". The path
// that the kernel tells is valid among the process' own mounts only. So the files themselves are
// compared, not their paths.
func opened(process string, files map[string]fs.FileInfo) string {
	fds, err := readNames(filepath.Join(process, "fd"))
	if err != nil {
		return ""
	}
	for _, fd := range fds {
		link := filepath.Join(process, "fd", fd)
		target, err := os.Readlink(link)
		if err != nil || !isData(filepath.Base(target)) {
			continue
		}
		info := describe(link)
		if info == nil || !forWriting(filepath.Join(process, "fdinfo", fd)) {
			continue
		}
		for path := range sorted(files) {
			if os.SameFile(info, files[path]) {
				return path
			}
		}
	}
	return ""
}

// forWriting reads how a descriptor was opened: the line "flags:" in octal.
func forWriting(fdinfo string) bool {
	f, err := os.Open(fdinfo)
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "flags:"); ok {
			flags, err := strconv.ParseUint(strings.TrimSpace(text), 8, 64)
			const accessMode = 3 // O_RDONLY is 0
			return err == nil && flags&accessMode != 0
		}
	}
	return false
}

// sorted gives the keys of a map in order.
func sorted[V any](m map[string]V) iter.Seq[string] {
	return slices.Values(slices.Sorted(maps.Keys(m)))
}
