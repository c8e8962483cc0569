//go:build unix

package reactor

import "golang.org/x/sys/unix"

// smallReceiveBuffer makes a client whose kernel takes little ahead of its reading.
func smallReceiveBuffer(fd int) {
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10)
}
