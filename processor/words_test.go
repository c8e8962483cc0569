package processor

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// oneWord answers every word with the same text.
type oneWord struct {
	long  bool
	asked int
}

func (o *oneWord) Word(in []byte) (Word, int, bool) {
	return Word{Long: o.long, Answer: func() []byte { o.asked++; return []byte("facts") }}, 4, true
}

// What a long word looks at may be ten thousand connections or a directory: the loop goes on
// meanwhile, and the connection is parked, so that the FIN behind the word is not seen.
func TestALongWordIsAnsweredAsideAndByMail(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	words := &oneWord{long: true}
	l.Words = words
	var jobs []func()
	l.Aside = func(job func()) { jobs = append(jobs, job) }
	woken := 0
	l.wake = func() { woken++ }
	open := func() (*Stream, *output) {
		out := &output{}
		return l.Open(out, netip.MustParseAddrPort("10.0.0.1:4444")), out
	}
	s, out := open()
	require.Equal(t, 4, s.Input([]byte("mntr\n")))
	require.True(t, out.parked)
	require.Zero(t, s.Input([]byte("\nruok")), "input waits")
	gone, outGone := open()
	gone.Input([]byte("mntr"))
	gone.Closed(nil)
	quick, outQuick := open()
	words.long = false
	quick.Input([]byte("ruok"))
	require.Equal(t, "facts", string(outQuick.out))
	require.True(t, outQuick.closed)

	l.Turn()
	l.Drain()
	require.Equal(t, 1, words.asked)
	require.Empty(t, out.out)
	require.False(t, out.closed)
	require.Len(t, jobs, 2)
	for _, job := range jobs {
		job()
	}
	require.Equal(t, 2, woken)
	require.Empty(t, out.out, "written by the loop alone")
	l.Drain()
	require.Equal(t, "facts", string(out.out))
	require.True(t, out.closed)
	require.Equal(t, int64(1), s.stats.counts.Sent)
	require.Zero(t, s.inFlight)
	require.Empty(t, outGone.out)
	require.Zero(t, l.Busy())
}
