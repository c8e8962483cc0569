package session

import "quoll/jute"

// The methods in this file depend on the server's role in its ensemble. A server alone leads.

// Lead begins a reign, or the work of a server alone: from now on this server ends every session
// whose time is up. Each has its full timeout from nowMillis (monotonic) on, because it is not
// known when it was heard before.
func (t *Table) Lead(nowMillis int64) {
	t.leads = true
	for _, s := range t.all {
		s.heardAt = t.clock(nowMillis)
		t.file(s)
	}
}

// Leave ends the role of a server, whatever it was, when all its connections and links are closed.
// It removes the sessions that no other server can know: local ones, and those whose createSession
// is not applied. The others have no owner and do not close any more: a closeSession on its way may
// never be applied. The table does not lead afterwards.
func (t *Table) Leave() {
	t.leads = false
	clear(t.gone)
	for i := len(t.all) - 1; i >= 0; i-- { // from the end: a removal fills the place from there
		s := t.all[i]
		if !s.Committed { // local ones never are
			t.Remove(s.ID)
			continue
		}
		s.own(0, nil)
		s.Closing, s.LastForeign, s.untold = false, 0, false
		t.file(s)
	}
}

// Adopt puts the sessions of another history, which has replaced the one of this server, in place
// of all global ones. Each gets its full timeout. No session has a connection: Leave was called.
func (t *Table) Adopt(saved []Saved) {
	for i := len(t.all) - 1; i >= 0; i-- {
		if s := t.all[i]; !s.Local {
			t.Remove(s.ID)
		}
	}
	for _, s := range saved {
		t.Restore(s.ID, s.TimeoutMillis)
	}
}

// CreateLocal makes a local session with a new id. It expires here in every role.
func (t *Table) CreateLocal(timeoutMillis int32, owner Owner, heard *Heard) *Session {
	s := t.Create(timeoutMillis, owner, heard)
	s.Local = true
	t.locals++
	t.file(s)
	return s
}

// Upgrade makes a local session global, in front of its createSession. A global one stays as it is.
func (t *Table) Upgrade(s *Session) {
	if s.Local {
		t.takeHeard(s) // no news for the leader: createSession gives it its full timeout
		s.Local = false
		t.locals--
		t.file(s)
	}
}

// Confirmed attaches a session that the leader has found alive. It does not close here either. That
// it was heard by another connection since the leader asked last is still to be told.
func (t *Table) Confirmed(s *Session, timeoutMillis int32, owner Owner, heard *Heard) {
	s.untold = s.untold || s.heard != nil && s.heard.Load() > s.heardRaw
	t.take(s, timeoutMillis, owner, heard)
}

// AppendHeard appends the sessions of this server's connections that were heard since the last
// call, for the answer to the leader's ping, but not more than most in all. Those that are left are
// looked at first the next time. Local ones are left out: the leader does not know them. The order
// depends on nothing but the history of the table.
func (t *Table) AppendHeard(to []jute.SessionTimeout, most int) []jute.SessionTimeout {
	here := t.buckets.at[attached]
	from := min(t.untoldFrom, len(here))
	for _, part := range [][]*Session{here[from:], here[:from]} {
		for i, s := range part {
			raw := s.heard.Load()
			if raw <= s.heardRaw && !s.untold {
				continue
			}
			if len(to) == most {
				t.untoldFrom = from + i
				return to
			}
			s.heardRaw, s.untold = max(raw, s.heardRaw), false
			to = append(to, jute.SessionTimeout{Session: s.ID, TimeOut: s.TimeoutMillis})
		}
		from = 0
	}
	return to
}

// DetachSilent appends the global sessions of this server's connections whose clients were not
// heard for as long as their timeout, and takes the connections away. The sessions may live on
// elsewhere: a client whose old connection broke without a word has gone to another server, and
// nothing else will ever end that connection here. At a leader Tick does that.
func (t *Table) DetachSilent(to []*Session) []*Session {
	first := len(to)
	for _, s := range t.buckets.at[attached] {
		if t.isSilent(max(s.heardRaw, s.heard.Load()), s.TimeoutMillis) {
			to = append(to, s)
		}
	}
	for _, s := range to[first:] {
		s.heard = nil
		t.file(s)
	}
	return to
}

