package session_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/jute"
	"quoll/processor/session"
)

// Passwords as java.util.Random makes them; taken from Apache 3.9.5.
func TestPasswordIsJavas(t *testing.T) {
	got := session.Password(0x100000000000001)
	require.Equal(t, javaPassword(0x100000000000001), got[:])
	require.True(t, session.CheckPassword(7, javaPassword(7)))
	require.False(t, session.CheckPassword(7, javaPassword(8)))
	require.False(t, session.CheckPassword(0, javaPassword(0)), "0 is no session")
	require.False(t, session.CheckPassword(7, nil))
}

// javaPassword is a plain copy of java.util.Random.
func javaPassword(id int64) []byte {
	seed := (id ^ 0xB3415C00 ^ 0x5DEECE66D) & (1<<48 - 1)
	var p []byte
	for range 4 {
		seed = (seed*0x5DEECE66D + 0xB) & (1<<48 - 1)
		next := int32(seed >> 16)
		for range 4 {
			p = append(p, byte(next))
			next >>= 8
		}
	}
	return p
}

func TestIdsBeginWithTheClockAndNeverRepeat(t *testing.T) {
	const wall = 1_795_000_000_000
	table := leading(session.NewTable(1000, 5, wall, 0))
	first := table.Create(4000, 1, nil)
	require.Equal(t, int64(5), int64(first.ID)>>56&0xff)
	require.Equal(t, int64(wall)&(1<<40-1), int64(first.ID)>>16&(1<<40-1))
	taken := first.ID + 1
	table.Restore(taken, 4000)
	require.Equal(t, taken+1, table.Create(4000, 1, nil).ID, "one that lives is passed over")
}

// A pause of the whole process must not expire a session that was heard before it.
func TestPauseExtendsDeadlines(t *testing.T) {
	table := leading(session.NewTable(1000, 0, 0, 0))
	var heard session.Heard
	s := table.Create(4000, 1, &heard)
	now := int64(0)
	step := func(millis int64) []*session.Session {
		now += millis
		expired, _ := table.Tick(now, 100, nil)
		return expired
	}
	for range 30 {
		require.Empty(t, step(100))
	}
	heard.Store(now)
	require.Empty(t, step(60_000), "stopped for a minute")
	for range 38 {
		require.Empty(t, step(100))
	}
	for range 12 {
		if expired := step(100); len(expired) > 0 {
			require.Equal(t, []*session.Session{s}, expired)
			return
		}
	}
	t.Fatal("it never expired")
}

// A session that is heard right after a pause, before the tick that notices it, lives its timeout
// from then on, and not the length of the pause more.
func TestHeardBehindAPause(t *testing.T) {
	table := leading(session.NewTable(1000, 0, 0, 0))
	var heard session.Heard
	s := table.Create(4000, 1, &heard)
	now := int64(0)
	tick := func(millis int64) []*session.Session {
		now += millis
		expired, _ := table.Tick(now, 100, nil)
		return expired
	}
	require.Empty(t, tick(100))
	heard.Store(60_050)
	require.Empty(t, tick(60_000), "stopped for a minute")
	for range 40 {
		require.Empty(t, tick(100), "heard less than 4 s ago")
	}
	for range 11 {
		if expired := tick(100); len(expired) > 0 {
			require.Equal(t, []*session.Session{s}, expired)
			return
		}
	}
	t.Fatal("the pause is counted twice")
}

