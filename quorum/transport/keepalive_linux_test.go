package transport_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"quoll/quorum/transport"
)

func TestKeepAliveIsASetting(t *testing.T) {
	for _, on := range []bool{false, true} {
		got := make(chan int, 2)
		pair(t, func(c *transport.Config) {
			c.KeepAlive = on
			c.Wrap = func(nc net.Conn, _ bool) (net.Conn, error) {
				raw, err := nc.(*net.TCPConn).SyscallConn()
				if err != nil {
					return nil, err
				}
				err = raw.Control(func(fd uintptr) {
					value, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE)
					got <- value
				})
				return nc, err
			}
		})
		for range 2 {
			require.Equal(t, on, <-got != 0)
		}
	}
}
