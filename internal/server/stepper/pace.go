package stepper

import (
	"quoll/internal/replica"
	"quoll/quorum/effects"
)

const (
	// windowMillis is over how long events are counted, and calmEvents is how many make a time
	// busy. A write makes four of them in a leader of two: the request, the disk's report and two
	// ACKs. So 200 are 5,000 writes a second, more than one writer makes who waits for each.
	windowMillis = 10
	calmEvents   = 200
)

// Pace tells whether few events come. Before the first step it says that many do.
type Pace struct {
	window int64 // number of the present one
	events int   // in the present window
	calm   bool  // the window before it had few
}

// Took counts the events of a step: requests, the disk's report, and what the quorum port tells,
// but not that bytes have left. A window without a step counts as calm: if a step ran for all of
// it, then what came meanwhile counts in the window of the next one.
func (p *Pace) Took(ev *replica.Events) {
	if now := ev.MonoMillis / windowMillis; now != p.window {
		p.calm = p.events < calmEvents || now > p.window+1
		p.window, p.events = now, 0
	}
	for _, batch := range ev.Batches {
		p.events += len(batch.Requests)
	}
	for i := range ev.Links {
		if ev.Links[i].Kind != effects.Wrote {
			p.events++
		}
	}
	if ev.Disk > 0 {
		p.events++
	}
}

// Calm reports whether few events have come, in this window and in the one before.
func (p *Pace) Calm() bool { return p.calm && p.events < calmEvents }
