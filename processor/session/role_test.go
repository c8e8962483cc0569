package session_test

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/jute"
	"quoll/processor/session"
)

func leading(t *session.Table) *session.Table {
	t.Lead(0)
	return t
}

// The machine of roles: a table, and a plain model of what it must be.
const (
	tickMillis = 100
	expected   = 20 // ms between two ticks
)

type roleSession struct {
	timeout                   int64
	at                        int64 // table clock: when it was heard, as far as this server can know
	heard                     *session.Heard
	heardAt, told             int64 // monotonic
	seen                      int64 // table clock: when its connection was last heard, or made
	owner                     session.Owner
	local, closing, committed bool
	untold                    bool // heard by an older connection
	left                      bool // by its owner, a connection
}

type roles struct {
	table    *session.Table
	sessions map[jute.SessionID]*roleSession
	leads    bool
	led      int64 // table clock: when the reign began
	now      int64 // monotonic
	ticked   int64 // monotonic, of the last tick
	behind   int64 // of the table's clock
	foreign  jute.SessionID
	gone     map[session.Owner]bool
}

func (m *roles) clock(mono int64) int64 { return mono - m.behind }

func (m *roles) ids() []jute.SessionID {
	return slices.Sorted(maps.Keys(m.sessions)) // order-free: sorted
}

// any is a session of the table, or now and then an id that no session has.
func (m *roles) any(t *rapid.T) (jute.SessionID, *roleSession) {
	ids := append(m.ids(), 1)
	id := rapid.SampledFrom(ids).Draw(t, "id")
	return id, m.sessions[id]
}

func (m *roles) timeout(t *rapid.T) int32 { return rapid.Int32Range(0, 900).Draw(t, "timeout") }

func (m *roles) owner(t *rapid.T) session.Owner {
	return session.Owner(rapid.Uint64Range(1, 3).Draw(t, "owner"))
}

func (m *roles) link(t *rapid.T) session.Owner {
	return session.LinkOwner(rapid.Uint64Range(1, 3).Draw(t, "link"))
}

func (m *roles) add(t *rapid.T, id jute.SessionID, s roleSession) {
	if m.sessions[id] != nil {
		t.Fatalf("%v is given twice", id)
	}
	m.sessions[id] = &s
}

// attached is a session that has just got a connection.
func (m *roles) attached(timeout int32, owner session.Owner, heard *session.Heard) roleSession {
	return roleSession{
		timeout: int64(timeout), at: m.clock(m.ticked), heard: heard, told: m.ticked, owner: owner,
		seen: m.clock(m.ticked),
	}
}

func (m *roles) create(t *rapid.T) {
	timeout, owner, heard := m.timeout(t), m.owner(t), new(session.Heard)
	s := m.attached(timeout, owner, heard)
	made := m.table.Create(timeout, owner, heard)
	m.add(t, made.ID, s)
}

func (m *roles) createLocal(t *rapid.T) {
	timeout, owner, heard := m.timeout(t), m.owner(t), new(session.Heard)
	s := m.attached(timeout, owner, heard)
	s.local = true
	made := m.table.CreateLocal(timeout, owner, heard)
	m.add(t, made.ID, s)
}

// open is a learner's createSession that comes to the leader.
func (m *roles) open(t *rapid.T) {
	if !m.leads {
		return
	}
	m.foreign++
	timeout, link := m.timeout(t), m.link(t)
	m.add(t, m.foreign, roleSession{timeout: int64(timeout), at: m.clock(m.ticked), owner: link})
	require.Equal(t, m.foreign, m.table.Open(m.foreign, timeout, link).ID)
}

// commit applies a createSession, of a session that is known or of one of another server.
func (m *roles) commit(t *rapid.T) {
	id, s := m.any(t)
	timeout := m.timeout(t)
	if s == nil {
		m.foreign++
		id, s = m.foreign, &roleSession{timeout: int64(timeout), at: m.clock(m.ticked)}
		m.add(t, id, *s)
		s = m.sessions[id]
	}
	if s.local {
		s.local, s.told = false, max(s.told, s.heardAt)
	}
	s.committed = true
	m.table.Commit(id, timeout)
}