// The table is compared with a model that keeps a plain deadline for each session.
func TestExpiryAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const tick, interval = 100, 20
		table := leading(session.NewTable(tick, 0, 0, 0))
		m := &model{tick: tick, sessions: map[jute.SessionID]*modelSession{}}
		now := int64(0)
		ids := func() []jute.SessionID { return m.ids() }
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				timeout := rapid.Int32Range(100, 900).Draw(t, "timeout")
				heard := new(session.Heard)
				s := table.Create(timeout, 1, heard)
				require.Nil(t, m.sessions[s.ID])
				m.sessions[s.ID] = &modelSession{timeout: int64(timeout), at: now, heard: heard}
			},
			"hear": func(t *rapid.T) {
				if len(ids()) == 0 {
					t.Skip()
				}
				id := rapid.SampledFrom(ids()).Draw(t, "id")
				m.sessions[id].heard.Store(now)
				m.sessions[id].at = now
			},
			"attach": func(t *rapid.T) {
				if len(ids()) == 0 {
					t.Skip()
				}
				id := rapid.SampledFrom(ids()).Draw(t, "id")
				timeout := rapid.Int32Range(100, 900).Draw(t, "timeout")
				heard := new(session.Heard)
				require.Equal(t, session.Attached, table.Attach(table.Find(id), timeout, 2, heard))
				*m.sessions[id] = modelSession{timeout: int64(timeout), at: now, heard: heard}
			},
			"remove": func(t *rapid.T) {
				if len(ids()) == 0 {
					t.Skip()
				}
				id := rapid.SampledFrom(ids()).Draw(t, "id")
				table.Remove(id)
				delete(m.sessions, id)
			},
			"tick": func(t *rapid.T) {
				now += interval
				expired, late := table.Tick(now, interval, nil)
				require.Zero(t, late)
				var got []jute.SessionID
				for _, s := range expired {
					require.True(t, s.Closing)
					got = append(got, s.ID)
				}
				require.Equal(t, m.expire(now), got)
			},
			"": func(t *rapid.T) { require.Equal(t, len(m.sessions)+m.closing, table.Len()) },
		})
	})
}

type modelSession struct {
	timeout, at int64
	heard       *session.Heard
}

type model struct {
	tick     int64
	sessions map[jute.SessionID]*modelSession
	closing  int
}

func (m *model) ids() []jute.SessionID {
	var all []jute.SessionID
	for id := range m.sessions {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// expire removes the sessions whose tick is over: the one that begins after last heard plus
// timeout.
func (m *model) expire(now int64) []jute.SessionID {
	var gone []jute.SessionID
	for _, id := range m.ids() {
		s := m.sessions[id]
		if deadline := ((s.at+s.timeout)/m.tick + 1) * m.tick; deadline <= now {
			gone = append(gone, id)
			delete(m.sessions, id)
			m.closing++
		}
	}
	return gone
}

// A byte that was found in a socket after a pause counts from when it came, by the clock that the
// table had then: before the pause, in it, or behind it.
func TestHeardBeforeAPauseAndToldBehindIt(t *testing.T) {
	for cameAt, wantAt := range map[int64]int64{
		900:    900,
		1050:   1050,
		30_000: 1100, // in the pause: the clock stood at 1100
		61_500: 1600, // behind it
	} {
		table := leading(session.NewTable(1000, 0, 0, 0))
		var heard session.Heard
		s := table.Create(4000, 1, &heard)
		now := int64(0)
		tick := func(millis int64) []*session.Session {
			now += millis
			expired, _ := table.Tick(now, 100, nil)
			return expired
		}
		for range 10 {
			require.Empty(t, tick(100))
		}
		require.Empty(t, tick(60_000), "stopped for a minute")
		for range 6 {
			require.Empty(t, tick(100))
		}
		heard.Store(cameAt)
		ends := ((wantAt+4000)/1000+1)*1000 + 59_900 // by the clock that ran on
		for ; now < ends-100; tick(100) {
			require.NotNil(t, table.Find(s.ID))
			require.False(t, s.Closing, "at %d, came at %d", now, cameAt)
		}
		tick(100)
		require.True(t, s.Closing, "at %d, came at %d", now, cameAt)
	}
}

// Two pauses come afterwards: each moves the deadline of what was heard before it.
func TestHeardBeforeTwoPauses(t *testing.T) {
	table := leading(session.NewTable(1000, 0, 0, 0))
	var heard session.Heard
	s := table.Create(8000, 1, &heard)
	now := int64(0)
	tick := func(millis int64) {
		now += millis
		table.Tick(now, 100, nil)
	}
	for range 30 {
		tick(100)
	}
	tick(10_100)
	tick(20_100)
	require.Equal(t, int64(33_200), now)
	heard.Store(2900) // the clock stood 3100 at the first pause, and at 3200 at the second
	for now < 11_000+30_000-100 {
		tick(100)
		require.False(t, s.Closing, "at %d", now)
	}
	tick(100)
	tick(100)
	require.True(t, s.Closing)
}
