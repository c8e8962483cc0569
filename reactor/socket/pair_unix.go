//go:build unix

package socket

import (
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Pair returns two connected ends: the near one as gnet wants it, the far one to wake it with.
func Pair() (near net.Conn, far io.WriteCloser, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
	}
	nearFile := os.NewFile(uintptr(fds[0]), "sentinel")
	farFile := os.NewFile(uintptr(fds[1]), "sentinel")
	near, err = net.FileConn(nearFile) // a duplicate
	_ = nearFile.Close()
	if err != nil {
		_ = farFile.Close()
		return nil, nil, err
	}
	return near, farFile, nil
}
