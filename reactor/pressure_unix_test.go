//go:build unix

package reactor

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestCrawlingReaderIsKept: a reader so slow that the kernel asks for no more output during a
// stall timeout is still seen to read.
func TestCrawlingReaderIsKept(t *testing.T) {
	onBothAtOnce(t, func(t *testing.T, tr Transport) {
		const stall = time.Second
		s, closed := slowServer(t, tr, stall)
		dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
			return raw.Control(func(fd uintptr) { smallReceiveBuffer(int(fd)) })
		}}
		nc, err := dialer.Dial("tcp", s.addr)
		noError(t, err)
		defer nc.Close()
		_, err = nc.Write(bytes.Repeat(frameOf([]byte("get")), 20))
		noError(t, err)
		eventually(t, "output pending", func() bool { return s.stats.PendingBytes.Load() > 0 })
		pace := time.NewTicker(20 * time.Millisecond)
		defer pace.Stop()
		for began := time.Now(); time.Since(began) < 3*stall/2; <-pace.C {
			_, err := io.ReadFull(nc, make([]byte, 4<<10))
			noError(t, err)
		}
		equal(t, 0, len(closed), "closes")
		// And it is closed once it stops.
		err = receive(t, closed, "Closed")
		holds(t, errors.Is(err, ErrStalled), "stalled: %v", err)
	})
}

// smallReceiveBuffer makes a client whose kernel takes little ahead of its reading.
func smallReceiveBuffer(fd int) {
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10)
}
