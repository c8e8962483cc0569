package socket

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Epoll does to an epoll loop of somebody else's what that does not offer: it stops the reading of
// one connection, and it tells whether anything else is ready. All but Open is for the loop's
// goroutine. The zero value is not open: Quiet is false, and Mask must not be called.
type Epoll struct {
	fd    int
	open  bool
	event unix.EpollEvent // kept here: a local one would escape on every call
	ready [1]unix.PollFd
}

// Open takes the loop's epoll descriptor, which stays the loop's. It refuses a number that is no
// descriptor.
func (p *Epoll) Open(fd int) error {
	if err := unix.EpollCtl(fd, unix.EPOLL_CTL_DEL, fd, nil); err == unix.EBADF {
		return fmt.Errorf("reactor: not an epoll descriptor: %w", err)
	}
	p.fd, p.open = fd, true
	p.ready[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	return nil
}

// Mask sets what epoll reports of a connection. With neither, only an error or a reset does.
func (p *Epoll) Mask(fd int, read, write bool) {
	p.event = unix.EpollEvent{Fd: int32(fd)}
	if read {
		p.event.Events |= unix.EPOLLIN | unix.EPOLLPRI
	}
	if write {
		p.event.Events |= unix.EPOLLOUT
	}
	// The only error is that the connection is closed, and then there is nothing to pause.
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, fd, &p.event)
}

// Quiet tells that no connection of the loop is ready now.
func (p *Epoll) Quiet() bool {
	if !p.open {
		return false
	}
	n, err := unix.Poll(p.ready[:], 0)
	return err == nil && n == 0
}
