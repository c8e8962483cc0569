package lane

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/tell"
)

// heardOf keeps what is told.
type heardOf []tell.Event

func (h *heardOf) Tell(e tell.Event) { *h = append(*h, e) }

func (h *heardOf) take() []tell.Event {
	all := *h
	*h = nil
	return all
}

func TestAServerThatDoesNotServeTellsWhomItSendsAway(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	l.Serving.Store(NoService)
	told := new(heardOf)
	l.Teller = told
	s, _ := client(l, 1)
	s.phase, s.session = fresh, 0
	frame := jute.Append(jute.FrameStart(nil), &jute.ConnectRequest{
		SessionID: 9, Passwd: make([]byte, 16),
	})
	jute.FrameEnd(frame, 0)
	s.Input(frame)
	s.Closed(nil)
	require.Equal(t, []tell.Event{{Kind: tell.NotServing, Peer: s.Peer, Session: 9}}, told.take())
}

// The end of a connection is told when something other than its stream ended it.
func TestTheEndOfAConnectionIsTold(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	told := new(heardOf)
	l.Teller = told
	for err, want := range map[error][]tell.Event{nil: nil, io.ErrNoProgress: {
		{Kind: tell.Cut, Session: 5, Err: io.ErrNoProgress},
	}} {
		s, _ := client(l, 1)
		s.session = 5
		if want != nil {
			want[0].Peer = s.Peer
		}
		s.Closed(err)
		require.Equal(t, want, told.take())
	}
}

// A lane works without a Teller.
func TestNobodyIsTold(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	s, _ := client(l, 1)
	s.tellAuth([]byte("x"))
	s.Closed(io.ErrNoProgress)
}
