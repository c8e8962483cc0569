package lease

import (
	"math"
	"slices"

	"quoll/internal/sim/history"
	"quoll/jute"
)

// Rules hold for the whole life of the server.
type Rules struct {
	TickMillis     int64 // a session ends with a tick
	IntervalMillis int64 // how often the server looks at the time
	// KernelTells: the server can ask when the last byte of a connection came.
	KernelTells bool
	// Throttled: a connect request may wait in line, and gives the full timeout only afterwards.
	Throttled              bool
	MinTimeout, MaxTimeout int32 // the timeout that is asked for is clamped to these
}

// Book is what is known of the sessions of one life of the server.
type Book struct {
	Rules
	stands []stand
	leases map[jute.SessionID]*lease
	askers map[jute.SessionID][]asker
	over   map[jute.SessionID]bool // their end is proposed, in this role
	ticked int64                   // when the server was last told of the time
}

// lease is a session that lives.
type lease struct {
	since   int64 // it began then or before
	timeout int32
	// owners are the connections that may have it. When two got it at one moment nobody outside can
	// tell which was the second, until the server closes the first.
	owners []asker
}

// asker is a connection that asked for a session, or has it.
type asker struct {
	wire    *Wire
	timeout int32
}

// NewBook begins a life.
func NewBook(rules Rules, now int64) *Book {
	return &Book{
		Rules: rules, ticked: now,
		leases: map[jute.SessionID]*lease{}, askers: map[jute.SessionID][]asker{},
		over: map[jute.SessionID]bool{},
	}
}

// Ticked: the server was told of the time.
func (b *Book) Ticked(now int64) { b.ticked = now }

// TickedAt is when the server was last told of the time.
func (b *Book) TickedAt() int64 { return b.ticked }

// Restored: a session was found on disk.
func (b *Book) Restored(id jute.SessionID, timeout int32, now int64) {
	b.leases[id] = &lease{since: now, timeout: timeout}
}

// Created: a session was proposed. Its connect request was heard before, and the server counts from
// its last tick.
func (b *Book) Created(id jute.SessionID, timeout int32, now int64) {
	b.leases[id] = &lease{since: min(now, b.ticked), timeout: timeout}
}

// Asked: a connection asks for a session; id is 0 for a new one.
func (b *Book) Asked(id jute.SessionID, timeout int32, w *Wire) {
	if w.asked {
		return
	}
	w.asked = true
	w.timeout = min(max(timeout, b.MinTimeout), b.MaxTimeout)
	if id != 0 {
		b.askers[id] = append(b.askers[id], asker{w, w.timeout})
	}
}

// Opened: a connection has got the session.
func (b *Book) Opened(id jute.SessionID, timeout int32, w *Wire, now int64) {
	w.session, w.opened, w.timeout = true, now, timeout
	if b.over[id] {
		return // a session may end before its connect request is answered
	}
	l := b.leases[id]
	if l == nil {
		l = new(lease)
		b.leases[id] = l
	}
	l.owners = slices.DeleteFunc(l.owners, func(o asker) bool {
		return o.wire.ended > 0 && o.wire.ended < now-b.TickMillis
	})
	l.owners = append(l.owners, asker{w, timeout})
}

// holders are the owners of a session that are still open; all owners, if none is.
func (l *lease) holders() []asker {
	standing := slices.DeleteFunc(slices.Clone(l.owners), func(o asker) bool {
		return o.wire.ended > 0
	})
	if len(standing) == 0 {
		return l.owners
	}
	return standing
}

// Ended: the end of a session is proposed.
func (b *Book) Ended(id jute.SessionID) {
	delete(b.leases, id)
	b.over[id] = true
}

// RoleOver: a role ends. An end that it proposed may be lost, and the session lives on.
func (b *Book) RoleOver() { clear(b.over) }

// tickSlack is how much later than its deadline a session may end when nothing else delays it.
func (b *Book) tickSlack() int64 { return 2 * b.TickMillis }

