//go:build unix

package reactor

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"quoll/reactor/socket"
)

// rawSocket does to a plain TCP connection what Go's net has no methods for: it writes without
// waiting, and while it waits for input it holds no buffer. One goroutine may write and look while
// another reads.
type rawSocket struct {
	raw syscall.RawConn
	in  rawRead
	out rawWrite
}

// rawRead and rawWrite are the arguments and results of a call inside RawConn. Its function is made
// once: a closure a call would be an allocation a call.
type rawRead struct {
	chunks  *chunkPool
	chunk   *chunk // nil while waiting for input
	starved bool   // there is input, but no chunk for it
	n       int
	err     error
	try     func(fd uintptr) bool
}

type rawWrite struct {
	p    []byte
	n    int
	err  error
	try  func(fd uintptr) bool
	look func(fd uintptr)
}

// newRawSocket returns nil for what is not a plain socket: a wrapper must see the bytes first.
func newRawSocket(nc net.Conn, chunks *chunkPool) *rawSocket {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	s := &rawSocket{raw: raw}
	in, out := &s.in, &s.out
	in.chunks = chunks
	in.try = in.attempt
	out.try = out.attempt
	out.look = func(fd uintptr) { out.n = socket.Unacked(int(fd)) }
	return s
}

// attempt must not wait for a chunk: a close of the connection waits until it returns, and the loop
// that closes is the one that frees chunks.
func (in *rawRead) attempt(fd uintptr) bool {
	if in.chunk == nil {
		if in.chunk = in.chunks.try(); in.chunk == nil {
			in.starved = true
			return true
		}
	}
	for {
		if in.n, in.err = unix.Read(int(fd), in.chunk[:]); in.err != unix.EINTR {
			break
		}
	}
	if in.err == unix.EAGAIN {
		in.release()
		return false
	}
	return true
}

func (in *rawRead) release() {
	if in.chunk != nil {
		in.chunks.put(in.chunk)
		in.chunk = nil
	}
}

// read waits for input. The bytes are valid until release.
func (s *rawSocket) read() ([]byte, error) {
	in := &s.in
	err := s.raw.Read(in.try)
	for err == nil && in.starved {
		in.starved = false
		in.chunk = in.chunks.wait()
		err = s.raw.Read(in.try)
	}
	switch {
	case err != nil:
		return nil, err
	case in.err != nil:
		return nil, os.NewSyscallError("read", in.err)
	case in.n == 0:
		return nil, io.EOF
	}
	return in.chunk[:in.n], nil
}

// release gives back what read returned. The loop calls it when it has handled that, the reader
// when it ends.
func (s *rawSocket) release() { s.in.release() }

func (out *rawWrite) attempt(fd uintptr) bool {
	for {
		if out.n, out.err = unix.Write(int(fd), out.p); out.err != unix.EINTR {
			return true
		}
	}
}

// write returns how much the kernel took, which may be nothing.
func (s *rawSocket) write(p []byte) (int, error) {
	out := &s.out
	out.p = p
	err := s.raw.Write(out.try)
	out.p = nil
	switch {
	case err != nil:
		return 0, err
	case out.err == unix.EAGAIN:
		return 0, nil
	case out.err != nil:
		return 0, os.NewSyscallError("write", out.err)
	}
	return out.n, nil
}

// lift readies the socket for its last write.
func (s *rawSocket) lift() { _ = s.raw.Control(func(fd uintptr) { socket.LiftUnsent(int(fd)) }) }

// unacked is the length of the kernel's send queue.
func (s *rawSocket) unacked() int {
	if err := s.raw.Control(s.out.look); err != nil {
		return -1
	}
	return s.out.n
}

// ended, unread and silent are asked rarely: a closure each will do. A closed socket has ended.

func (s *rawSocket) ended() error {
	var end error
	if err := s.raw.Control(func(fd uintptr) { end = socket.End(int(fd)) }); err != nil {
		return err
	}
	return end
}

func (s *rawSocket) unread() (any bool) {
	_ = s.raw.Control(func(fd uintptr) { any = socket.Unread(int(fd)) != 0 })
	return any
}

func (s *rawSocket) silent() (ago time.Duration, known bool) {
	_ = s.raw.Control(func(fd uintptr) { ago, known = socket.LastByte(int(fd)) })
	return ago, known
}
