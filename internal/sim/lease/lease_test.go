package lease_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/lease"
	"quoll/jute"
)

const (
	id      = jute.SessionID(7)
	tick    = 50
	look    = 2*12 + 5
	timeout = 400
)

// scene is a session that was taken up at 100, on one connection.
func scene(kernelTells bool) (*lease.Book, *lease.Wire) {
	b := lease.NewBook(lease.Rules{
		TickMillis: tick, IntervalMillis: 12, KernelTells: kernelTells, MinTimeout: 100, MaxTimeout: 1000,
	}, 50)
	w := b.NewWire()
	b.Created(id, timeout, 90)
	w.Arrived(100, false)
	w.Took(100, true, true)
	b.Opened(id, timeout, w, 100)
	return b, w
}

// Each row is a life of a connection. Its session may end from one moment on and must have ended by
// another. 0: it must not end as long as nothing changes.
func TestWhenASessionMayEndAndMust(t *testing.T) {
	for _, row := range []struct {
		name     string
		tells    bool
		live     func(b *lease.Book, w *lease.Wire)
		at       int64 // when it is judged
		from, by int64
	}{
		{"it says nothing", true, func(*lease.Book, *lease.Wire) {}, 600, 500, 600},
		{"it is heard", true, func(_ *lease.Book, w *lease.Wire) {
			w.Took(300, true, true)
		}, 800, 700, 800},
		{"a request that came before is taken", true, func(_ *lease.Book, w *lease.Wire) {
			w.Took(300, false, true)
		}, 800, 500, 800},
		{"called for nothing", true, func(_ *lease.Book, w *lease.Wire) {
			w.Took(300, false, false)
		}, 800, 500, 600},
		{"a ping while it is parked", true, func(_ *lease.Book, w *lease.Wire) {
			w.Waits(200, true)
			w.Arrived(300, false)
		}, 800, 700, 800},
		{"a ping too late for a look", true, func(_ *lease.Book, w *lease.Wire) {
			w.Waits(200, true)
			w.Arrived(480, false)
		}, 500, 500, 980},
		{"parked, and nobody tells", false, func(_ *lease.Book, w *lease.Wire) {
			w.Waits(200, true)
		}, 5000, 0, 5500},
		{"parked, and nobody told", false, func(_ *lease.Book, w *lease.Wire) {
			w.Waits(200, true)
			w.Waits(3000, false)
		}, 5000, 500, 3500},
		{"parked, and no room for a ping", true, func(_ *lease.Book, w *lease.Wire) {
			w.Waits(200, true)
			w.Arrived(300, true)
		}, 5000, 0, 5500},
		{"room again", true, func(_ *lease.Book, w *lease.Wire) {
			w.Waits(200, true)
			w.Arrived(300, true)
			w.Emptied(400)
		}, 5000, 700, 900},
		{"parked, and hung up", false, func(_ *lease.Book, w *lease.Wire) {
			w.Waits(200, true)
			w.Ended(300)
		}, 5000, 500, 800},
		{"parked too late", false, func(b *lease.Book, w *lease.Wire) {
			w.Waits(500-look, true)
			require.Equal(t, int64(500), b.Expired(id, 500).Deadline())
			require.Greater(t, b.Expired(id, 501).Deadline(), int64(501), "time for a look")
			w.Waits(502, false)
		}, 502, 500, 1002},
		{"full output that moves", true, func(_ *lease.Book, w *lease.Wire) {
			w.Full(200, true)
			w.Moved(300)
		}, 800, 700, 800},
		{"full output that stands, pings", true, func(_ *lease.Book, w *lease.Wire) {
			w.Full(200, true)
			w.Arrived(300, false)
		}, 800, 500, 800},
		{"full output that stands, parked", false, func(_ *lease.Book, w *lease.Wire) {
			w.Full(200, true)
			w.Waits(210, true)
		}, 800, 500, 700},
		{"output that moves and is not full", true, func(_ *lease.Book, w *lease.Wire) {
			w.Moved(300)
		}, 800, 500, 600},
		{"the process stood still", true, func(b *lease.Book, _ *lease.Wire) {
			b.Stand(200, 1200)
		}, 1700, 500 + 1000 - 12 - 3, 600 + 1001},
		{"it stood shortly", true, func(b *lease.Book, _ *lease.Wire) {
			b.Stand(200, 240)
		}, 700, 500, 641},
		{"another asks for it with another timeout", true, func(b *lease.Book, _ *lease.Wire) {
			other := b.NewWire()
			other.Took(300, true, true)
			b.Asked(id, 50, other) // clamped to 100
		}, 600, 400, 600},
		{"another has got it", true, func(b *lease.Book, w *lease.Wire) {
			other := b.NewWire()
			other.Took(300, true, true)
			b.Asked(id, 200, other)
			w.Ended(310)
			b.Opened(id, 200, other, 320)
		}, 600, 500, 600},
		{"it moves to and fro, and the first is closed", true, func(b *lease.Book, w *lease.Wire) {
			other := b.NewWire()
			other.Took(120, true, true)
			b.Opened(id, timeout, other, 130)
			other.Ended(140) // its answer came late: the first had it behind it
			w.Took(300, true, true)
		}, 800, 700, 800},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, w := scene(row.tells)
			row.live(b, w)
			why := b.Expired(id, row.at)
			require.NotNil(t, why)
			if row.from == 0 {
				require.Greater(t, why.Deadline(), row.at)
			} else {
				require.Equal(t, row.from, why.Deadline())
			}
			require.Equal(t, row.by, why.Latest)
			if row.from == 0 {
				return // it may live as long as things stand so
			}
			_, _, late := b.Overdue(row.by)
			require.False(t, late)
			overdue, latest, late := b.Overdue(row.by + 1)
			require.True(t, late)
			require.Equal(t, id, overdue)
			require.Equal(t, row.by, latest)
		})
	}
}

