package admin

import (
	"os"
	"os/user"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

const unknown = "<NA>"

// baseVersion is the release whose behaviour this server has; clients compare it.
const baseVersion = "3.9.5"

// Version is the text behind "Zookeeper version:" of this binary: <release>-<revision>, built on
// <date>. The date has the form of ZooKeeper 3.4 to 3.6, since parsers that knew only that one are
// still about.
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

// executableTime stands in for the commit's date where the binary does not know it.
func executableTime() time.Time {
	if name, err := os.Executable(); err == nil {
		if info, err := os.Stat(name); err == nil {
			return info.ModTime()
		}
	}
	return time.Unix(0, 0)
}

// envi prints Apache's keys. Those that are about a Java that is not there have no value; what
// Quoll runs on comes after them.
func (c *Commands) envi(p *page) {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	p.text("Environment:\n")
	p.property("zookeeper.version", c.Version)
	p.property("host.name", orUnknown(os.Hostname()))
	for _, key := range []string{
		"java.version", "java.vendor", "java.home", "java.class.path", "java.library.path",
	} {
		p.property(key, unknown)
	}
	p.property("java.io.tmpdir", os.TempDir())
	p.property("java.compiler", unknown)
	p.property("os.name", javaOS(runtime.GOOS))
	p.property("os.arch", javaArch(runtime.GOARCH))
	p.property("os.version", kernel())
	p.property("user.name", UserName())
	p.property("user.home", orUnknown(os.UserHomeDir()))
	p.property("user.dir", orUnknown(os.Getwd()))
	p.megabytes("os.memory.free", mem.HeapIdle-mem.HeapReleased)
	p.megabytes("os.memory.max", mem.Sys)
	p.megabytes("os.memory.total", mem.HeapSys)
	p.property("go.version", runtime.Version())
}

func (p *page) property(key, value string) { p.text(key, "=", value, "\n") }

func (p *page) megabytes(key string, bytes uint64) {
	p.number(key+"=", int64(bytes>>20))
	p.text("MB\n")
}

func orUnknown(value string, err error) string {
	if err != nil || value == "" {
		return unknown
	}
	return value
}

// UserName is who runs the server, as the audit log names it.
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
