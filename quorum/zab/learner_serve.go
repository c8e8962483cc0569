package zab

import (
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// questions are what one side has asked the other and waits to hear.
type questions struct {
	pings    []jute.Zxid            // of the leader, in order; the chain has the answers
	syncs    int                    // of this server's clients
	sessions map[jute.SessionID]int // how often the leader was asked about a session
}

// syncRequest is the sync of this learner: the body of a client's for the path "/", which nobody
// looks at. A SYNC names no request, so it needs no session either.
//
// read-only: bytes of a request.
var syncRequest = jute.LearnerRequest{Type: jute.OpSync, Body: []byte{0, 0, 0, 1, '/'}}

// Forward sends a client's write to the leader. Only a learner that serves clients is asked for it.
func (l *Learner) Forward(r *jute.LearnerRequest) {
	l.mustServe()
	to := l.out.To(l.link)
	*to = ensemble.AppendRequest(*to, r)
}

// Sync asks the leader for a place in the order of commits. The delivery Synced says that it is
// reached. It always returns true: the chain has to wait.
func (l *Learner) Sync() bool {
	l.Forward(&syncRequest)
	l.asked.syncs++
	return true
}

// Revalidate asks the leader whether a session lives and may be continued here. The delivery
// Revalidated answers, once for each call.
func (l *Learner) Revalidate(s jute.SessionTimeout) {
	l.mustServe()
	if l.asked.sessions == nil {
		l.asked.sessions = map[jute.SessionID]int{}
	}
	l.asked.sessions[s.Session]++
	appendRecord(l.out.To(l.link), ensemble.PacketRevalidate, -1, &s)
}

func (l *Learner) mustServe() {
	if !l.served {
		panic("zab: a learner that serves nobody is asked to ask its leader")
	}
}

// Heard answers the delivery Heard: the sessions that were heard since the last one. The slice is
// read during the call.
func (l *Learner) Heard(sessions []jute.SessionTimeout) {
	if len(l.asked.pings) == 0 {
		return
	}
	appendRecord(l.out.To(l.link), ensemble.PacketPing, l.asked.pings[0],
		&ensemble.Touches{Sessions: sessions})
	l.asked.pings = dropFirst(l.asked.pings, 1)
}

// ping takes the leader's question who is alive. Before UPTODATE an Apache leader takes nothing but
// acknowledgements for an answer.
func (l *Learner) ping(p *ensemble.QuorumPacket) {
	if l.phase == following {
		l.asked.pings = append(l.asked.pings, p.Zxid)
		l.out.Tell(effects.Delivery{Kind: effects.Heard})
	}
}

func (l *Learner) synced(p *ensemble.QuorumPacket) error {
	if l.asked.syncs == 0 {
		return l.misplaced(p)
	}
	l.asked.syncs--
	l.out.Tell(effects.Delivery{Kind: effects.Synced})
	return nil
}

func (l *Learner) revalidated(p *ensemble.QuorumPacket) error {
	var r ensemble.Revalidated
	if err := readData(p, &r); err != nil {
		return err
	}
	switch l.asked.sessions[r.Session] {
	case 0:
		return l.misplaced(p)
	case 1:
		delete(l.asked.sessions, r.Session)
	default:
		l.asked.sessions[r.Session]--
	}
	l.out.Tell(effects.Delivery{
		Kind: effects.Revalidated, OK: r.Valid, Session: jute.SessionTimeout{Session: r.Session},
	})
	return nil
}