func TestASessionThatNobodyKnowsEndsForNoReason(t *testing.T) {
	b, _ := scene(true)
	b.Ended(id)
	require.Nil(t, b.Expired(id, 1000))
	w := b.NewWire()
	w.Took(500, true, true)
	b.Opened(id, timeout, w, 500) // the answer comes after the session's end
	_, _, late := b.Overdue(10_000)
	require.False(t, late)
	b.Restored(8, timeout, 0)
	require.Equal(t, int64(timeout), b.Expired(8, 600).Deadline())
}

// A new session was heard before it was proposed, and the server counts from its last tick.
// Seed 112000189 (7 vote): a leader proposed the end of a session and lost it with its reign. The
// session was not known any more when it came back to a later reign of the same life.
func TestAnEndThatIsLostIsForgotten(t *testing.T) {
	b, w := scene(true)
	b.Ended(id)
	b.Opened(id, timeout, w, 300)
	if b.Left(id, 900) != nil {
		t.Error("its end is proposed")
	}
	b.RoleOver()
	b.Opened(id, timeout, w, 300)
	if b.Left(id, 900) == nil {
		t.Error("it lives on")
	}
}

func TestANewSessionCountsFromTheTickBefore(t *testing.T) {
	b := lease.NewBook(lease.Rules{TickMillis: tick, MinTimeout: 100, MaxTimeout: 1000}, 0)
	b.Ticked(100)
	b.Created(id, timeout, 130)
	require.Equal(t, int64(100+timeout), b.Expired(id, 500).Deadline())
}

func TestWhoMayWaitInLineIsNeverLate(t *testing.T) {
	b := lease.NewBook(lease.Rules{TickMillis: tick, Throttled: true}, 0)
	b.Created(id, timeout, 0)
	require.Equal(t, int64(math.MaxInt64), b.Expired(id, 1000).Latest)
	_, _, late := b.Overdue(1 << 40)
	require.False(t, late)
}
