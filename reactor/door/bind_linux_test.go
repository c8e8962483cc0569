package door

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The accept queue is as long as it was asked to be.
func TestBacklog(t *testing.T) {
	for _, backlog := range []int{7, 100} {
		ln, _, err := New(Config{Socket: Socket{Backlog: backlog}}, nil).Bind("127.0.0.1:0")
		require.NoError(t, err)
		raw, err := ln.(syscall.Conn).SyscallConn()
		require.NoError(t, err)
		require.NoError(t, raw.Control(func(fd uintptr) {
			info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
			require.NoError(t, err)
			require.Equal(t, backlog, int(info.Sacked), "the queue's length, as the kernel tells it")
		}))
		require.NoError(t, ln.Close())
	}
}
