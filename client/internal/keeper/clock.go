package keeper

import (
	"time"

	"quoll/client/internal/machine"
)

// Clock reads the machine's two clocks.
type Clock struct{ begin time.Time }

// NewClock makes a clock that begins now.
func NewClock() Clock { return Clock{time.Now()} }

// Mono is the time since the clock was made. It stands still while the machine is suspended.
func (c Clock) Mono() time.Duration { return time.Since(c.begin) }

// Now is the present moment on both clocks.
func (c Clock) Now() machine.Instant {
	now := time.Now()
	return machine.Instant{Mono: now.Sub(c.begin), Wall: time.Duration(now.UnixNano())}
}
