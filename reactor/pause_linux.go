package reactor

import (
	"fmt"
	"reflect"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

// pauser does to a loop of gnet what gnet does not offer: it stops the reading of one connection,
// and it tells whether anything else is ready. Both need the loop's epoll descriptor, which is
// fetched by reflection once, at start; TestGnetLoopHasEpollDescriptor fails when an upgrade of
// gnet moves it. All but open and close is for the loop's goroutine.
type pauser struct {
	epoll int
	event unix.EpollEvent // kept here: a local one would escape on every call
	ready [1]unix.PollFd
}

// open finds the descriptor and returns false if it cannot.
func (p *pauser) open(el gnet.EventLoop) bool {
	fd, err := epollDescriptor(el)
	if err != nil {
		p.epoll = -1
		return false
	}
	p.epoll = fd
	p.ready[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	return true
}

// epollDescriptor reads eventloop.poller.fd.
func epollDescriptor(el gnet.EventLoop) (fd int, err error) {
	defer func() {
		if r := recover(); r != nil {
			fd, err = -1, fmt.Errorf("reactor: gnet's event loop has another shape: %v", r)
		}
	}()
	poller := reflect.ValueOf(el).Elem().FieldByName("poller").Elem()
	fd = int(poller.FieldByName("fd").Int())
	// An epoll descriptor is the only kind that takes EPOLL_CTL_DEL of a stranger with ENOENT.
	if err := unix.EpollCtl(fd, unix.EPOLL_CTL_DEL, fd, nil); err == unix.EBADF {
		return -1, fmt.Errorf("reactor: not an epoll descriptor: %w", err)
	}
	return fd, nil
}

// mask sets what epoll reports of a connection. With neither, only an error or a reset does.
func (p *pauser) mask(fd int, read, write bool) {
	p.event = unix.EpollEvent{Fd: int32(fd)}
	if read {
		p.event.Events |= unix.EPOLLIN | unix.EPOLLPRI
	}
	if write {
		p.event.Events |= unix.EPOLLOUT
	}
	// The only error is that the connection is closed, and then there is nothing to pause.
	_ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_MOD, fd, &p.event)
}

// quiet tells that no connection of the loop is ready now.
func (p *pauser) quiet() bool {
	if p.epoll < 0 {
		return false
	}
	n, err := unix.Poll(p.ready[:], 0)
	return err == nil && n == 0
}