// detachOvertaken takes the connection of a session away that lives only by a learner's word: what
// is heard of it comes from the learner, while its connection here is silent. That connection may
// have asked late, when the client had the session at the learner. It stays the owner, as one that
// is gone.
func (t *Table) detachOvertaken(s *Session) {
	if s.heard != nil && t.isSilent(s.heardRaw, s.TimeoutMillis) {
		s.heard, s.left = nil, true
		t.elsewhere = append(t.elsewhere, s.ID)
	}
}

// Elsewhere is the sessions whose connections at this leader the last Tick has taken away, because
// their clients are heard by learners alone. It holds until the next Tick.
func (t *Table) Elsewhere() []jute.SessionID { return t.elsewhere }

// Open puts in a session that a learner has made for its client. It is called when the learner's
// createSession comes to the leader. The session belongs to the learner's link.
func (t *Table) Open(id jute.SessionID, timeoutMillis int32, link Owner) *Session {
	s := t.track(id, timeoutMillis)
	s.own(link, nil)
	return s
}

// Claim says whether a request of a session comes from its owner. If nobody owns the session, the
// first that asks becomes its owner, as in Apache: a new leader knows no owners.
func (s *Session) Claim(owner Owner) bool {
	if s.Owner == 0 {
		s.Owner = owner
	}
	return s.Owner == owner
}

// Touch takes the news of a learner that a session was heard at nowMillis (monotonic), with the
// timeout that its client has there. It is false, and nothing happens, when the session is gone,
// closing or local.
//
// A session that belongs to another server was heard all the same: who asked last may have asked
// late, when the client had its session elsewhere. But the timeout stays: the client may have left
// the learner, which does not know that yet, and have another timeout now. Nobody knows whose the
// session is when a reign begins.
//
// Only the learner that has the client can tell of the timeout when the owner is gone. It does not
// become shorter then: the news may be older than the owner's question.
func (t *Table) Touch(
	id jute.SessionID, timeoutMillis int32, link Owner, nowMillis int64,
) bool {
	s := t.byID[id]
	switch {
	case s == nil || s.Owner == 0 || s.Owner == link:
	case s.left || t.gone[s.Owner]:
		timeoutMillis = max(timeoutMillis, s.TimeoutMillis)
	default:
		timeoutMillis = s.TimeoutMillis
	}
	return t.hear(s, timeoutMillis, nowMillis)
}

// LinkGone notes that a link has ended. It stays the owner of its sessions.
func (t *Table) LinkGone(link Owner) { t.gone[link] = true }

// OwnerGone notes that the connection that owns a session has ended. It stays the owner.
func (t *Table) OwnerGone(id jute.SessionID) {
	if s := t.byID[id]; s != nil {
		s.left = true
	}
}

// hear notes that a session was heard, unless it is gone, closing or local.
func (t *Table) hear(s *Session, timeoutMillis int32, nowMillis int64) bool {
	if s == nil || s.Closing || s.Local {
		return false
	}
	sooner := timeoutMillis < s.TimeoutMillis
	s.TimeoutMillis = timeoutMillis
	s.heardAt = max(s.heardAt, t.clock(nowMillis))
	if sooner { // else its bucket falls due before the deadline, and moves it
		t.file(s)
	}
	return true
}

// Revalidate answers a learner whose client asks for a session (REVALIDATE). A session that lives
// is touched, and belongs to the learner's link from now on; for any other it is false.
//
// The question may have come late, when its client has the session elsewhere with a longer timeout.
// So a shorter one counts only when the learner says it again (Touch): then the client is there.
func (t *Table) Revalidate(
	id jute.SessionID, timeoutMillis int32, link Owner, nowMillis int64,
) bool {
	s := t.byID[id]
	if s != nil {
		timeoutMillis = max(timeoutMillis, s.TimeoutMillis)
	}
	if !t.hear(s, timeoutMillis, nowMillis) {
		return false
	}
	s.own(link, nil)
	return true
}
