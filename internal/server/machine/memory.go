package machine

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The tree gives the garbage collector very little work, so a collection is cheap. Therefore the
// heap may stay close to the size of the live data: garbage may add 5 % of that size, but at least
// 32 MiB, so that a small server does not collect all the time. If the environment has GOGC or
// GOMEMLIMIT, the operator has chosen, and the server changes nothing.
const (
	headroomMinBytes = 32 << 20
	headroomPercent  = 5
	memoryEvery      = time.Second
)

// Headroom sets the percent by which the heap may grow before a collection. It belongs to the
// ticker.
type Headroom struct {
	next    time.Time
	percent int // the percent that was set last; 0: none
	live    []metrics.Sample
	chosen  bool // the environment has GOGC or GOMEMLIMIT
}

// NewHeadroom reads the environment, and sets nothing yet.
func NewHeadroom(environment func(string) string) *Headroom {
	return &Headroom{
		live:   []metrics.Sample{{Name: "/gc/heap/live:bytes"}},
		chosen: environment("GOGC") != "" || environment("GOMEMLIMIT") != "",
	}
}

// Maybe reads the size of the live heap once a second, and sets the percent if it has changed.
func (h *Headroom) Maybe(now time.Time) {
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

// gcPercent is by how many percent of the live heap the heap may grow. live is in bytes.
func gcPercent(live uint64) int {
	live = max(live, 4<<20)
	room := max(live*headroomPercent/100, headroomMinBytes)
	return max(int(room*100/live), headroomPercent)
}
