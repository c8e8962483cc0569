package reactor

import "time"

// What a loop asks of the clock, in rising order.
const (
	needNothing   int32 = iota
	needDeadlines       // a connect deadline is running
	needScan            // output is pending
)

// clockChanged wakes the clock because a loop's need rose.
func (r *reactor) clockChanged() {
	select {
	case r.clockKick <- struct{}{}:
	default:
	}
}

// runClock ticks the loops that need it, and only as often as they need it: a server whose
// clients are idle is not woken at all.
func (r *reactor) runClock() {
	coarse := min(max(r.cfg.ConnectDeadline/4, scanEvery), time.Second)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		switch r.mostNeeded() {
		case needScan:
			timer.Reset(scanEvery)
		case needDeadlines:
			timer.Reset(coarse)
		default:
			timer.Stop()
		}
		select {
		case <-r.clockStop:
			return
		case <-r.clockKick:
		case <-timer.C:
			for _, l := range r.loops {
				if l.need.Load() != needNothing {
					l.signal(sigTick)
				}
			}
		}
	}
}

func (r *reactor) mostNeeded() (need int32) {
	for _, l := range r.loops {
		need = max(need, l.need.Load())
	}
	return need
}
