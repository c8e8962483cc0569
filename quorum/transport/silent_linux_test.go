package transport_test

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"quoll/quorum/config"
	"quoll/quorum/transport"
)

// swallowing is a port whose kernel answers no dial, as behind a network that is down: nobody
// accepts, and there is no room for more who wait to be accepted.
func swallowing(t *testing.T) config.HostPort {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, unix.Listen(fd, 0))
	at, err := unix.Getsockname(fd)
	require.NoError(t, err)
	port := config.HostPort{Host: "127.0.0.1", Port: at.(*unix.SockaddrInet4).Port}
	for {
		c, err := net.DialTimeout("tcp", port.String(), 200*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { c.Close() })
	}
}

// TestAnAddressThatSwallowsDialsLeavesTimeForTheNext (multiAddress.enabled): a learner gives its
// leader up after ConnectWithin, and would begin with the same address again.
func TestAnAddressThatSwallowsDialsLeavesTimeForTheNext(t *testing.T) {
	const within = 3 * time.Second
	a := newPost(t, func(c *transport.Config) { c.ConnectWithin = within })
	b := newPost(t, nil)
	ports := []config.HostPort{swallowing(t), b.at}
	begin := time.Now()
	a.tr.Dial(2, ports)
	a.next(transport.Connected)
	require.Less(t, time.Since(begin), within)
}
