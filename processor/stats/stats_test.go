package stats_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/jute"
	"quoll/processor/stats"
)

type recorder []int64

func (r *recorder) AddMany(v, n int64) {
	for range n {
		*r = append(*r, v)
	}
}

// TestLatenciesLoseNothing: gathering changes how often the recorder is called, not what it hears.
func TestLatenciesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var heard recorder
		var want []int64
		l := stats.Latencies{To: &heard}
		for range rapid.IntRange(0, 50).Draw(t, "adds") {
			v, n := rapid.Int64Range(0, 3).Draw(t, "ms"), rapid.Int64Range(0, 3).Draw(t, "n")
			l.Add(v, n)
			for range n {
				want = append(want, v)
			}
			if rapid.IntRange(0, 4).Draw(t, "flush") == 0 {
				l.Flush()
				require.True(t, slices.Equal(want, heard))
			}
		}
		l.Flush()
		require.True(t, slices.Equal(want, heard))
	})
}

func TestNobodyTakesLatencies(t *testing.T) {
	var l stats.Latencies
	l.Add(3, 1)
	l.Add(4, 1)
	l.Flush()
}

func TestSizes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := stats.NoSizes(), stats.NoSizes()
		var all []int64
		for _, v := range rapid.SliceOf(rapid.Int64Range(0, 9)).Draw(t, "sizes") {
			all = append(all, v)
			if rapid.Bool().Draw(t, "which") {
				a.Add(v)
			} else {
				b.Add(v)
			}
		}
		a.Merge(b)
		if len(all) == 0 {
			require.Equal(t, stats.NoSizes(), a)
			return
		}
		require.Equal(t, slices.Min(all), a.Min)
		require.Equal(t, slices.Max(all), a.Max)
		require.Contains(t, all, a.Last)
	})
}

func TestReplied(t *testing.T) {
	reply := func(xid int32, zxid jute.Zxid, code jute.ErrorCode) []byte {
		b := jute.AppendReplyHeader(jute.FrameStart(nil), xid, zxid, code)
		jute.FrameEnd(b, 0)
		return b
	}
	c := stats.NewConn()
	c.Replied(jute.OpSetData, true, 7, reply(7, 0x20, jute.OK))
	require.Equal(t, "SETD", c.LastOp)
	require.EqualValues(t, 7, c.LastXid)
	require.EqualValues(t, 0x20, c.LastZxid)
	c.Replied(jute.OpPing, false, -2, reply(-2, 0x21, jute.OK))
	require.Equal(t, "PING", c.LastOp)
	require.EqualValues(t, 7, c.LastXid, "a ping is no operation of the client")
	c.Replied(jute.OpGetData, false, 8, reply(8, 0x21, jute.NoNode))
	require.Equal(t, "GETD", c.LastOp, "a read that fails has a name")
	c.Replied(jute.OpDelete, true, 9, reply(9, 0x22, jute.NoNode))
	require.Equal(t, "NA", c.LastOp, "a write that fails has none")
	c.Took(5, 2, 100)
	c.Took(2, 1, 101)
	require.Equal(t, [5]int64{2, 2, 5, 12, 3},
		[5]int64{c.LastLatency, c.MinLatency, c.MaxLatency, c.TotalLatency, c.Responses})
}
