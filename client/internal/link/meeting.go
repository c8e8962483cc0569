package link

import (
	"time"

	"quoll/client/internal/calls"
)

const (
	// meetWithin is how long the writer waits for a quarter of those who are awaited.
	meetWithin = 200 * time.Microsecond
	// maxAlone is how often the writer does not wait after somebody did not come.
	maxAlone = 64
)

// meeting is how the writer waits for callers whose writes were answered together (Queue.Awaited).
// With 64 callers on one connection it makes one flush of the server where there were two.
//
// It belongs to the writer.
type meeting struct {
	within time.Duration
	timer  *time.Timer
	alone  int // how often the writer does not wait
	vain   int // what alone was after the last time that somebody did not come; 0: all came
}

func newMeeting(within time.Duration) meeting {
	return meeting{within: within, timer: time.NewTimer(within)}
}

// wait returns when nobody is awaited, or when too few have come for a while. Callers who work
// between their writes come late: after each time in vain the writer waits less often.
func (m *meeting) wait(q *calls.Queue, stop <-chan struct{}) {
	awaited := q.Awaited()
	if awaited == 0 {
		return
	}
	if m.alone > 0 {
		m.alone--
		return
	}
	here, _ := q.Len()
	m.timer.Reset(m.within)
	for q.Awaited() > 0 {
		select {
		case <-q.Back():
		case <-m.timer.C:
			unsent, _ := q.Len()
			if 4*(unsent-here) < awaited {
				m.vain = min(2*m.vain+1, maxAlone)
				m.alone = m.vain
				return
			}
			here, awaited = unsent, q.Awaited()
			m.timer.Reset(m.within)
		case <-stop:
			return
		}
	}
	m.vain = 0
}
