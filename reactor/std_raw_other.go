//go:build !unix

package reactor

import (
	"net"
	"time"
)

// rawSocket: every connection is read and written through Go's net alone here.
type rawSocket struct{}

func newRawSocket(net.Conn, *chunkPool) *rawSocket { return nil }

func (*rawSocket) read() ([]byte, error)     { return nil, net.ErrClosed }
func (*rawSocket) release()                  {}
func (*rawSocket) write([]byte) (int, error) { return 0, net.ErrClosed }
func (*rawSocket) lift()                     {}
func (*rawSocket) unacked() int              { return -1 }
func (*rawSocket) ended() error              { return nil }
func (*rawSocket) unread() bool              { return false }

func (*rawSocket) silent() (time.Duration, bool) { return 0, false }
