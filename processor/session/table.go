package session

import (
	"cmp"
	"crypto/subtle"
	"slices"
	"sync/atomic"

	"quoll/jute"
)

// Owner is the connection that a session is attached to or, at a leader, the link of the learner
// that has the client; 0 is nobody.
type Owner uint64

// linkOwner marks the owners that are links. Lanes count the connections from 1 on.
const linkOwner Owner = 1 << 63

// LinkOwner is the owner that stands for a learner's link, by the number of the link.
func LinkOwner(link uint64) Owner { return linkOwner | Owner(link) }

// Heard is when a connection last heard from its client: ms on the monotonic clock. The
// connection's loop stores, the core loads.
type Heard struct{ atomic.Int64 }

// Session is one entry of the table.
type Session struct {
	ID            jute.SessionID
	TimeoutMillis int32 // as it was negotiated by the last connect
	Owner         Owner
	// Local says that no transaction and no other server knows it (localSessionsEnabled).
	Local bool
	// Closing says that its closeSession is on its way. No more requests of it are taken.
	Closing bool
	// Committed says that its createSession is applied, so that snapshots hold it.
	Committed bool
	// LastWrite is the sequence number of its last write (Commit's counting). While that write is
	// in flight, the session's later requests wait behind it.
	LastWrite uint64
	// LastForeign is the zxid of its last write that came from a learner, at a leader; else 0. A
	// client that comes back to the leader waits until that write is applied.
	LastForeign jute.Zxid

	heard      *Heard // of the owner; nil while no connection of this server is attached
	heardAt    int64  // table clock, of the last heard that was taken over
	heardRaw   int64  // monotonic clock, of the same
	left       bool   // its owner is a connection that is gone, or silent
	untold     bool   // a connection before this one was heard, and the leader was not told
	bucket     int64  // table clock, the tick at whose end it is looked at; or attached
	bucketSlot int    // its place in the bucket
	place      int    // in the table's list
}

// own gives the session to an owner; heard is nil of a link.
func (s *Session) own(owner Owner, heard *Heard) { s.Owner, s.heard, s.left = owner, heard, false }

// HeardMillis is when its connection was last heard, on the monotonic clock, as far as the table
// has looked. 0: it never had a connection here.
func (s *Session) HeardMillis() int64 { return s.heardRaw }

// Table is every session that this server knows.
type Table struct {
	tickMillis int64
	byID       map[jute.SessionID]*Session
	all        list
	locals     int // how many are local
	leads      bool
	gone       map[Owner]bool // links of this reign that have ended
	elsewhere  []jute.SessionID
	buckets    buckets
	untoldFrom int // of the attached ones: where AppendHeard had no room for more
	nextID     jute.SessionID

	lastWrite uint64 // the highest LastWrite that any session ever had

	now     int64 // monotonic ms of the last tick
	skipped int64 // ms that the table's clock is behind the monotonic one
	pauses  pauses
	due     int64 // table clock: the next bucket to look at
}

// NewTable makes an empty table. serverID is the high byte of the ids it gives; ids start from the
// wall clock, so that a restarted server does not repeat them. now is monotonic. The table does not
// lead.
func NewTable(tickMillis int32, serverID uint8, wallMillis, nowMillis int64) *Table {
	first := jute.SessionID(uint64(wallMillis)<<24>>8 | uint64(serverID)<<56)
	t := &Table{
		tickMillis: int64(tickMillis),
		byID:       make(map[jute.SessionID]*Session),
		gone:       make(map[Owner]bool),
		buckets:    buckets{at: make(map[int64][]*Session)},
		nextID:     first,
		now:        nowMillis,
	}
	t.due = t.roundUp(nowMillis)
	return t
}

// Restore puts in a session that was found on disk; it gets its full timeout.
func (t *Table) Restore(id jute.SessionID, timeoutMillis int32) {
	s := t.track(id, timeoutMillis)
	s.Committed = true
}

