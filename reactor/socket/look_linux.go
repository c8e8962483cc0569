package socket

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What the kernel knows of a socket that nobody reads from. Each is one system call.

// Unacked is the length of the socket's send queue: what the client has not acknowledged.
func Unacked(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	if err != nil {
		return -1
	}
	return n
}

// Unread is the length of its receive queue.
func Unread(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.SIOCINQ)
	if err != nil {
		return -1
	}
	return n
}

// End is io.EOF when the client has sent a FIN, and an error when the connection is broken.
func End(fd int) error {
	p := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	if n, err := unix.Poll(p[:], 0); n <= 0 || err != nil {
		return nil
	}
	if p[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
		return os.NewSyscallError("poll", unix.ECONNRESET)
	}
	return io.EOF
}

// LastByte is how long ago the last byte arrived. It counts as not known while the client has
// little room for another one, less than a segment: it may be alive and stopped by us.
func LastByte(fd int) (ago time.Duration, known bool) {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil || info.Rcv_wnd <= info.Rcv_mss { // 0 before Linux 6.2
		return 0, false
	}
	return time.Duration(info.Last_data_recv) * time.Millisecond, true
}
