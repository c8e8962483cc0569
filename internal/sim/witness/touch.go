package witness

import (
	"slices"

	"quoll/internal/sim/history"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// touches is what a leader was told of the sessions of others: when it heard last of each, by a
// learner's PING, a question that it affirmed, or its own transaction, and with which timeout.
// Times are ms on its clock.
type touches struct {
	since int64 // the reign began then: every session had its full timeout
	last  map[jute.SessionID]touch
	asked map[jute.SessionID]int32 // the timeouts with which learners asked for sessions
	moved map[jute.SessionID]int64 // when a learner got a session
	words map[jute.SessionID]touch // the last word of any learner
	// owners are the links that have sessions, as far as the leader knows it.
	owners map[jute.SessionID]effects.LinkID
}

type touch struct {
	at      int64
	timeout int32
}

// Reigns: a reign of the member begins.
func (w *Witness) Reigns() {
	w.since, w.last = w.Millis(), map[jute.SessionID]touch{}
	w.words = map[jute.SessionID]touch{}
	w.owners = map[jute.SessionID]effects.LinkID{}
	clear(w.waiting)
}

// Touch: the member was heard of a session by now.
func (w *Witness) Touch(id jute.SessionID, timeout int32) {
	w.touch(id, touch{w.Millis(), timeout})
}

// Created: a session begins. The leader counts from its last tick.
func (w *Witness) Created(id jute.SessionID, timeout int32) {
	w.touch(id, touch{min(w.Millis(), w.Leases.TickedAt()), timeout})
}

func (w *Witness) touch(id jute.SessionID, t touch) {
	if w.last != nil {
		w.World.Note("node %d hears of session %v, timeout %d, at %d", w.Node, id, t.timeout, t.at)
		w.last[id] = t
	}
}

// touched takes a learner's answer to a PING.
func (w *Witness) touched(link effects.LinkID, q *ensemble.QuorumPacket) {
	var r ensemble.Touches
	if _, err := jute.Decode(q.Data, &r); err != nil {
		return
	}
	for _, s := range r.Sessions {
		w.word(s)
		if w.owns(link, s.Session) {
			w.Touch(s.Session, s.TimeOut)
		}
	}
}

// word notes that a learner has heard a session, whether or not the session is its own.
func (w *Witness) word(s jute.SessionTimeout) {
	if w.words != nil {
		w.words[s.Session] = touch{w.Millis(), s.TimeOut}
	}
}

// owns says whether a session may be the learner's of a link: it is nobody else's.
func (w *Witness) owns(link effects.LinkID, id jute.SessionID) bool {
	owner, owned := w.owners[id]
	return w.Leases.OpenedAt(id) <= max(w.moved[id], w.since) && (!owned || owner == link)
}

// Expiry is why a leader may end a session that did not ask for it: nothing was heard of it for as
// long as its timeout, neither by the leader nor by a learner. least is the shortest timeout that
// the session ever had. Nobody outside knows how late the end may be.
func (w *Witness) Expiry(id jute.SessionID, now int64, least int32) *history.Expiry {
	x := &history.Expiry{At: now, Heard: w.since, Timeout: least}
	t, touched := w.last[id]
	if touched {
		x.Heard, x.Timeout = t.at, t.timeout
	}
	x.Stood = w.Leases.Stood(x.Heard)
	own, opened := w.Leases.Left(id, now), w.Leases.OpenedAt(id)
	// A learner's word counts for nothing once the leader has given the session to a connection of
	// its own. That is some time before it answers.
	overtaken := touched && t.at <= opened
	if own != nil && (own.Heard >= x.Heard || overtaken) && opened >= w.moved[id] {
		x = own
	}
	timeout := x.Timeout
	if own != nil {
		timeout = min(timeout, own.Timeout)
	}
	// The leader may have given the session to a connection that it has not answered.
	if asks := w.Leases.Unanswered(id, now, w.moved[id]); asks != nil {
		timeout = min(timeout, asks.Timeout)
		if asks.Deadline() < x.Deadline() {
			x = asks
		}
	}
	w.heardOf(id, x, timeout)
	x.Latest = history.AnyTime
	return x
}

// heardOf counts the last word of any learner for a sign of life. Its timeout counts only if it is
// the learner that has the session, so the shortest that the session may have is taken. A
// connection that has got the session at the leader meanwhile counts from the leader's last tick.
func (w *Witness) heardOf(id jute.SessionID, x *history.Expiry, timeout int32) {
	word, told := w.words[id]
	if at := word.at - w.Leases.IntervalMillis; told && at > x.Heard {
		x.Heard, x.Timeout = at, min(timeout, word.timeout)
		x.Stood = w.Leases.Stood(at)
	}
}

// tells checks the sessions that a learner names in its answer to a PING: all whose clients it has
// heard since the last one.
func (w *Witness) tells(q *ensemble.QuorumPacket) {
	var r ensemble.Touches
	if _, err := jute.Decode(q.Data, &r); err != nil {
		w.World.Violate("node %d: a PING that cannot be read: %v", w.Node, err)
		return
	}
	named := func(id jute.SessionID) bool {
		return slices.ContainsFunc(r.Sessions, func(s jute.SessionTimeout) bool {
			return s.Session == id
		})
	}
	now := w.Millis()
	for _, id := range w.Leases.HeardSince(w.told, now) {
		if !named(id) {
			w.World.Violate("node %d has heard session %v since its last PING and does not say so",
				w.Node, id)
		}
	}
	w.told = now
}
