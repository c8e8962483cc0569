package lane

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// A frame of exactly jute.maxbuffer is taken; one byte more, or a length below 0, ends the
// connection before anything of it is looked at.
func TestTheLongestFrame(t *testing.T) {
	const most = 1000
	for _, c := range []struct {
		bytes int // behind the length
		taken bool
	}{{most - 1, true}, {most, true}, {most + 1, false}, {1<<32 - 1, false}, {1 << 31, false}} {
		l, core := testLane(t, 0, 0)
		l.Rules.MaxFrameBytes = most
		s, out := client(l, 1)
		in := &jute.SetDataRequest{Path: []byte("/big"), Data: []byte{}, Version: -1}
		frame := request(1, jute.OpSetData, in)
		in.Data = make([]byte, max(0, min(c.bytes, most+1)-(len(frame)-4)))
		frame = request(1, jute.OpSetData, in)
		if c.bytes > most+1 {
			frame = append([]byte{byte(c.bytes >> 24), 255, 255, 255}, frame[4:]...)
		} else {
			require.Len(t, frame, 4+c.bytes)
		}
		s.Input(frame)
		l.Turn()
		require.Equal(t, c.taken, len(core.requests) == 1, "%d bytes", c.bytes)
		require.Equal(t, !c.taken, out.closed, "%d bytes", c.bytes)
	}
}