// Create makes a session with a new id: one that no session in the table has, local or global, made
// here or found on disk. Its createSession is still to be applied.
func (t *Table) Create(timeoutMillis int32, owner Owner, heard *Heard) *Session {
	for t.byID[t.nextID] != nil || t.nextID == containerOwner || t.nextID == 0 {
		t.nextID++
	}
	s := t.track(t.nextID, timeoutMillis)
	t.nextID++
	t.attach(s, owner, heard)
	t.file(s)
	return s
}

// Wrote notes the sequence number of a write, and the session that wrote it, nil for the server's
// own. Sequence numbers count up over the whole life of the table.
func (t *Table) Wrote(s *Session, seq uint64) {
	t.lastWrite = seq
	if s != nil {
		s.LastWrite = seq
	}
}

// LastWrite is the last sequence number that was given. A new chain goes on behind it, so that no
// session waits for a write of a chain that is gone.
func (t *Table) LastWrite() uint64 { return t.lastWrite }

// containerOwner marks container nodes in the ephemeralOwner field and so is nobody's id.
const containerOwner = jute.SessionID(-1 << 63)

// Find is the session with the id, nil when there is none.
func (t *Table) Find(id jute.SessionID) *Session { return t.byID[id] }

// Len is how many sessions there are, local ones too.
func (t *Table) Len() int { return len(t.byID) }

// Locals is how many sessions are local.
func (t *Table) Locals() int { return t.locals }

// Answer says what becomes of a connection that asks for a session.
type Answer uint8

// The answers.
const (
	Refused   Answer = iota // the session is gone or going
	Attached                // it is the connection's now, with its full timeout
	AskLeader               // the leader alone knows (REVALIDATE); see Confirmed
)

// Attach moves a session to a connection that showed its password. s is what Find returned, even
// nil.
func (t *Table) Attach(s *Session, timeoutMillis int32, owner Owner, heard *Heard) Answer {
	switch {
	case !t.leads && (s == nil || !s.Local):
		return AskLeader
	case s == nil || s.Closing:
		return Refused
	}
	t.take(s, timeoutMillis, owner, heard)
	return Attached
}

// take moves a session to a connection, with its full timeout.
func (t *Table) take(s *Session, timeoutMillis int32, owner Owner, heard *Heard) {
	s.TimeoutMillis = timeoutMillis
	t.attach(s, owner, heard)
	s.heardAt = t.clock(t.now)
	t.file(s)
}

// CheckPassword says whether passwd is the session's password. It compares in constant time.
func CheckPassword(id jute.SessionID, passwd []byte) bool {
	want := Password(id)
	return id != 0 && subtle.ConstantTimeCompare(want[:], passwd) == 1
}

// Commit notes that a session's createSession is applied.
func (t *Table) Commit(id jute.SessionID, timeoutMillis int32) {
	s := t.byID[id]
	if s == nil {
		s = t.track(id, timeoutMillis)
	}
	t.Upgrade(s)
	s.Committed = true
}

// Remove forgets a session whose closeSession is applied.
func (t *Table) Remove(id jute.SessionID) {
	if s := t.byID[id]; s != nil {
		t.buckets.remove(s)
		t.all.remove(s)
		delete(t.byID, id)
		if s.Local {
			t.locals--
		}
	}
}

// Tick moves the clock to now (monotonic ms) and appends to expired the sessions whose time is up;
// they are marked as closing. Global ones expire at a leader only. A tick is expected
// expectedMillis after the last one. One that is late by more than a tick's length ends a pause:
// late is its length, which the table's clock does not count.
func (t *Table) Tick(now, expectedMillis int64, expired []*Session) (_ []*Session, late int64) {
	if gap := now - t.now; gap > expectedMillis+t.tickMillis {
		late = gap - expectedMillis
		t.takeAllHeard(t.clock(t.now) + expectedMillis)
		t.pauses.add(pause{at: t.now + expectedMillis, skipped: t.skipped})
		t.skipped += late
	}
	t.now = now
	t.elsewhere = t.elsewhere[:0]
	for clock := t.clock(now); t.due <= clock; t.due += t.tickMillis {
		expired = t.lookAt(t.due, expired)
	}
	return expired, late
}

