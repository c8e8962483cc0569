package intake

import (
	"quoll/jute"
	"quoll/quorum/effects"
)

// Intake is that of one connection. The zero value is empty.
//
// A sync must be answered behind the transactions of the requests in front of it and before those
// of the requests behind it. The chain makes a transaction of a request only when the effects of a
// step are carried out. So a sync that comes behind a request in the same step waits for the next
// step, and with it whatever comes behind. A sync may also wait for a round of PINGs (the package
// rounds).
//
// A question for a session (REVALIDATE) has its place in this order, too. If it overtook a request
// that an older connection of the session had sent, that request would be taken for one of the
// connection that gets the session now. The older connection may be another learner's. So a sync
// that comes behind a question in the same step waits, too, if a request of any learner was told in
// this step before the question.
type Intake struct {
	behind uint64 // the turn in which the last request was told that a sync must be behind
	held   []request
	first  int // of held: those before are dealt with
	// bytes are those of requests that are held, or whose transactions are not on this server's
	// disk. fresh are those that have no mark yet.
	bytes, fresh int
	asking       int // syncs that are held, and wait or have waited for a round
	marks        []mark
	paused       bool
}

type request struct {
	Asked
	bytes int
	round uint64 // which a sync waits for; 0: none
}

// Asked is a request, or a question: for Session alone, with the timeout that its client wants.
type Asked struct {
	jute.LearnerRequest
	Question bool
	TimeOut  int32
}

// mark says that the transactions of so many bytes are durable with a ticket.
type mark struct {
	ticket effects.Ticket
	bytes  int
}

// limit is how many bytes of a learner's requests may wait. The own disk alone makes room, so that
// a learner that is not read from cannot keep back the ACK that it waits for.
const limit = 16 << 20

// askingLimit is the limit while a sync waits for a round. The learner's answer to the PING comes
// behind what it has sent before, and the round may need this answer.
const askingLimit = 4 * limit

// Turn is a step of the leader.
type Turn struct {
	Number uint64 // from 1 on
	Told   uint64 // the last step in which a request was told, of whichever connection
	Back   uint64 // the rounds up to this one have come back
}

// Take takes a request that came in so many bytes. A sync waits for a round, or for none, which is
// 0.
func (in *Intake) Take(r *jute.LearnerRequest, bytes int, round uint64) {
	in.hold(request{Asked{LearnerRequest: *r}, bytes, round})
	if round > 0 {
		in.asking++
	}
}

// Ask takes a question that came in so many bytes.
func (in *Intake) Ask(s jute.SessionTimeout, bytes int) {
	asked := Asked{Question: true, TimeOut: s.TimeOut}
	asked.Session = s.Session
	in.hold(request{asked, bytes, 0})
}

func (in *Intake) hold(r request) {
	if in.first > 0 && len(in.held) == cap(in.held) {
		n := copy(in.held, in.held[in.first:])
		clear(in.held[n:])
		in.held, in.first = in.held[:n], 0
	}
	in.bytes += r.bytes
	in.held = append(in.held, r)
}

// Next gives the first request that is to be dealt with in a turn. A sync gets its place now, any
// other is told to the chain. Of a question no transaction comes. false: what is left must wait, or
// nothing is left.
func (in *Intake) Next(turn Turn) (r Asked, ok bool) {
	if in.first == len(in.held) {
		return r, false
	}
	h := &in.held[in.first]
	switch {
	case h.Question:
		in.behind = max(in.behind, turn.Told)
		in.bytes -= h.bytes
	case h.Type != jute.OpSync:
		in.behind = turn.Number
		in.fresh += h.bytes
	case in.behind == turn.Number, h.round > turn.Back:
		return r, false
	default:
		in.bytes -= h.bytes
	}
	if h.round > 0 {
		in.asking--
	}
	r = h.Asked
	*h = request{} // it holds on to the bytes of a packet
	if in.first++; in.first == len(in.held) {
		in.held, in.first = in.held[:0], 0
	}
	return r, true
}

// Told says that all tickets up to given are those of turns before this one: the transactions of
// what was told then are among them.
func (in *Intake) Told(turn uint64, given effects.Ticket) {
	if in.fresh > 0 && in.behind < turn {
		in.marks = append(in.marks, mark{given, in.fresh})
		in.fresh = 0
	}
}

// Settle makes room when transactions are durable.
func (in *Intake) Settle(ticket effects.Ticket) {
	for len(in.marks) > 0 && in.marks[0].ticket <= ticket {
		in.bytes -= in.marks[0].bytes
		in.marks = in.marks[1:]
	}
}

// Flow says what is to be done about the connection: Pause or Resume, or nothing, which is 0.
func (in *Intake) Flow() effects.LinkOpKind {
	most := limit
	if in.asking > 0 {
		most = askingLimit
	}
	switch {
	case !in.paused && in.bytes > most:
		in.paused = true
		return effects.Pause
	case in.paused && in.bytes <= most/2:
		in.paused = false
		return effects.Resume
	}
	return 0
}

// Excused reports that the learner cannot be heard, for a reason that passes by itself. That it
// waits for a round does not: without the answer that is not read the round may never come back.
func (in *Intake) Excused() bool { return in.paused && in.asking == 0 }

// Syncs is how many syncs are held.
func (in *Intake) Syncs() (n int) {
	for i := range in.held[in.first:] {
		if in.held[in.first+i].Type == jute.OpSync {
			n++
		}
	}
	return n
}
