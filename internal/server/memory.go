package server

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The tree gives the collector next to nothing to do, so a collection is cheap, and the heap may
// stay close to what lives: garbage gets a headroom of 5 % of that, and at least 32 MiB, so that a
// small server does not collect all the time. A GOGC or GOMEMLIMIT of the environment is an
// operator's own choice: then the collector is left alone.
const (
	headroomMinBytes = 32 << 20
	headroomPercent  = 5
	memoryEvery      = time.Second
)

// headroom keeps the collector's pace. It belongs to the ticker.
type headroom struct {
	next    time.Time
	percent int
	live    []metrics.Sample
	chosen  bool // by the environment
}

func newHeadroom(environment func(string) string) *headroom {
	return &headroom{
		live:   []metrics.Sample{{Name: "/gc/heap/live:bytes"}},
		chosen: environment("GOGC") != "" || environment("GOMEMLIMIT") != "",
	}
}

// maybe looks at the live heap once a second, and sets the pace when it has changed.
func (h *headroom) maybe(now time.Time) {
	if h.chosen || now.Before(h.next) {
		return
	}
	h.next = now.Add(memoryEvery)
	metrics.Read(h.live)
	if percent := gcPercent(h.live[0].Value.Uint64()); percent != h.percent {
		h.percent = percent
		debug.SetGCPercent(percent)
	}
}

// gcPercent is how much the heap may grow over what lives, in percent of it.
func gcPercent(live uint64) int {
	live = max(live, 4<<20)
	room := max(live*headroomPercent/100, headroomMinBytes)
	return max(int(room*100/live), headroomPercent)
}
