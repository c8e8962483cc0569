//go:build unix

package socket

import "golang.org/x/sys/unix"

// Descriptors is the process's limit of open files; 0: there is none.
func Descriptors() int {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil || lim.Cur > 1<<30 {
		return 0
	}
	return int(lim.Cur)
}