func (m *roles) hear(t *rapid.T) {
	_, s := m.any(t)
	if s == nil || s.heard == nil {
		return
	}
	s.heard.Store(m.now)
	s.heardAt, s.seen = m.now, m.clock(m.now)
	if m.leads || s.local {
		s.at = m.clock(m.now)
	}
}

func (m *roles) attach(t *rapid.T) {
	id, s := m.any(t)
	timeout, owner, heard := m.timeout(t), m.owner(t), new(session.Heard)
	got := m.table.Attach(m.table.Find(id), timeout, owner, heard)
	switch {
	case s != nil && s.local && !s.closing, m.leads && s != nil && !s.closing:
		require.Equal(t, session.Attached, got)
		local, committed := s.local, s.committed
		*s = m.attached(timeout, owner, heard)
		s.local, s.committed = local, committed
	case m.leads || s != nil && s.local:
		require.Equal(t, session.Refused, got)
	default:
		require.Equal(t, session.AskLeader, got)
		if s != nil && !s.closing && rapid.Bool().Draw(t, "lives") {
			committed := s.committed
			untold := s.untold || s.heard != nil && !s.local && s.heardAt > s.told
			*s = m.attached(timeout, owner, heard)
			s.committed, s.untold = committed, untold
			m.table.Confirmed(m.table.Find(id), timeout, owner, heard)
		}
	}
}

func (m *roles) touch(t *rapid.T) {
	id, s := m.any(t)
	timeout, link := m.timeout(t), m.link(t)
	if !m.leads {
		return
	}
	lives := s != nil && !s.closing && !s.local
	revalidate := rapid.Bool().Draw(t, "revalidate")
	if revalidate {
		require.Equal(t, lives, m.table.Revalidate(id, timeout, link, m.now))
		if lives {
			timeout = max(timeout, int32(s.timeout))
		}
	} else {
		require.Equal(t, lives, m.table.Touch(id, timeout, link, m.now))
		switch theirs := s != nil && (s.owner == 0 || s.owner == link); {
		case !lives || theirs:
		case s.left || m.gone[s.owner]:
			timeout = max(timeout, int32(s.timeout))
		default:
			timeout = int32(s.timeout)
		}
	}
	if lives {
		s.timeout, s.at = int64(timeout), m.clock(m.now)
		if revalidate {
			s.owner, s.heard, s.left = link, nil, false
		}
	}
}

func (m *roles) linkGone(t *rapid.T) {
	link := m.link(t)
	if m.leads {
		m.gone[link] = true
		m.table.LinkGone(link)
	}
}

// connGone ends the connection that owns a session of a leader.
func (m *roles) connGone(t *rapid.T) {
	id, s := m.any(t)
	if m.leads && s == nil {
		m.table.OwnerGone(id)
	} else if m.leads && s.heard != nil {
		s.left = true
		m.table.OwnerGone(id)
	}
}

func (m *roles) claim(t *rapid.T) {
	id, s := m.any(t)
	if s == nil {
		return
	}
	owner := m.owner(t)
	if s.owner == 0 {
		s.owner = owner
	}
	require.Equal(t, s.owner == owner, m.table.Find(id).Claim(owner))
}

func (m *roles) upgrade(t *rapid.T) {
	id, s := m.any(t)
	if s == nil {
		return
	}
	if s.local {
		s.local, s.told = false, max(s.told, s.heardAt)
	}
	m.table.Upgrade(m.table.Find(id))
}

func (m *roles) remove(t *rapid.T) {
	id, _ := m.any(t)
	delete(m.sessions, id)
	m.table.Remove(id)
}

func (m *roles) lead(t *rapid.T) {
	if m.leads {
		return
	}
	m.leads, m.led = true, m.clock(m.now)
	m.table.Lead(m.now)
	for _, s := range m.sessions { // order-free: each alone
		s.at = m.clock(m.now)
	}
}

func (m *roles) leave(*rapid.T) {
	m.leads = false
	clear(m.gone)
	m.table.Leave()
	for id, s := range m.sessions { // order-free: each alone
		if s.local || !s.committed {
			delete(m.sessions, id)
		}
		s.owner, s.heard, s.closing, s.untold, s.left = 0, nil, false, false, false
	}
}

