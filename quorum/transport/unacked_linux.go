package transport

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dropUnacked makes the kernel end a connection whose other end acknowledges no byte for a time.
func dropUnacked(within time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT,
				int(within.Milliseconds()))
		})
		if err != nil {
			return err
		}
		return failed
	}
}