// lookAt empties the bucket: each session in it was heard since and goes to another, or expires.
func (t *Table) lookAt(bucket int64, expired []*Session) []*Session {
	first := len(expired)
	for _, s := range t.buckets.take(bucket) {
		t.takeHeard(s)
		if at := t.deadline(s); at > bucket && !s.Closing {
			t.buckets.put(s, at)
			t.detachOvertaken(s)
			continue
		}
		if !s.Closing {
			s.Closing = true
			expired = append(expired, s)
		}
	}
	slices.SortFunc(expired[first:], byID)
	return expired
}

// isSilent says whether a timeout is over since a connection was heard, on the monotonic clock.
func (t *Table) isSilent(raw int64, timeoutMillis int32) bool {
	return t.end(t.pauses.clock(raw, t.skipped), timeoutMillis) <= t.clock(t.now)
}

// takeHeard takes over what the owner's loop has noted.
func (t *Table) takeHeard(s *Session) {
	if s.heard == nil {
		return
	}
	if raw := s.heard.Load(); raw > s.heardRaw {
		s.heardRaw = raw
		s.heardAt = max(s.heardAt, t.pauses.clock(raw, t.skipped))
	}
}

// takeAllHeard takes over everything before the table's clock jumps back. A session that was heard
// after the pause, by the clock that runs on, counts as heard at latest, the table's new now.
func (t *Table) takeAllHeard(latest int64) {
	for _, s := range t.all {
		if !t.expires(s) {
			continue
		}
		t.takeHeard(s)
		if s.heardAt > latest {
			s.heardAt = latest
			t.file(s) // a touch may have put it far behind its new deadline
		}
	}
}

// Saved is what a snapshot holds of a session.
type Saved struct {
	ID            jute.SessionID
	TimeoutMillis int32
}

func (t *Table) track(id jute.SessionID, timeoutMillis int32) *Session {
	if s := t.byID[id]; s != nil {
		s.TimeoutMillis = timeoutMillis
		s.heardAt = t.clock(t.now)
		t.file(s)
		return s
	}
	s := &Session{ID: id, TimeoutMillis: timeoutMillis}
	t.byID[id] = s
	t.all.add(s)
	s.heardAt = t.clock(t.now)
	t.file(s)
	return s
}

func (t *Table) attach(s *Session, owner Owner, heard *Heard) {
	s.own(owner, heard)
	s.heardRaw = t.now
}

// file puts a session into the bucket where it is looked at next: that of its deadline when it may
// expire here, else attached when the leader must hear of its touches, else none.
func (t *Table) file(s *Session) {
	t.buckets.remove(s)
	switch {
	case t.expires(s):
		t.buckets.put(s, max(t.due, t.deadline(s)))
	case s.heard != nil:
		t.buckets.put(s, attached)
	}
}

// expires says whether this server ends a session whose time is up.
func (t *Table) expires(s *Session) bool { return t.leads || s.Local }

// deadline is the tick at whose end a session is over, if it is not heard again.
func (t *Table) deadline(s *Session) int64 { return t.end(s.heardAt, s.TimeoutMillis) }

// end is the tick at whose end a timeout is over that began at a time of the table's clock.
func (t *Table) end(began int64, timeoutMillis int32) int64 {
	return t.roundUp(began + int64(timeoutMillis))
}

func (t *Table) clock(mono int64) int64 { return mono - t.skipped }

func (t *Table) roundUp(clock int64) int64 {
	return (clock/t.tickMillis + 1) * t.tickMillis
}

func byID(a, b *Session) int { return cmp.Compare(a.ID, b.ID) }
