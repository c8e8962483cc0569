//go:build !unix

package reactor

import "net"

// rawSocket: every connection is read and written through Go's net alone here.
type rawSocket struct{}

func newRawSocket(net.Conn, *chunkPool) *rawSocket { return nil }

func (*rawSocket) read() ([]byte, error)     { return nil, net.ErrClosed }
func (*rawSocket) release()                  {}
func (*rawSocket) write([]byte) (int, error) { return 0, net.ErrClosed }
func (*rawSocket) lift()                     {}
func (*rawSocket) unacked() int              { return -1 }
