//go:build unix

package socket

import "golang.org/x/sys/unix"

// descriptorReserve is left to the log, the snapshots, the listeners and the links to peers: a
// flood of clients must not be what makes an append to the log fail.
const descriptorReserve = 256

// DescriptorLimit is how many connections the process's limit of open files allows.
func DescriptorLimit() int {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil || lim.Cur > 1<<30 {
		return 0
	}
	open := int(lim.Cur)
	return open - min(descriptorReserve, open/2)
}