// ping compares the sessions heard since the last ping. There may be no room for some of them.
func (m *roles) ping(t *rapid.T) {
	most := rapid.SampledFrom([]int{0, 1, 2, 1000}).Draw(t, "most")
	want := map[jute.SessionID]int32{}
	for _, id := range m.ids() {
		s := m.sessions[id]
		if !m.leads && !s.local && s.heard != nil && (s.heardAt > s.told || s.untold) {
			want[id] = int32(s.timeout)
		}
	}
	got := m.table.AppendHeard(nil, most)
	require.Len(t, got, min(most, len(want)))
	for _, told := range got {
		s := m.sessions[told.Session]
		require.Contains(t, want, told.Session)
		require.Equal(t, want[told.Session], told.TimeOut)
		delete(want, told.Session)
		s.told, s.untold = max(s.told, s.heardAt), false
	}
}

// silent compares the sessions whose connections are silent for too long. They lose them.
func (m *roles) silent(t *rapid.T) {
	var want, got []jute.SessionID
	for _, id := range m.ids() {
		s := m.sessions[id]
		if !m.leads && !s.local && s.heard != nil && s.end(s.seen) <= m.clock(m.ticked) {
			s.heard = nil
			want = append(want, id)
		}
	}
	for _, s := range m.table.DetachSilent(nil) {
		got = append(got, s.ID)
	}
	slices.Sort(got)
	require.Equal(t, want, got)
}

func (m *roles) pass(t *rapid.T) {
	m.now += rapid.SampledFrom([]int64{1, 7, 7, 7, 7, 400}).Draw(t, "ms")
}

func (m *roles) tick(t *rapid.T) {
	m.now += 5
	var late int64
	if gap := m.now - m.ticked; gap > expected+tickMillis {
		late = gap - expected
		latest := m.clock(m.ticked) + expected
		for _, s := range m.sessions { // order-free: each alone
			s.at, s.seen = min(s.at, latest), min(s.seen, latest)
		}
		m.behind += late
	}
	m.ticked = m.now
	expired, gotLate := m.table.Tick(m.now, expected, nil)
	require.Equal(t, late, gotLate)
	var got []jute.SessionID
	for _, s := range expired {
		require.True(t, s.Closing)
		got = append(got, s.ID)
	}
	require.Equal(t, m.expire(), got)
	m.elsewhere(t)
}

// elsewhere looks at the connections that the table has taken away from sessions that live by a
// learner's word alone, and that none is missing: one is found with the first look behind its
// timeout, and there is a look at least once a timeout.
func (m *roles) elsewhere(t *rapid.T) {
	for _, id := range m.table.Elsewhere() {
		s := m.sessions[id]
		require.True(t, m.leads && !s.local && !s.closing && s.heard != nil, id)
		require.LessOrEqual(t, s.end(s.seen), m.clock(m.now), id)
		s.heard, s.left = nil, true
	}
	for _, id := range m.ids() {
		s := m.sessions[id]
		if m.leads && !s.closing && s.heard != nil {
			found := s.end(s.end(max(s.seen, m.led)))
			require.Greater(t, found+tickMillis, m.clock(m.now), id)
		}
	}
}

func (s *roleSession) deadline() int64 { return s.end(s.at) }

func (s *roleSession) end(began int64) int64 {
	return ((began+s.timeout)/tickMillis + 1) * tickMillis
}

// expire ends the sessions whose time is up: by deadline, then by id.
func (m *roles) expire() (gone []jute.SessionID) {
	for _, id := range m.ids() {
		s := m.sessions[id]
		if (m.leads || s.local) && !s.closing && s.deadline() <= m.clock(m.now) {
			s.closing = true
			gone = append(gone, id)
		}
	}
	slices.SortStableFunc(gone, func(a, b jute.SessionID) int {
		return cmp.Compare(m.sessions[a].deadline(), m.sessions[b].deadline())
	})
	return gone
}