// lookMillis is how long after a moment the server may need until it looks at a connection.
func (b *Book) lookMillis(since int64) int64 { return 2*b.IntervalMillis + 5 + b.delayed(since) }

// Expired is why a session may have ended that did not ask for it. Either the connection that had
// it last gave no more sign, or a connection that asked for it was not answered yet. nil: for no
// reason.
func (b *Book) Expired(id jute.SessionID, now int64) *history.Expiry {
	why := sooner(b.Left(id, now), b.Unanswered(id, now, 0))
	if why != nil {
		why.Latest = b.latest(id, now)
	}
	return why
}

// Left is why a session may have ended whose connections give no more sign; nil: none has it.
func (b *Book) Left(id jute.SessionID, now int64) (why *history.Expiry) {
	l := b.leases[id]
	switch {
	case l == nil:
	case len(l.owners) == 0:
		why = b.expiry(now, l.since, l.timeout)
	default:
		for _, o := range l.holders() {
			why = sooner(why, b.expiry(now, o.wire.sign(now), o.timeout))
		}
	}
	return why
}

// Unanswered is why a session may have ended for which a connection asked after a time, and was not
// answered yet; nil: none did.
func (b *Book) Unanswered(id jute.SessionID, now, after int64) (why *history.Expiry) {
	for _, a := range b.askers[id] {
		if !a.wire.session && a.wire.spoke >= after {
			why = sooner(why, b.expiry(now, a.wire.spoke, a.timeout))
		}
	}
	return why
}

func (b *Book) expiry(now, heard int64, timeout int32) *history.Expiry {
	return &history.Expiry{At: now, Heard: heard, Timeout: timeout, Stood: b.stood(heard)}
}

// sooner is the reason that allows the sooner end.
func sooner(x, y *history.Expiry) *history.Expiry {
	if x == nil || y != nil && y.Deadline() < x.Deadline() {
		return y
	}
	return x
}

// latest is when a session must have ended at the latest.
func (b *Book) latest(id jute.SessionID, now int64) int64 {
	if b.Throttled {
		return math.MaxInt64
	}
	latest := int64(0)
	consider := func(last int64, timeout int32) {
		latest = max(latest, last+int64(timeout)+b.delayed(last)+b.tickSlack())
	}
	if l := b.leases[id]; l != nil && len(l.owners) == 0 {
		consider(l.since, l.timeout)
	} else if l != nil {
		for _, o := range l.owners {
			consider(o.wire.last(now), o.timeout)
		}
	}
	for _, a := range b.askers[id] {
		if !a.wire.session {
			consider(a.wire.taken, a.timeout)
		}
	}
	return latest
}

// Overdue is a session that should have ended; ok is false when there is none.
func (b *Book) Overdue(now int64) (id jute.SessionID, latest int64, ok bool) {
	var late []jute.SessionID
	for id := range b.leases { // order-free: sorted below
		if now > b.latest(id, now) {
			late = append(late, id)
		}
	}
	if len(late) == 0 {
		return 0, 0, false
	}
	id = slices.Min(late)
	return id, b.latest(id, now), true
}

// turnMillis is how long a turn of a lane can take.
const turnMillis = 2

// HeardSince are the sessions whose newest connection is open, and from which the server took bytes
// after one moment and before another, when the connection had the session.
func (b *Book) HeardSince(after, before int64) (ids []jute.SessionID) {
	for id, l := range b.leases { // order-free: sorted below
		if len(l.owners) == 0 {
			continue
		}
		w := l.owners[len(l.owners)-1].wire
		// A lane's mark is as old as its turn.
		if w.ended == 0 && w.spoke > max(after, w.opened)+turnMillis && w.spoke < before {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// OpenedAt is when a connection got a session last, 0 when none did.
func (b *Book) OpenedAt(id jute.SessionID) (at int64) {
	if l := b.leases[id]; l != nil {
		for _, o := range l.owners {
			at = max(at, o.wire.opened)
		}
	}
	return at
}

// Stood is by how much, at least, a deadline has moved since a time because the process stood
// still.
func (b *Book) Stood(since int64) int64 { return b.stood(since) }
