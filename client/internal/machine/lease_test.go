package machine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// clocks are both clocks of a machine, driven by a test.
type clocks struct{ now Instant }

func (c *clocks) pass(d time.Duration) Instant {
	c.now.Mono += d
	c.now.Wall += d
	return c.now
}

func (c *clocks) jump(d time.Duration) Instant {
	c.now.Wall += d
	return c.now
}

func newLease(timeout time.Duration) (*Lease, *clocks) {
	c := &clocks{now: Instant{Mono: time.Minute, Wall: 1e6 * time.Hour}}
	l := new(Lease)
	l.Begin(timeout, c.now.Mono, c.now)
	return l, c
}

func TestMargin(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		30 * time.Second: 3 * time.Second, time.Second: 100 * time.Millisecond,
		400 * time.Millisecond: 100 * time.Millisecond,
	} {
		l, _ := newLease(timeout)
		require.Equal(t, want, l.Margin())
	}
}

// The lease counts from the sending of what was answered, not from the answer.
func TestLeaseCountsFromTheSending(t *testing.T) {
	l, c := newLease(10 * time.Second)
	sent := c.now.Mono
	require.Equal(t, Same, l.Check(c.pass(5*time.Second), sent))
	require.Equal(t, Same, l.Check(c.pass(4*time.Second-1), sent), "9 s are not over")
	require.Equal(t, Lapsing, l.Check(c.pass(1), sent))
	require.Equal(t, Same, l.Check(c.pass(time.Second), sent), "once")

	l, c = newLease(10 * time.Second)
	ping := c.pass(5 * time.Second).Mono
	c.pass(time.Second) // on its way
	require.Equal(t, Same, l.Check(c.now, ping))
	require.Equal(t, ping+9*time.Second, l.Deadline())
}

// An older answer does not move the end back.
func TestDeadlineOnlyGrows(t *testing.T) {
	l, c := newLease(10 * time.Second)
	late := c.pass(3 * time.Second).Mono
	l.Check(c.now, late)
	l.Check(c.now, late-time.Second)
	require.Equal(t, late+9*time.Second, l.Deadline())
}

// A lapsed session that turns out to live revives, but not by an answer to what was sent before.
func TestRevival(t *testing.T) {
	l, c := newLease(10 * time.Second)
	before := c.pass(8 * time.Second).Mono
	require.Equal(t, Lapsing, l.Check(c.pass(time.Second), 0))
	require.Equal(t, Same, l.Check(c.pass(time.Second), before), "sent before the lapse")
	after := c.now.Mono
	require.Equal(t, Reviving, l.Check(c.pass(time.Second), after))
	require.Equal(t, Same, l.Check(c.pass(time.Second), after))
}

// The machine was suspended: the monotonic clock stood still, the wall clock did not.
func TestSuspendedMachine(t *testing.T) {
	l, c := newLease(10 * time.Second)
	c.pass(time.Second)
	require.Equal(t, Same, l.Check(c.jump(time.Second), 0), "within the margin: the clock was set")
	require.Equal(t, Same, l.Check(c.jump(-time.Hour), 0), "back is no suspension")
	require.Equal(t, Lapsing, l.Check(c.jump(2*time.Second), 0))
	require.Equal(t, Same, l.Check(c.now, c.now.Mono-1), "an answer to what was sent before")
	ping := c.pass(time.Millisecond).Mono
	require.Equal(t, Reviving, l.Check(c.pass(time.Millisecond), ping))
}

func TestNoLeaseNeverLapses(t *testing.T) {
	var l Lease
	require.Equal(t, Same, l.Check(Instant{Mono: time.Hour}, 0))
	l.Begin(time.Second, 0, Instant{})
	l.End()
	require.Equal(t, Same, l.Check(Instant{Mono: time.Hour}, 0))
}
