package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/jute"
	"quoll/quorum/zab/history"
)

func entry(zxid jute.Zxid, bytes int) jute.Entry {
	return jute.Entry{Header: jute.TxnHeader{Zxid: zxid}, Payload: make([]byte, bytes)}
}

func zxid(epoch, counter int) jute.Zxid { return jute.Zxid(epoch<<32 | counter) }

func TestFollows(t *testing.T) {
	for _, c := range []struct {
		last, next jute.Zxid
		want       bool
	}{
		{0, 1, true},
		{0, 7, true}, // the first of epoch 0
		{zxid(1, 3), zxid(1, 4), true},
		{zxid(1, 3), zxid(1, 3), false},
		{zxid(1, 3), zxid(1, 2), false},
		{zxid(1, 3), zxid(1, 5), false},
		{zxid(1, 3), zxid(2, 1), true},
		{zxid(1, 3), zxid(2, 0xfff0), true},
		{zxid(2, 0), zxid(2, 9), true}, // a log that begins behind a snapshot of (2, 0)
		{zxid(2, 0), zxid(2, 0), false},
		{zxid(3, 1), zxid(2, 9), false},
	} {
		require.Equal(t, c.want, history.Follows(c.last, c.next), "%v behind %v", c.next, c.last)
	}
}

func TestAHoleARepetitionAndAnUnknownCommitPanic(t *testing.T) {
	h := history.New(history.Limits{Entries: 9, Bytes: 99}, zxid(1, 3))
	require.Panics(t, func() { h.Append(entry(zxid(1, 5), 1)) })
	require.Panics(t, func() { h.Append(entry(zxid(1, 3), 1)) })
	require.Panics(t, func() { h.Commit(zxid(1, 4)) })
}

// naive is a history that keeps everything.
type naive struct {
	all       []jute.Entry
	start     jute.Zxid // in front of all
	committed jute.Zxid
}

func (n *naive) last() jute.Zxid {
	if len(n.all) == 0 {
		return n.start
	}
	return n.all[len(n.all)-1].Header.Zxid
}

// TestHistory compares a history with one that keeps everything: what is kept is the end of that,
// what is dropped is committed, and never more is dropped than the limits demand.
func TestHistory(t *testing.T) { rapid.Check(t, checkHistory) }

func checkHistory(t *rapid.T) {
	limits := history.Limits{
		Entries: rapid.IntRange(0, 6).Draw(t, "entries"),
		Bytes:   rapid.IntRange(0, 30).Draw(t, "bytes"),
	}
	n := naive{start: zxid(1, rapid.IntRange(0, 3).Draw(t, "start"))}
	h := history.New(limits, n.start)
	pick := func() jute.Zxid {
		if len(n.all) == 0 || rapid.Bool().Draw(t, "before") {
			return n.start
		}
		return n.all[rapid.IntRange(0, len(n.all)-1).Draw(t, "at")].Header.Zxid
	}
	t.Repeat(map[string]func(*rapid.T){
		"append": func(t *rapid.T) {
			z := n.last() + 1
			if rapid.IntRange(0, 9).Draw(t, "epoch") == 0 {
				z = zxid(int(z.Epoch())+1, rapid.IntRange(0, 5).Draw(t, "counter"))
			}
			e := entry(z, rapid.IntRange(0, 12).Draw(t, "size"))
			n.all = append(n.all, e)
			h.Append(e)
		},
		"commit": func(*rapid.T) {
			z := pick()
			n.committed = max(n.committed, z)
			h.Commit(z)
		},
		"cut": func(*rapid.T) {
			z := pick()
			for len(n.all) > 0 && n.last() > z {
				n.all = n.all[:len(n.all)-1]
			}
			n.committed = min(n.committed, z)
			h.Cut(z)
		},
		"reset": func(t *rapid.T) {
			z := n.last() + jute.Zxid(rapid.IntRange(0, 3).Draw(t, "ahead"))
			n = naive{start: z, committed: z}
			h.Reset(z)
		},
		"": func(t *rapid.T) { compare(t, &n, h, limits) },
	})
}

func compare(t *rapid.T, n *naive, h *history.History, limits history.Limits) {
	require.Equal(t, n.last(), h.Last())
	require.Equal(t, n.committed, h.Committed())
	require.LessOrEqual(t, h.Len(), len(n.all))
	dropped := len(n.all) - h.Len()
	committed, bytes := 0, 0
	for i := range h.Len() {
		e := h.At(i)
		require.Equal(t, n.all[dropped+i], *e)
		if e.Header.Zxid <= n.committed {
			committed++
			bytes += len(e.Payload)
		}
	}
	require.LessOrEqual(t, committed, limits.Entries)
	require.LessOrEqual(t, bytes, limits.Bytes)
	before := n.start
	if dropped > 0 {
		before = n.all[dropped-1].Header.Zxid
	}
	require.Equal(t, before, h.Before())
	require.True(t, dropped == 0 || before <= n.committed || h.Len() == 0)
	if h.Len() > 0 {
		require.Equal(t, n.all[dropped].Header.Zxid, h.At(0).Header.Zxid)
	}
	for k := -1; k < len(n.all); k++ {
		z := n.start
		if k >= 0 {
			z = n.all[k].Header.Zxid
		}
		i, ok := h.Behind(z)
		require.Equal(t, z >= before, ok)
		if ok {
			require.Equal(t, k+1-dropped, i, "behind %v", z)
		}
	}
}

func TestAsMuchIsKeptAsTheLimitsAllow(t *testing.T) {
	h := history.New(history.Limits{Entries: 3, Bytes: 100}, 0)
	for z := range jute.Zxid(10) {
		h.Append(entry(z+1, 10))
	}
	h.Commit(8)
	require.Equal(t, jute.Zxid(6), h.At(0).Header.Zxid)
	h.Append(entry(11, 95))
	h.Commit(11)
	require.Equal(t, jute.Zxid(11), h.At(0).Header.Zxid)
}

// What is cut takes up nothing of the limits.
func TestWhatIsCutIsNotCounted(t *testing.T) {
	h := history.New(history.Limits{Entries: 3, Bytes: 30}, 0)
	for range 2 {
		for z := range jute.Zxid(3) {
			h.Append(entry(z+1, 10))
		}
		h.Commit(3)
		require.Equal(t, 3, h.Len())
		h.Cut(0)
	}
}

// A hole in the log on disk stays until the history is replaced. What is cut is above it.
func TestAHoleOnDiskIsRemembered(t *testing.T) {
	h := history.New(history.Limits{Entries: 10, Bytes: 1000}, 9)
	require.False(t, h.InHole(0), "none is known")
	h.NoteHole(5)
	h.NoteHole(3)
	require.True(t, h.InHole(0))
	require.True(t, h.InHole(5))
	require.False(t, h.InHole(6))
	h.Cut(7)
	require.True(t, h.InHole(5))
	h.Reset(20)
	require.False(t, h.InHole(5))
}