func (m *roles) check(t *rapid.T) {
	locals := 0
	var saved []session.Saved
	for _, id := range m.ids() {
		want, got := m.sessions[id], m.table.Find(id)
		if want.local {
			locals++
		}
		if want.committed {
			saved = append(saved, session.Saved{ID: id, TimeoutMillis: int32(want.timeout)})
		}
		require.NotNil(t, got, id)
		require.Equal(t,
			[]any{want.local, want.closing, want.committed, want.owner, int32(want.timeout)},
			[]any{got.Local, got.Closing, got.Committed, got.Owner, got.TimeoutMillis}, id)
	}
	require.Equal(t, len(m.sessions), m.table.Len())
	require.Equal(t, locals, m.table.Locals())
	require.Equal(t, saved, m.table.Snapshot(nil))
}

func TestRolesAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &roles{
			table:    session.NewTable(tickMillis, 3, 0, 0),
			sessions: map[jute.SessionID]*roleSession{}, foreign: 7 << 56,
			gone: map[session.Owner]bool{},
		}
		// Roles last for a while, and most sessions are heard more than once.
		often := []func(*rapid.T){
			m.create, m.createLocal, m.open, m.commit, m.hear, m.hear, m.hear, m.attach, m.touch,
			m.touch, m.claim, m.upgrade, m.ping, m.silent, m.connGone, m.pass, m.tick, m.tick, m.tick,
		}
		rarely := []func(*rapid.T){m.remove, m.lead, m.leave, m.linkGone}
		for range rapid.IntRange(100, 300).Draw(t, "steps") {
			actions := often
			if rapid.IntRange(0, 20).Draw(t, "rarely") == 0 {
				actions = rarely
			}
			rapid.SampledFrom(actions).Draw(t, "action")(t)
			m.check(t)
		}
	})
}

// The leader hears of a session that was heard before this process stood still.
func TestAPauseKeepsWhatIsForTheLeader(t *testing.T) {
	table := session.NewTable(1000, 0, 0, 0)
	var heard session.Heard
	s := table.Create(4000, 1, &heard)
	heard.Store(50)
	_, late := table.Tick(60_000, 100, nil)
	require.EqualValues(t, 59_900, late)
	require.Equal(t, []jute.SessionTimeout{{Session: s.ID, TimeOut: 4000}}, table.AppendHeard(nil, 10))
	require.Empty(t, table.AppendHeard(nil, 10), "once")
}

// A touch comes right after a pause, before the tick that notices it, with a shorter timeout. The
// session lives as long as that timeout, and not the length of the pause more.
func TestATouchBehindAPause(t *testing.T) {
	table := leading(session.NewTable(1000, 0, 0, 0))
	s := table.Open(7, 40_000, session.LinkOwner(1))
	now := int64(0)
	tick := func(millis int64) []*session.Session {
		now += millis
		expired, _ := table.Tick(now, 100, nil)
		return expired
	}
	require.Empty(t, tick(100))
	require.True(t, table.Touch(7, 4000, session.LinkOwner(1), 60_050))
	require.Empty(t, tick(60_000), "stopped for a minute")
	for range 47 {
		require.Empty(t, tick(100), "at %d", now)
	}
	require.Equal(t, []*session.Session{s}, tick(100))
}

// Bytes from a connection that a session has left are no sign of life of the session.
func TestTheConnectionThatASessionHasLeft(t *testing.T) {
	table := leading(session.NewTable(1000, 0, 0, 0))
	var heard session.Heard
	s := table.Create(4000, 1, &heard)
	require.True(t, table.Revalidate(s.ID, 4000, session.LinkOwner(1), 100))
	heard.Store(3000)
	var expired []*session.Session
	for now := int64(100); now <= 5000; now += 100 {
		require.Empty(t, expired, "at %d", now)
		expired, _ = table.Tick(now, 100, nil)
	}
	require.Equal(t, []*session.Session{s}, expired)
}

