package reactor

import "testing"

// TestKernelHoldsLittleOfWhatIsNotRead: what a client does not read stays with us, where it counts.
// Left to itself, the kernel takes some MB a connection, and drops the segments of everyone when
// thousands do that.
func TestKernelHoldsLittleOfWhatIsNotRead(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const size = 8 << 20
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			return &stream{input: func(in []byte) int {
				c.Write(make([]byte, size))
				return len(in)
			}}
		}})
		nc := s.dial()
		noError(t, nc.SetReadBuffer(4<<10))
		_, err := nc.Write([]byte("all"))
		noError(t, err)
		// The window of a client that does not read is closed soon. A loop with output pending has
		// a turn each 10 ms.
		last, since := int64(-1), int64(0)
		eventually(t, "nothing moves", func() bool {
			pending, turns := s.stats.PendingBytes.Load(), s.stats.Turns.Load()
			if pending == 0 || pending != last {
				last, since = pending, turns
			}
			return turns > since+5
		})
		holds(t, last > size-2<<20, "the kernel took %d bytes", size-last)
	})
}
