//go:build unix

package reactor

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// instantWriter writes to a connection without waiting, which Go's net has no method for. Only
// for plain sockets: what wraps one must see the bytes first.
type instantWriter struct {
	raw     syscall.RawConn
	attempt func(fd uintptr) bool // made once; a closure a write would be an allocation a write
	look    func(fd uintptr)
	p       []byte
	n       int
	err     error
}

func newInstantWriter(nc net.Conn) *instantWriter {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	w := &instantWriter{raw: raw}
	w.attempt = func(fd uintptr) bool {
		for {
			if w.n, w.err = unix.Write(int(fd), w.p); w.err != unix.EINTR {
				return true
			}
		}
	}
	w.look = func(fd uintptr) { w.n = unackedBytes(int(fd)) }
	return w
}

// write returns how much the kernel took, which may be nothing.
func (w *instantWriter) write(p []byte) (int, error) {
	w.p = p
	err := w.raw.Write(w.attempt)
	w.p = nil
	switch {
	case err != nil:
		return 0, err
	case w.err == unix.EAGAIN:
		return 0, nil
	case w.err != nil:
		return 0, os.NewSyscallError("write", w.err)
	}
	return w.n, nil
}

func (w *instantWriter) unacked() int {
	if err := w.raw.Control(w.look); err != nil {
		return -1
	}
	return w.n
}
