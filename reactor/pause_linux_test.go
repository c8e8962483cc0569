package reactor

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"

	"quoll/reactor/socket"
)

// TestGnetLoopHasEpollDescriptor guards the reflection of gnet_epoll_linux.go: when it fails after an
// upgrade of gnet, reading can no longer be paused.
func TestGnetLoopHasEpollDescriptor(t *testing.T) {
	l := startLab(t, &lab{})
	_, gc := l.connect()
	fd, err := epollDescriptor(gc.EventLoop())
	noError(t, err)
	// It is the loop's own: the connection is registered in it, and not twice.
	err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, gc.Fd(), &unix.EpollEvent{Fd: int32(gc.Fd())})
	holds(t, errors.Is(err, unix.EEXIST), "registered: %v", err)
}

// otherLoop is an event loop of another shape.
type otherLoop struct{ gnet.EventLoop }

func TestAnotherShapeOfLoopIsNoticed(t *testing.T) {
	_, err := epollDescriptor(&otherLoop{})
	holds(t, err != nil, "not found")
	var p socket.Epoll
	holds(t, !p.Quiet(), "never quiet")
	holds(t, p.Open(-1) != nil, "not opened")
	holds(t, !p.Quiet(), "never quiet")
}

func pausedLab(t *testing.T, traffic func(gnet.Conn, *socket.Epoll) gnet.Action,
	closed func(gnet.Conn, error)) (*lab, *net.TCPConn, gnet.Conn, *socket.Epoll) {
	p := new(socket.Epoll)
	l := startLab(t, &lab{closed: closed,
		traffic: func(c gnet.Conn) gnet.Action { return traffic(c, p) }})
	near, gc := l.connect()
	onLoop(t, gc.EventLoop(), func() {
		fd, err := epollDescriptor(gc.EventLoop())
		noError(t, err)
		noError(t, p.Open(fd))
	})
	return l, near, gc, p
}

// With an empty mask gnet does not read, the sender is stopped by TCP, a FIN is not seen, and
// nothing is lost when reading goes on.
func TestGnetEmptyMaskPausesReading(t *testing.T) {
	var got atomic.Int64
	closed := make(chan error, 1)
	paused := make(chan bool, 1)
	_, near, gc, p := pausedLab(t, func(c gnet.Conn, p *socket.Epoll) gnet.Action {
		n, _ := c.Discard(-1)
		if got.Add(int64(n)) == 3 {
			p.Mask(c.Fd(), false, false)
			paused <- true
		}
		return gnet.None
	}, func(_ gnet.Conn, err error) { closed <- err })
	_, err := near.Write([]byte("one"))
	noError(t, err)
	receive(t, paused, "the pause")
	noError(t, near.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
	sent, err := near.Write(make([]byte, 64<<20))
	holds(t, errors.Is(err, os.ErrDeadlineExceeded), "the sender is blocked: %v", err)
	noError(t, near.CloseWrite())
	onLoop(t, gc.EventLoop(), func() {})
	equal(t, 3, got.Load(), "read while paused")
	equal(t, 0, len(closed), "closes while paused")
	onLoop(t, gc.EventLoop(), func() { p.Mask(gc.Fd(), true, false) })
	holds(t, errors.Is(receive(t, closed, "the close"), io.EOF), "the FIN comes after all")
	equal(t, int64(3+sent), got.Load(), "read in all")
}

// A reset is noticed all the same.
func TestGnetEmptyMaskReportsAReset(t *testing.T) {
	closed := make(chan error, 1)
	_, near, gc, p := pausedLab(t, nil, func(_ gnet.Conn, err error) { closed <- err })
	onLoop(t, gc.EventLoop(), func() { p.Mask(gc.Fd(), false, false) })
	noError(t, near.SetLinger(0))
	noError(t, near.Close())
	receive(t, closed, "the close")
}

// gnet turns reading on again when it has written what was left over: mask is applied after each
// write and each call of OnTraffic.
func TestGnetReadsAgainAfterItsOutputHasLeft(t *testing.T) {
	traffic := make(chan string, 4)
	_, near, gc, p := pausedLab(t, func(c gnet.Conn, p *socket.Epoll) gnet.Action {
		in, _ := c.Next(-1)
		traffic <- string(in)
		return gnet.None
	}, nil)
	output := bytes.Repeat([]byte("x"), 32<<20)
	onLoop(t, gc.EventLoop(), func() {
		_, err := gc.Write(output)
		noError(t, err)
		holds(t, gc.OutboundBuffered() > 0, "something left over")
		p.Mask(gc.Fd(), false, true)
	})
	_, err := near.Write([]byte("hello"))
	noError(t, err)
	onLoop(t, gc.EventLoop(), func() {})
	equal(t, 0, len(traffic), "reads while output is pending")
	_, err = io.CopyN(io.Discard, near, int64(len(output)))
	noError(t, err)
	equal(t, "hello", receive(t, traffic, "traffic"), "input")
}

// quiet is true when the connection that is being handled was the only one that was ready.
func TestQuietSeesOtherReadyConnections(t *testing.T) {
	quiet := make(chan bool, 4)
	l, near, gc, p := pausedLab(t, func(c gnet.Conn, p *socket.Epoll) gnet.Action {
		_, _ = c.Discard(-1)
		quiet <- p.Quiet()
		return gnet.None
	}, nil)
	l.say(near, "alone")
	holds(t, receive(t, quiet, "traffic"), "quiet when alone")
	other, _ := l.connect()
	onLoop(t, gc.EventLoop(), func() { // while the loop is here, both become ready
		l.say(near, "x")
		l.say(other, "y")
		holds(t, !p.Quiet(), "two are ready")
	})
	first, second := receive(t, quiet, "traffic"), receive(t, quiet, "traffic")
	holds(t, !first && second, "quiet only at the second: %v, %v", first, second)
}
