package stepper

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/processor/mail"
	"quoll/quorum/effects"
)

// TestWhatCountsAsAnEvent: each kind of event alone makes a time busy, but those of clocks and of
// bytes that have left. Of a batch its requests count.
func TestWhatCountsAsAnEvent(t *testing.T) {
	for name, tc := range map[string]struct {
		ev   replica.Events
		busy bool
	}{
		"disk": {replica.Events{Disk: 1}, true},
		"request": {replica.Events{
			Batches: []*mail.Batch{{}, {Requests: make([]mail.Request, 1)}},
		}, true},
		"packet": {replica.Events{Links: []effects.LinkEvent{{Kind: effects.Packet}}}, true},
		"wrote":  {replica.Events{Links: []effects.LinkEvent{{Kind: effects.Wrote}}}, false},
		"ticks":  {replica.Events{Tick: true, PeerTick: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := Pace{calm: true, window: 7}
			tc.ev.MonoMillis = 7*windowMillis + 3
			for range calmEvents - 1 {
				p.Took(&tc.ev)
			}
			require.True(t, p.Calm())
			p.Took(&tc.ev)
			require.Equal(t, !tc.busy, p.Calm())
		})
	}
}

// TestAQuietWindowIsCalm: a window is calm if it has few events and the window before it had few. A
// window without a step had few.
func TestAQuietWindowIsCalm(t *testing.T) {
	at := func(window int64, links int) *replica.Events {
		return &replica.Events{
			Now:   replica.Now{MonoMillis: window * windowMillis},
			Links: make([]effects.LinkEvent, links),
		}
	}
	for _, tc := range []struct {
		name    string
		windows []*replica.Events
		calm    bool
	}{
		{"busy", []*replica.Events{at(4, calmEvents)}, false},
		{"behind a busy one", []*replica.Events{at(4, calmEvents), at(5, 1)}, false},
		{"one later", []*replica.Events{at(4, calmEvents), at(5, 1), at(6, 1)}, true},
		{"nothing between", []*replica.Events{at(4, calmEvents), at(6, 1)}, true},
		{"a long step", []*replica.Events{at(4, calmEvents), at(9, calmEvents)}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var p Pace
			for _, ev := range tc.windows {
				p.Took(ev)
			}
			require.Equal(t, tc.calm, p.Calm())
		})
	}
}
