//go:build unix

package transport_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"quoll/quorum/config"
)

// refusing is a port that refuses every dial, and that no other process can get meanwhile: it is
// bound, and nobody listens.
func refusing(t *testing.T) config.HostPort {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	at, err := unix.Getsockname(fd)
	require.NoError(t, err)
	return config.HostPort{Host: "127.0.0.1", Port: at.(*unix.SockaddrInet4).Port}
}
