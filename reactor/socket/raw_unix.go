//go:build unix

package socket

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Raw does to a plain TCP connection what Go's net has no methods for: it writes without
// waiting, and while it waits for input it holds no buffer. One goroutine may write and look while
// another reads.
type Raw struct {
	raw syscall.RawConn
	in  rawRead
	out rawWrite
}

// rawRead and rawWrite are the arguments and results of a call inside RawConn. Its function is made
// once: a closure a call would be an allocation a call.
type rawRead struct {
	chunks  *Chunks
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

// NewRaw returns nil for what is not a plain socket: a wrapper must see the bytes first.
func NewRaw(nc net.Conn, chunks *Chunks) *Raw {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	s := &Raw{raw: raw}
	in, out := &s.in, &s.out
	in.chunks = chunks
	in.try = in.attempt
	out.try = out.attempt
	out.look = func(fd uintptr) { out.n = Unacked(int(fd)) }
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

// Read waits for input. The bytes are valid until Release.
func (s *Raw) Read() ([]byte, error) {
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

// Release gives back what Read returned. The loop calls it when it has handled that, the reader
// when it ends.
func (s *Raw) Release() { s.in.release() }

func (out *rawWrite) attempt(fd uintptr) bool {
	for {
		if out.n, out.err = unix.Write(int(fd), out.p); out.err != unix.EINTR {
			return true
		}
	}
}

// Write returns how much the kernel took, which may be nothing. It does not wait.
func (s *Raw) Write(p []byte) (int, error) {
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

// LiftUnsent readies the socket for its last write.
func (s *Raw) LiftUnsent() { _ = s.raw.Control(func(fd uintptr) { LiftUnsent(int(fd)) }) }

// Unacked is the length of the kernel's send queue.
func (s *Raw) Unacked() int {
	if err := s.raw.Control(s.out.look); err != nil {
		return -1
	}
	return s.out.n
}

// End, Unread and LastByte are asked rarely: a closure each will do.

// End is function End; a closed socket has ended.
func (s *Raw) End() error {
	var end error
	if err := s.raw.Control(func(fd uintptr) { end = End(int(fd)) }); err != nil {
		return err
	}
	return end
}

// Unread tells that the kernel holds input.
func (s *Raw) Unread() (any bool) {
	_ = s.raw.Control(func(fd uintptr) { any = Unread(int(fd)) != 0 })
	return any
}

// LastByte is function LastByte.
func (s *Raw) LastByte() (ago time.Duration, known bool) {
	_ = s.raw.Control(func(fd uintptr) { ago, known = LastByte(int(fd)) })
	return ago, known
}
