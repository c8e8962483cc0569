package transport_test

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"quoll/quorum/transport"
)

// told connects two transports, and returns what the kernel says of an option of both ends.
func told(t *testing.T, level, option int, set func(*transport.Config)) [2]int {
	got := make(chan int, 2)
	pair(t, func(c *transport.Config) {
		set(c)
		c.Wrap = func(nc net.Conn, _ bool) (net.Conn, error) {
			raw, err := nc.(*net.TCPConn).SyscallConn()
			if err != nil {
				return nil, err
			}
			err = raw.Control(func(fd uintptr) {
				value, _ := unix.GetsockoptInt(int(fd), level, option)
				got <- value
			})
			return nc, err
		}
	})
	return [2]int{<-got, <-got}
}

func TestKeepAliveIsASetting(t *testing.T) {
	for _, on := range []bool{false, true} {
		for _, value := range told(t, unix.SOL_SOCKET, unix.SO_KEEPALIVE,
			func(c *transport.Config) { c.KeepAlive = on }) {
			require.Equal(t, on, value != 0)
		}
	}
}

// A way that loses what is sent ends the connection, at whichever end: else a member that was cut
// off got no vote until the kernel tried again, long after the way was mended.
func TestBytesWithoutAnAcknowledgementEndTheConnection(t *testing.T) {
	for within, millis := range map[time.Duration]int{0: 0, 7 * time.Second: 7000} {
		require.Equal(t, [2]int{millis, millis}, told(t, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT,
			func(c *transport.Config) { c.AckWithin = within }))
	}
}
