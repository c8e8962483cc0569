package recipes_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// The nodes above what is held are containers, which the server deletes when they are not needed any
// more. No Stat tells of that: the requests do.
func TestParentsAreContainers(t *testing.T) {
	eachTaking(t, func(t *testing.T, take taking) {
		w := newWorld(t)
		var containers atomic.Int32
		w.Seen(jute.OpCreateContainer, func() { containers.Add(1) })
		h, err := take(testContext(t), w.client())
		require.NoError(t, err)
		require.NoError(t, h.Release(testContext(t)))
		require.Positive(t, containers.Load())
	})
}

// A server before 3.5 has no containers. The nodes are plain ones there.
func TestParentsWhereThereAreNoContainers(t *testing.T) {
	eachTaking(t, func(t *testing.T, take taking) {
		w := newWorld(t)
		c := w.dial(withoutContainers(t, w.server), nil)
		h, err := take(testContext(t), c)
		require.NoError(t, err)
		isHeld(t, c, c, h)
		require.NoError(t, h.Release(testContext(t)))
	})
}

// withoutContainers stands in front of a server, as one that does not know the operation.
func withoutContainers(t *testing.T, server string) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
	})
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", server)
			if err != nil {
				_ = in.Close()
				continue
			}
			context.AfterFunc(ctx, func() { _, _ = in.Close(), out.Close() })
			go func() {
				defer in.Close()
				_, _ = io.Copy(in, out)
			}()
			go func() {
				defer out.Close()
				forgetContainers(out, in)
			}()
		}
	}()
	return l.Addr().String()
}

// forgetContainers forwards requests, those for a container with an operation that nobody has.
func forgetContainers(to io.Writer, from io.Reader) {
	for connected := false; ; connected = true {
		frame := make([]byte, 4)
		if _, err := io.ReadFull(from, frame); err != nil {
			return
		}
		frame = append(frame, make([]byte, binary.BigEndian.Uint32(frame))...)
		if _, err := io.ReadFull(from, frame[4:]); err != nil {
			return
		}
		if op := frame[8:12]; connected &&
			jute.OpCode(int32(binary.BigEndian.Uint32(op))) == jute.OpCreateContainer {
			binary.BigEndian.PutUint32(op, 999)
		}
		if _, err := to.Write(frame); err != nil {
			return
		}
	}
}
