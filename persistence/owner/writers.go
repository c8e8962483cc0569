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

// processes is where the other processes of this machine are looked for.
type processes struct {
	proc   string        // /proc
	self   int           // our own pid
	atMost time.Duration // of a processor
}

// writing looks for a process that has data of one of the directories open for writing. Who only
// reads, as backups, tail and virus scanners do, is no writer. What cannot be read belongs to
// nobody: other users, hidden processes, no /proc at all.
func (p *processes) writing(dirs []string) *ForeignError {
	runtime.LockOSThread() // whose time is taken
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

// dataFiles are what a server would have open, by path.
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

// opened returns which of the files a process has open for writing, or "". The path that the
// kernel tells is that of the process' own view of the mounts: the file itself is compared.
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
