package lane

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/tell"
)

// oneWord answers every word with the same text.
type oneWord struct {
	long  bool
	asked int
}

func (o *oneWord) Word(in []byte) (Word, int, bool) {
	return Word{Long: o.long, Answer: func() []byte { o.asked++; return []byte("facts") }}, 4, true
}

// A long word may look at ten thousand connections or at a directory. The loop goes on meanwhile,
// and the connection is parked, so that the FIN behind the word is not seen.
func TestALongWordIsAnsweredAsideAndByMail(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	words := &oneWord{long: true}
	l.Words = words
	var jobs []func()
	l.Aside = func(job func()) { jobs = append(jobs, job) }
	woken := 0
	l.box = mail.NewBox(func() { woken++ })
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

// At the limit of open files a connection may ask for a word, and nothing else.
func TestAGuestMayAskAWordAndNothingElse(t *testing.T) {
	l, core := testLane(t, 0, 1)
	l.Words = &oneWord{}
	var events told
	l.Teller = &events
	guest := func(in []byte) *output {
		out := &output{}
		s := l.OpenGuest(out, netip.MustParseAddrPort("10.0.0.1:4444"))
		s.Input(in)
		l.Turn()
		require.True(t, out.closed)
		return out
	}
	require.Equal(t, "facts", string(guest([]byte("ruok")).out))
	l.Words = nil
	connect := jute.Append(jute.FrameStart(nil), &jute.ConnectRequest{
		TimeOut: 4000, Passwd: make([]byte, 16),
	})
	jute.FrameEnd(connect, 0)
	require.Empty(t, guest(connect).out)
	require.Empty(t, core.requests)
	require.Len(t, events, 1)
	require.Equal(t, tell.NoDescriptors, events[0].Kind)
	require.Equal(t, int64(1), l.Counts.GuestsRefused.Load())
}