// A session whose end is on its way belongs to nobody any more.
func TestAClosingSessionIsRefused(t *testing.T) {
	table := leading(session.NewTable(1000, 0, 0, 0))
	s := table.Open(7, 4000, session.LinkOwner(1))
	local := table.CreateLocal(4000, 1, nil)
	s.Closing, local.Closing = true, true
	require.Equal(t, session.Refused, table.Attach(s, 4000, 2, nil))
	require.Equal(t, session.Refused, table.Attach(local, 4000, 2, nil))
	require.Equal(t, session.Refused, table.Attach(nil, 4000, 2, nil))
	require.False(t, table.Touch(7, 9000, session.LinkOwner(1), 10))
	require.False(t, table.Revalidate(7, 9000, session.LinkOwner(2), 10))
	require.False(t, table.Touch(8, 9000, session.LinkOwner(1), 10), "nobody's")
	require.Equal(t, session.LinkOwner(1), s.Owner)
	require.EqualValues(t, 4000, s.TimeoutMillis)
	require.NotEqual(t, session.LinkOwner(1), session.Owner(1), "links are no connections")
}

// A table that has known other servers' sessions, global and applied ones, gives their ids to no
// new session, whether it leads or not.
func TestAnIDOfASessionThatLivesIsNotGiven(t *testing.T) {
	for _, leads := range []bool{true, false} {
		table := session.NewTable(1000, 5, 1_795_000_000_000, 0)
		if leads {
			table.Lead(0)
		}
		next := table.Create(4000, 1, nil).ID
		table.Restore(next+1, 4000) // found on disk
		table.Commit(next+2, 4000)  // another server's, applied
		table.Open(next+3, 4000, 1) // a learner's, in flight
		require.Equal(t, next+4, table.Create(4000, 1, nil).ID)
		table.Restore(next+5, 4000)
		require.Equal(t, next+6, table.CreateLocal(4000, 1, nil).ID)
		table.Upgrade(table.Find(next + 6))
		table.Remove(next + 1)
		require.Equal(t, next+7, table.Create(4000, 1, nil).ID, "an id that is free again is not")
	}
}

// The order of the sessions in the answer to a ping is the same in a second run.
func TestTheOrderOfWhatWasHeard(t *testing.T) {
	run := func() (ids []jute.SessionID) {
		table := session.NewTable(1000, 0, 0, 0)
		var all []*session.Session
		heard := make([]session.Heard, 100)
		for i := range heard {
			all = append(all, table.Create(4000, 1, &heard[i]))
		}
		for i := range 20 {
			table.Remove(all[i*3].ID)
		}
		for i := range heard {
			heard[i].Store(int64(1 + i%3))
		}
		for _, s := range table.AppendHeard(nil, 1000) {
			ids = append(ids, s.Session)
		}
		return ids
	}
	first := run()
	require.Len(t, first, 80)
	for range 5 {
		require.Equal(t, first, run())
	}
}

// TestAnAnswerWithoutRoomForAll: the sessions for which an answer to a ping has no room are the
// first in the next one. Clients that are heard all the time do not keep others from being told.
func TestAnAnswerWithoutRoomForAll(t *testing.T) {
	table := session.NewTable(1000, 0, 0, 0)
	heard := make([]session.Heard, 10)
	var all []*session.Session
	for i := range heard {
		all = append(all, table.Create(4000, 1, &heard[i]))
	}
	times := map[jute.SessionID]int{}
	ping := func(now int64) {
		for i := range heard {
			heard[i].Store(now)
		}
		told := table.AppendHeard(nil, 4)
		require.Len(t, told, 4)
		for _, s := range told {
			times[s.Session]++
		}
	}
	for round := range int64(10) {
		ping(1 + round)
	}
	for _, s := range all {
		require.Equal(t, 4, times[s.ID], "40 places for 10 sessions")
	}
	for _, s := range all[2:] {
		table.Remove(s.ID)
	}
	require.Len(t, table.AppendHeard(nil, 4), 2, "fewer than the place where it would go on")
}

// A learner that sends nonsense may tell a timeout below zero, which no client can have.
func TestATouchWithATimeoutBelowZero(t *testing.T) {
	table := leading(session.NewTable(1000, 0, 0, 0))
	s := table.Open(7, 4000, session.LinkOwner(1))
	require.True(t, table.Touch(7, -100_000, session.LinkOwner(1), 10))
	expired, _ := table.Tick(2000, 2000, nil)
	require.Equal(t, []*session.Session{s}, expired, "it does not stay for ever")
}

