package socket

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsentBytes is how much of a connection's output the kernel may hold that the client's window has
// no room for. By itself the kernel takes some MB (tcp_wmem) of every client that asks and does not
// read, and no limit of ours would see them.
const unsentBytes = 128 << 10

// LimitUnsent sets the limit on a listener, from which accepted connections inherit it.
func LimitUnsent(ln net.Listener) error {
	return control(ln, func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentBytes)
	})
}

// LiftUnsent takes the limit off a connection that is about to be closed: what the kernel does not
// take then is lost.
func LiftUnsent(fd int) {
	// The only error is that of a closed socket, which the write that follows meets too.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 0)
}
