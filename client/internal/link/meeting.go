package link

import (
	"time"

	"quoll/client/internal/calls"
)

const (
	// maxMeeting is how long the writer waits at most, for those who are awaited together.
	maxMeeting = 400 * time.Microsecond
	// maxAlone is how often the writer does not wait after somebody did not come.
	maxAlone = 64
)

// meeting is how the writer waits for callers whose writes were answered together (Queue.Awaited).
// With 64 callers on one connection it makes one flush of the server where there were two.
//
// Of two callers, the first loses what it waits, and the second one gains what is left of a flush
// that it would have missed. So both gain together as long as the wait is shorter than half of the
// time that a write takes.
//
// It belongs to the writer.
type meeting struct {
	timer *time.Timer
	alone int // how often the writer does not wait
	vain  int // what alone was after the last time that somebody did not come; 0: all came
}

func newMeeting() meeting { return meeting{timer: time.NewTimer(maxMeeting)} }

// wait returns when nobody is awaited, when half the time is over that the last write took, or
// when the link has something else to write. Callers who work between their writes come late: after
// each time in vain the writer waits less often. On an idle machine the timer is late too, by up to
// 1 ms.
func (m *meeting) wait(q *calls.Queue, took time.Duration, poke, stop <-chan struct{}) {
	if !q.Awaited() {
		return
	}
	if m.alone > 0 {
		m.alone--
		return
	}
	within, begun := min(took/2, maxMeeting), time.Now()
	m.timer.Reset(within)
	for q.Awaited() {
		select {
		case <-q.Back():
			continue
		case <-poke:
			return
		case <-stop:
			return
		case <-m.timer.C:
		}
		break
	}
	if time.Since(begun) < within {
		m.vain = 0
		return
	}
	m.vain = min(2*m.vain+1, maxAlone)
	m.alone = m.vain
}