// The dump of a learner shows no deadlines of global sessions: it knows none.
func TestALearnerKnowsNoDeadlines(t *testing.T) {
	table := session.NewTable(1000, 0, 0, 0)
	table.Restore(7, 4000)
	local := table.CreateLocal(4000, 1, nil).ID
	require.Equal(t, []session.Deadline{{InMillis: 5000, IDs: []jute.SessionID{local}}},
		table.Deadlines())
	table.Lead(0)
	require.Equal(t, []session.Deadline{{InMillis: 5000, IDs: []jute.SessionID{local, 7}}},
		table.Deadlines())
}

// The sessions of another history take the place of those that were there, but for local ones.
// Snapshots hold them, and each has its full timeout.
func TestTheSessionsOfAnotherHistory(t *testing.T) {
	table := session.NewTable(1000, 5, 1, 0)
	table.Lead(0)
	for id := range jute.SessionID(4) {
		table.Restore(id+1, 4000)
	}
	table.Leave()
	local := table.CreateLocal(4000, 1, nil).ID
	table.Tick(3000, 3000, nil)
	theirs := []session.Saved{{ID: 2, TimeoutMillis: 5000}, {ID: 9, TimeoutMillis: 6000}}
	table.Adopt(theirs)
	require.Equal(t, theirs, table.Snapshot(nil))
	require.Equal(t, 3, table.Len())
	require.NotNil(t, table.Find(local))
	table.Lead(3000)
	table.Remove(local)
	require.Equal(t, []session.Deadline{
		{InMillis: 6000, IDs: []jute.SessionID{2}}, {InMillis: 7000, IDs: []jute.SessionID{9}},
	}, table.Deadlines())
}

// A learner names a session whose client has left it for another server. Its timeout does not count;
// while nobody knows whose a session is, anybody's does.
func TestATouchOfWhoHasTheSessionNoMore(t *testing.T) {
	old, new := session.LinkOwner(1), session.LinkOwner(2)
	table := leading(session.NewTable(1000, 0, 0, 0))
	s := table.Open(7, 4000, old)
	require.True(t, table.Revalidate(7, 9000, new, 10))
	require.True(t, table.Touch(7, 1000, old, 20))
	require.EqualValues(t, 9000, s.TimeoutMillis)
	require.True(t, table.Touch(7, 10_000, old, 20))
	require.EqualValues(t, 9000, s.TimeoutMillis)
	require.True(t, table.Touch(7, 8000, new, 20))
	require.EqualValues(t, 8000, s.TimeoutMillis)
	s.Owner = 0
	require.True(t, table.Touch(7, 1000, old, 20))
}

// TestALateQuestionOfALinkThatIsGone: a client has asked for its session at one learner, given up,
// and got it at another one. The first question comes late, and its link ends. The session must not
// end while its client is heard, nor sooner than the question's timeout says (seeds 90000393 and
// 90001115 of the simulator).
func TestALateQuestionOfALinkThatIsGone(t *testing.T) {
	late, has, third := session.LinkOwner(1), session.LinkOwner(2), session.LinkOwner(3)
	table := leading(session.NewTable(1000, 0, 0, 0))
	s := table.Open(7, 4000, has)
	require.True(t, table.Revalidate(7, 9000, late, 10))
	table.LinkGone(third)
	require.True(t, table.Touch(7, 10_000, has, 2000), "another link's end")
	require.EqualValues(t, 9000, s.TimeoutMillis)
	table.LinkGone(late)
	require.True(t, table.Touch(7, 4000, has, 3000))
	require.EqualValues(t, 9000, s.TimeoutMillis)
	require.Equal(t, late, s.Owner, "no request may take it")
	require.Equal(t, []session.Deadline{{InMillis: 13_000, IDs: []jute.SessionID{7}}}, table.Deadlines())
	require.True(t, table.Revalidate(7, 4000, has, 3100))
	require.True(t, table.Touch(7, 12_000, late, 3200))
	require.EqualValues(t, 9000, s.TimeoutMillis, "it has a link that stands")
}

