//go:build unix

package socket

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// SetBacklog sets the length of the accept queue. Go's net listens with somaxconn; a second
// listen(2) on the same socket only changes the length.
func SetBacklog(ln net.Listener, backlog int) error {
	return control(ln, func(fd int) error { return unix.Listen(fd, backlog) })
}

// control runs f on the descriptor of a listener.
func control(ln net.Listener, f func(fd int) error) error {
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) { inner = f(int(fd)) })
	return errors.Join(err, inner)
}
