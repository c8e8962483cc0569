package admin

import (
	"os"
	"os/user"
	"runtime"
	"runtime/debug"
	rm "runtime/metrics"
	"strconv"
	"strings"
	"time"
)

const unknown = "<NA>"

// baseVersion is the ZooKeeper release that this server behaves like. Clients compare it.
const baseVersion = "3.9.5"

// Version is the text behind "Zookeeper version:" of this binary: <release>-<revision>, built on
// <date>. The date has the form of ZooKeeper 3.4 to 3.6, because some parsers know only that form.
func Version() string {
	revision, built := "quoll", time.Time{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.time":
				built, _ = time.Parse(time.RFC3339, s.Value)
			}
		}
	}
	if built.IsZero() {
		built = executableTime()
	}
	return baseVersion + "-" + revision + ", built on " + built.UTC().Format("01/02/2006 15:04 MST")
}

// executableTime is the modification time of the binary. Version uses it if the binary does not
// know the date of its commit.
func executableTime() time.Time {
	if name, err := os.Executable(); err == nil {
		if info, err := os.Stat(name); err == nil {
			return info.ModTime()
		}
	}
	return time.Unix(0, 0)
}

// Property is one line of envi.
type Property struct{ Key, Value string }

// Environment returns the properties that envi prints: Apache's keys, in Apache's order, and behind
// them the version of Go. Keys about Java have the value <NA>.
func (c *Commands) Environment() []Property {
	mem := readMemory()
	return []Property{
		{"zookeeper.version", c.Version},
		{"host.name", orUnknown(os.Hostname())},
		{"java.version", unknown},
		{"java.vendor", unknown},
		{"java.home", unknown},
		{"java.class.path", unknown},
		{"java.library.path", unknown},
		{"java.io.tmpdir", os.TempDir()},
		{"java.compiler", unknown},
		{"os.name", javaOS(runtime.GOOS)},
		{"os.arch", javaArch(runtime.GOARCH)},
		{"os.version", kernel()},
		{"user.name", UserName()},
		{"user.home", orUnknown(os.UserHomeDir())},
		{"user.dir", orUnknown(os.Getwd())},
		{"os.memory.free", megabytes(mem.free)},
		{"os.memory.max", megabytes(mem.mapped)},
		{"os.memory.total", megabytes(mem.heap)},
		{"go.version", runtime.Version()},
	}
}

func (c *Commands) envi(p *page) {
	p.text("Environment:\n")
	for _, property := range c.Environment() {
		p.text(property.Key, "=", property.Value, "\n")
	}
}

// memory has sizes in bytes: the free part of the Go heap, the whole heap, and all memory that the
// process has mapped.
type memory struct{ free, heap, mapped uint64 }

// readMemory reads the counts of runtime/metrics, because runtime.ReadMemStats would stop all
// goroutines.
func readMemory() memory {
	const classes = "/memory/classes/"
	samples := []rm.Sample{
		{Name: classes + "heap/free:bytes"}, {Name: classes + "heap/objects:bytes"},
		{Name: classes + "heap/unused:bytes"}, {Name: classes + "heap/released:bytes"},
		{Name: classes + "total:bytes"},
	}
	rm.Read(samples)
	at := func(i int) uint64 { return samples[i].Value.Uint64() }
	return memory{free: at(0), heap: at(0) + at(1) + at(2) + at(3), mapped: at(4)}
}

func megabytes(bytes uint64) string { return strconv.FormatUint(bytes>>20, 10) + "MB" }

func orUnknown(value string, err error) string {
	if err != nil || value == "" {
		return unknown
	}
	return value
}

// UserName is the name of the user that runs the server, or <NA>. The audit log uses it.
func UserName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return orUnknown(os.Getenv("USER"), nil)
}

func javaOS(goos string) string {
	switch goos {
	case "linux":
		return "Linux"
	case "darwin":
		return "Mac OS X"
	}
	return goos
}

func javaArch(goarch string) string {
	if goarch == "arm64" {
		return "aarch64"
	}
	return goarch
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return orUnknown(strings.TrimSpace(string(text)), err)
}
