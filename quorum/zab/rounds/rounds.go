package rounds

// Rounds are those of one leader. Each round sends one PING to each of its connections. The zero
// value is before the first one.
//
// Invariant: back <= begun.
type Rounds struct {
	begun  uint64 // the last round that has begun
	turn   uint64 // the step with whose effects its PINGs leave
	back   uint64 // the last round that has come back from a quorum
	wanted uint64 // the last round that somebody waits for
}

// Ask gives the round that whatever has come in this step must wait for: the next one, or the last
// one if its PINGs leave only when this step is over. turn is the number of the step, from 1 on.
func (r *Rounds) Ask(turn uint64) uint64 {
	round := r.begun + 1
	if r.turn == turn {
		round = r.begun
	}
	r.wanted = max(r.wanted, round)
	return round
}

// Due reports that a round should begin: somebody waits for it, and none is under way.
func (r *Rounds) Due() bool { return r.wanted > r.begun && r.back == r.begun }

// Begin begins a round. Its PINGs leave with the effects of this step.
func (r *Rounds) Begin(turn uint64) {
	r.begun++
	r.turn = turn
}

// Back is the last round that has come back from a quorum, and with it all before.
func (r *Rounds) Back() uint64 { return r.back }

// Settle looks which rounds have come back. quorum says whether a quorum has answered a round.
func (r *Rounds) Settle(quorum func(round uint64) bool) (changed bool) {
	for round := r.begun; round > r.back; round-- {
		if quorum(round) {
			r.back = round
			return true
		}
	}
	return false
}

// Link is the part of one connection. Before UPTODATE a learner answers no PING; from then on it
// answers each, in order.
type Link struct {
	before  uint64 // the rounds whose PINGs left in front of UPTODATE
	answers uint64
}

// Serve says that UPTODATE leaves now.
func (l *Link) Serve(r *Rounds) { l.before = r.begun }

// Answer counts an answer. One to no PING does not count.
func (l *Link) Answer(r *Rounds) {
	if l.before+l.answers < r.begun {
		l.answers++
	}
}

// Has reports whether the connection has answered the PING of a round, or a later one.
func (l *Link) Has(round uint64) bool { return l.answers > 0 && l.before+l.answers >= round }
