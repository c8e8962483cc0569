package zab

import (
	"fmt"
	"slices"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/intake"
)

// forwarded are the types that learners forward.
func forwarded(op jute.OpCode) bool {
	switch op {
	case jute.OpCreate, jute.OpCreate2, jute.OpCreateTTL, jute.OpCreateContainer, jute.OpDelete,
		jute.OpDeleteContainer, jute.OpSetData, jute.OpSetACL, jute.OpMulti, jute.OpCheck,
		jute.OpReconfig, jute.OpCreateSession, jute.OpCloseSession, jute.OpSync:
		return true
	}
	return false
}

// takeRequest handles REQUEST.
func (le *Leader) takeRequest(p *peer, q *ensemble.QuorumPacket, bytes int) error {
	r, err := q.LearnerRequest()
	if err != nil {
		return le.drop(p, fmt.Errorf("%w: REQUEST of server %d: %w", ErrProtocol, p.sid, err))
	}
	if !forwarded(r.Type) {
		return le.drop(p, fmt.Errorf("%w: REQUEST of server %d has the type %v", ErrProtocol, p.sid,
			r.Type))
	}
	round := uint64(0)
	if r.Type == jute.OpSync {
		round = le.askRound()
	}
	p.intake.Take(&r, bytes, round)
	le.release(p)
	return nil
}

// releaseHeld handles what was held in an earlier turn. What was told then has its tickets now.
func (le *Leader) releaseHeld() {
	for _, p := range le.peers {
		p.intake.Told(le.turn(), le.out.Given())
		le.release(p)
	}
}

// turn is the number of the step whose effects gather now.
func (le *Leader) turn() uint64 { return le.out.Turn() + 1 }

// release handles what was held, up to a sync that must still wait.
func (le *Leader) release(p *peer) {
	for {
		turn := intake.Turn{Number: le.turn(), Told: le.told, Back: le.rounds.Back()}
		r, ok := p.intake.Next(turn)
		switch {
		case !ok:
			le.throttle(p)
			return
		case r.Question:
			s := jute.SessionTimeout{Session: r.Session, TimeOut: r.TimeOut}
			le.out.Tell(effects.Delivery{Kind: effects.Revalidate, Link: p.link, Session: s})
		case r.Type == jute.OpSync:
			p.cursor.Sync(le.log.History.Last(), le.to(p))
		default:
			le.told = turn.Number
			request := r.LearnerRequest
			le.out.Tell(effects.Delivery{Kind: effects.Request, Link: p.link, Request: request})
		}
	}
}

// settleIntakes makes room when transactions are durable.
func (le *Leader) settleIntakes(ticket effects.Ticket) {
	for _, p := range le.peers {
		p.intake.Settle(ticket)
		le.throttle(p)
	}
}

// throttle stops reading from a connection when too much of it waits, and goes on when there is
// room.
func (le *Leader) throttle(p *peer) {
	if op := p.intake.Flow(); op != 0 {
		le.out.Link(effects.LinkOp{Kind: op, Link: p.link})
	}
}

// askRound begins a round of PINGs if it can, and gives the one that a sync which comes now waits
// for; 0: none.
func (le *Leader) askRound() uint64 {
	if !le.config.QuorumSync {
		return 0
	}
	round := le.rounds.Ask(le.turn())
	if le.rounds.Due() {
		le.ping()
	}
	return round
}

// countRounds looks which rounds have come back, and answers the own syncs that have waited for
// them. It may be called for the chain, which has not proposed yet what it is being told. So what
// learners have sent is not released here.
func (le *Leader) countRounds() {
	if !le.config.QuorumSync || !le.rounds.Settle(le.roundOfQuorum) {
		return
	}
	le.answerSyncs()
	if le.rounds.Due() {
		le.ping()
	}
}

// roundOfQuorum reports whether the servers of a quorum followed this one when a round began.
func (le *Leader) roundOfQuorum(round uint64) bool {
	return le.config.Members.Quorum(func(id jute.PeerID) bool {
		return id == le.config.Me || slices.ContainsFunc(le.peers, func(p *peer) bool {
			return p.voter && p.sid == id && p.pings.Has(round)
		})
	})
}

// takePing handles a learner's answer to a PING.
func (le *Leader) takePing(p *peer, q *ensemble.QuorumPacket) error {
	var touches ensemble.Touches
	if err := readData(q, &touches); err != nil {
		return le.drop(p, err)
	}
	for _, s := range touches.Sessions {
		le.out.Tell(effects.Delivery{Kind: effects.Touch, Link: p.link, Session: s})
	}
	p.pings.Answer(&le.rounds)
	le.countRounds()
	le.releaseHeld()
	return nil
}

// takeRevalidate handles a learner's question for a session. It does not overtake the requests that
// are held.
func (le *Leader) takeRevalidate(p *peer, q *ensemble.QuorumPacket, bytes int) error {
	var s jute.SessionTimeout
	if err := readData(q, &s); err != nil {
		return le.drop(p, err)
	}
	p.intake.Ask(s, bytes)
	le.release(p)
	return nil
}

// Revalidated is the chain's answer to the delivery Revalidate.
func (le *Leader) Revalidated(link effects.LinkID, id jute.SessionID, ok bool) {
	if p := le.peer(link); p != nil {
		answer := ensemble.Revalidated{Session: id, Valid: ok}
		le.sendRecord(p, ensemble.PacketRevalidate, -1, &answer)
	}
}
