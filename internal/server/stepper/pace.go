package stepper

import "quoll/internal/replica"

const (
	// windowMillis is over how long events are counted, and calmEvents how many of them there may
	// be. Alone, a writer whose flushes take 0.1 ms makes about 300 in that time; 100 writers make
	// more than 1,000.
	windowMillis = 10
	calmEvents   = 400
)

// Pace tells whether few events come. Before the first step it says that many do.
type Pace struct {
	window int64 // number of the present one
	events int   // in the present window
	calm   bool  // the window before it had few
}

// Took counts the events of a step.
func (p *Pace) Took(ev *replica.Events) {
	if now := ev.MonoMillis / windowMillis; now != p.window {
		p.calm = p.events < calmEvents || now > p.window+1
		p.window, p.events = now, 0
	}
	p.events += len(ev.Batches) + len(ev.Links)
	if ev.Disk > 0 {
		p.events++
	}
}

// Calm reports whether few events have come, in this window and in the one before.
func (p *Pace) Calm() bool { return p.calm && p.events < calmEvents }
