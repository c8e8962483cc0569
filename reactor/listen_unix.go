//go:build unix

package reactor

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// setBacklog sets the length of the accept queue. Go's net listens with somaxconn; a second
// listen(2) on the same socket only changes the length.
func setBacklog(ln net.Listener, backlog int) error {
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var listenErr error
	err = raw.Control(func(fd uintptr) { listenErr = unix.Listen(int(fd), backlog) })
	return errors.Join(err, listenErr)
}
