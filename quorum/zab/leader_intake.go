package zab

import (
	"fmt"
	"slices"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// intake is what a learner has sent and the leader has not dealt with.
//
// A sync must be answered behind the transactions of the requests in front of it and before those
// of the requests behind it. The chain makes a transaction of a request only when the effects of a
// step are carried out. So a sync that comes behind a request in the same step waits for the next
// step, and with it whatever comes behind.
type intake struct {
	toldIn uint64 // the turn in which the last request was told, counted from 1
	held   []heldRequest
	// bytes are those of requests that are held, or whose transactions are not on this server's
	// disk. fresh are those that have no mark yet.
	bytes, fresh int
	marks        []intakeMark
	paused       bool
}

type heldRequest struct {
	request jute.LearnerRequest
	bytes   int
}

// intakeMark says that the transactions of so many bytes are durable with a ticket.
type intakeMark struct {
	ticket effects.Ticket
	bytes  int
}

// intakeLimit is how many bytes of a learner's requests may wait. The own disk alone makes room, so
// that a learner that is not read from cannot keep back the ACK that it waits for.
const intakeLimit = 16 << 20

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
	in := &p.intake
	in.bytes += bytes
	in.held = append(in.held, heldRequest{r, bytes})
	le.release(p)
	if !in.paused && in.bytes > intakeLimit {
		in.paused = true
		le.out.Link(effects.LinkOp{Kind: effects.Pause, Link: p.link})
	}
	return nil
}

// releaseHeld handles what was held in an earlier turn. What was told then has its tickets now.
func (le *Leader) releaseHeld() {
	for _, p := range le.peers {
		if in := &p.intake; in.fresh > 0 && in.toldIn <= le.out.Turn() {
			in.marks = append(in.marks, intakeMark{le.out.Given(), in.fresh})
			in.fresh = 0
		}
		if len(p.intake.held) > 0 {
			le.release(p)
		}
	}
}

// release handles what was held, up to a sync that must still wait.
func (le *Leader) release(p *peer) {
	in, turn := &p.intake, le.out.Turn()+1
	n := 0
	for ; n < len(in.held); n++ {
		h := &in.held[n]
		if h.request.Type == jute.OpSync {
			if in.toldIn == turn {
				break
			}
			in.bytes -= h.bytes
			p.cursor.Sync(le.log.History.Last(), le.to(p))
			continue
		}
		in.toldIn = turn
		in.fresh += h.bytes
		le.out.Tell(effects.Delivery{Kind: effects.Request, Link: p.link, Request: h.request})
	}
	in.held = slices.Delete(in.held, 0, n)
}

// settleIntakes makes room when transactions are durable.
func (le *Leader) settleIntakes(ticket effects.Ticket) {
	for _, p := range le.peers {
		in := &p.intake
		for len(in.marks) > 0 && in.marks[0].ticket <= ticket {
			in.bytes -= in.marks[0].bytes
			in.marks = in.marks[1:]
		}
		if in.paused && in.bytes <= intakeLimit/2 {
			in.paused = false
			le.out.Link(effects.LinkOp{Kind: effects.Resume, Link: p.link})
		}
	}
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
	return nil
}

// takeRevalidate handles a learner's question for a session.
func (le *Leader) takeRevalidate(p *peer, q *ensemble.QuorumPacket) error {
	var s jute.SessionTimeout
	if err := readData(q, &s); err != nil {
		return le.drop(p, err)
	}
	le.out.Tell(effects.Delivery{Kind: effects.Revalidate, Link: p.link, Session: s})
	return nil
}

// Revalidated is the chain's answer to the delivery Revalidate.
func (le *Leader) Revalidated(link effects.LinkID, id jute.SessionID, ok bool) {
	if p := le.peer(link); p != nil {
		answer := ensemble.Revalidated{Session: id, Valid: ok}
		le.sendRecord(p, ensemble.PacketRevalidate, -1, &answer)
	}
}
