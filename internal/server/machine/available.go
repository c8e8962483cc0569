package machine

import (
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// quarterMinBytes is the lower bound of a limit that is computed as a part of the memory.
const quarterMinBytes = 128 << 20

// inputMostBytes is the most memory that unfinished requests may take if quoll.inputTotalBytes is
// not set. It is as much as replies may take. Even on a machine with much memory, clients that send
// half a frame should not get more.
const inputMostBytes = 256 << 20

// InputBudget is quoll.inputTotalBytes, or the limit by the memory if that is not set.
func InputBudget(set int64) int64 {
	if set > 0 {
		return set
	}
	return min(OrQuarter(0), inputMostBytes)
}

// OrQuarter returns a limit in bytes, or a quarter of the memory if no limit is set.
func OrQuarter(set int64) int64 {
	if set > 0 {
		return set
	}
	limit := debug.SetMemoryLimit(-1) // GOMEMLIMIT; MaxInt64 without one
	return max(min(limit, memoryLimit(os.ReadFile))/4, quarterMinBytes)
}

// memoryLimit is the memory that the process can use, in bytes: the machine's memory, or less if
// one of its cgroups allows less. It is MaxInt64 if no file tells.
func memoryLimit(read func(name string) ([]byte, error)) int64 {
	limit := int64(math.MaxInt64)
	least := func(text string, unit int64) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil && n > 0 && n < math.MaxInt64/unit {
			limit = min(limit, n*unit)
		}
	}
	for _, line := range lines(read, "/proc/meminfo") {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "MemTotal:" {
			least(fields[1], 1<<10)
		}
	}
	for _, line := range lines(read, "/proc/self/cgroup") {
		// "0::/a/b" is version 2, "4:memory:/a/b" version 1. In a container the path may be the
		// path outside of the container, while the mounted file system begins at the container's
		// own cgroup. So all directories up to the root are read too.
		parts := strings.SplitN(line, ":", 3)
		if len(parts) != 3 {
			continue
		}
		root, file := "/sys/fs/cgroup", "memory.max"
		if parts[1] != "" {
			root, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
			if parts[1] != "memory" {
				continue
			}
		}
		for dir := path.Join("/", parts[2]); ; dir = path.Dir(dir) {
			for _, text := range lines(read, path.Join(root, dir, file)) {
				least(text, 1)
			}
			if dir == "/" {
				break
			}
		}
	}
	return limit
}

// lines returns the lines of a small file, or none if it cannot be read.
func lines(read func(name string) ([]byte, error), name string) []string {
	text, err := read(name)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}
