//go:build unix

package transport

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// writeNow hands the kernel as much of data as it takes at once, and returns how much that is. What
// an error means the next write tells, which is the writer's.
func writeNow(raw syscall.RawConn, data []byte) (n int) {
	_ = raw.Control(func(fd uintptr) { n, _ = unix.Write(int(fd), data) })
	return max(n, 0)
}
