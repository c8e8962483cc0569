//go:build !unix

package reactor

import "net"

// instantWriter: every write goes through the connection's writer here.
type instantWriter struct{}

func newInstantWriter(net.Conn) *instantWriter { return nil }

func (*instantWriter) write([]byte) (int, error) { return 0, nil }
func (*instantWriter) unacked() int              { return -1 }