// TestWhoAskedLateKeepsNobodySilent: a connection of the leader has asked late for a session that its
// client has at a learner, and nobody tells the leader that the connection is gone. The learner's
// word is a sign of life nevertheless (seed 96103371 of the simulator).
func TestWhoAskedLateKeepsNobodySilent(t *testing.T) {
	has, heard := session.LinkOwner(2), new(session.Heard)
	table := leading(session.NewTable(1000, 0, 0, 0))
	s := table.Open(7, 4000, has)
	require.Equal(t, session.Attached, table.Attach(s, 4000, 1, heard))
	require.True(t, table.Touch(7, 4000, has, 3000))
	require.Equal(t, []session.Deadline{{InMillis: 8000, IDs: []jute.SessionID{7}}}, table.Deadlines())
	require.EqualValues(t, 1, s.Owner)
}

// TestASilentConnectionOfTheLeaderEnds: a connection of the leader has asked late for a session that
// its client has at a learner, and nobody tells the leader that the connection is gone. While it is
// heard it stays, whatever the learner says.
func TestASilentConnectionOfTheLeaderEnds(t *testing.T) {
	has, heard := session.LinkOwner(2), new(session.Heard)
	table := leading(session.NewTable(1000, 0, 0, 0))
	s := table.Open(7, 4000, has)
	require.Equal(t, session.Attached, table.Attach(s, 4000, 1, heard))
	gone := int64(0)
	for now := int64(500); now < 40_000; now += 500 {
		require.True(t, table.Touch(7, 9000, has, now))
		if now <= 20_000 {
			heard.Store(now)
		}
		expired, _ := table.Tick(now, 500, nil)
		require.Empty(t, expired)
		if len(table.Elsewhere()) > 0 {
			require.Zero(t, gone, "once")
			require.Equal(t, []jute.SessionID{7}, table.Elsewhere())
			gone = now
		}
	}
	require.Greater(t, gone, int64(24_000))
	require.LessOrEqual(t, gone, int64(30_000))
	require.EqualValues(t, 1, s.Owner, "the client asks for it again")
	require.EqualValues(t, 9000, s.TimeoutMillis, "the learner alone knows it now")
	require.Equal(t, session.Attached, table.Attach(s, 4000, 3, heard))
	require.True(t, table.Touch(7, 9000, has, 40_000))
	require.EqualValues(t, 4000, s.TimeoutMillis, "it has a connection that stands")
}

// TestAnOlderConnectionWasHeard: two connections of a learner ask for a session. The first has it
// for a while, and its client is heard; then the other one gets it. The leader hears of the client
// with the next PING (seed 96103275 of the simulator).
func TestAnOlderConnectionWasHeard(t *testing.T) {
	table := session.NewTable(1000, 0, 0, 0)
	table.Restore(7, 4000)
	s, first := table.Find(7), new(session.Heard)
	tells := func() int { return len(table.AppendHeard(nil, 10)) }
	table.Confirmed(s, 4000, 1, first)
	table.Confirmed(s, 4000, 2, first)
	require.Zero(t, tells(), "the leader knows of the questions")
	first.Store(10)
	table.Confirmed(s, 4000, 3, new(session.Heard))
	table.Confirmed(s, 4000, 4, new(session.Heard))
	require.Equal(t, 1, tells())
	require.Zero(t, tells(), "once")

	heard := new(session.Heard)
	table.Confirmed(s, 4000, 5, heard)
	heard.Store(20)
	table.Confirmed(s, 4000, 6, new(session.Heard))
	table.Leave()
	table.Confirmed(s, 4000, 7, new(session.Heard))
	require.Zero(t, tells(), "it was for the leader of the last role")
}

// TestALateQuestionTakesNoTimeoutAway: a question that comes late, when its client has the session
// elsewhere with a longer timeout, does not make it shorter (seed 90300292 of the simulator). The
// learner's next word does.
func TestALateQuestionTakesNoTimeoutAway(t *testing.T) {
	link := session.LinkOwner(1)
	table := leading(session.NewTable(1000, 0, 0, 0))
	s := table.Open(7, 9000, session.LinkOwner(2))
	require.True(t, table.Revalidate(7, 4000, link, 10))
	require.EqualValues(t, 9000, s.TimeoutMillis)
	require.True(t, table.Touch(7, 4000, link, 20))
	require.EqualValues(t, 4000, s.TimeoutMillis)
	require.True(t, table.Revalidate(7, 9000, link, 30))
	require.EqualValues(t, 9000, s.TimeoutMillis)
}
