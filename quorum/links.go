package quorum

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"quoll/jute"
	"quoll/quorum/config"
	"quoll/quorum/effects"
	"quoll/quorum/zab"
)

const (
	// holdFor is how long a connection may wait while this server looks. A learner of Apache's
	// waits initLimit on a connection that stays silent, so it is not kept for long; but one that
	// knows the result of an election before this server does gains the time of another dial.
	holdFor = time.Second
	// maxHeld is how many connections may wait; the oldest makes room. maxFirst is how long their
	// first packet may be, in bytes: FOLLOWERINFO has about 40.
	maxHeld  = 64
	maxFirst = 1 << 10

	// redialSoon is the pause between dials of a new leader in the first soonFor, because it may
	// learn only now that it leads. Behind that it is dialled lateTries times more, as Apache's
	// learners do.
	redialSoon = 10 * time.Millisecond
	soonFor    = 500 * time.Millisecond
	redialLate = 100 * time.Millisecond
	lateTries  = 5

	// A learner whose role never was part of a reign dials the next leader at once. After the
	// second such role in a row it waits for firstDelay, and after each further one for twice as
	// long, up to maxDelay or a quarter of initLimit: a leader waits for those whom it needs no
	// longer than initLimit.
	firstDelay = 10 * time.Millisecond
	maxDelay   = time.Second
)

// links are the connections of the quorum port.
type links struct {
	listens bool
	open    []effects.LinkID // those of the role, in the order in which they came
	held    []held           // those that wait while this server looks, oldest first
}

// held is a connection that has come before the election has ended. A learner says one packet and
// waits for the answer.
type held struct {
	link  effects.LinkID
	since time.Duration
	first []byte // its packet, or nil
}

func (l *links) own(link effects.LinkID) { l.open = append(l.open, link) }

// owns reports whether a connection is one of the role, and forgets it if it has ended.
func (l *links) owns(ev *effects.LinkEvent) bool {
	i := slices.Index(l.open, ev.Link)
	if i >= 0 && ev.Kind == effects.Closed {
		l.open = slices.Delete(l.open, i, i+1)
	}
	return i >= 0
}

// joining is how a learner finds its leader.
type joining struct {
	leader jute.PeerID
	ports  []config.HostPort
	since  time.Duration // the first dial
	dialAt time.Duration // the next one
	dials  bool          // the last dial is not answered yet; older ones may not be either
	late   int           // dials behind soonFor that have failed

	failures int // roles in a row that were never part of a reign
	// empty is the leader and the epoch to which this server has no history, because its own one
	// cannot be cut as that leader wants.
	empty struct {
		leader jute.PeerID
		epoch  int64
	}
	// silent is the leader that was left last, if that was because it said nothing any more.
	silent *jute.PeerID
}

func (j *joining) succeeded() { j.failures, j.empty.epoch = 0, 0 }

// ended remembers how the role of a learner has ended.
func (j *joining) ended(l *zab.Learner, reigned bool, why error) {
	if leader := j.leader; errors.Is(why, zab.ErrTimeout) {
		j.silent = &leader
	}
	if !reigned {
		j.failures++
	}
	if epoch, ok := l.RejoinEmpty(); ok {
		j.empty.leader, j.empty.epoch = j.leader, epoch
	}
}

// delay is how long the next leader is not dialled.
func (j *joining) delay(initLimit time.Duration) time.Duration {
	if j.failures < 2 {
		return 0
	}
	return min(maxDelay, initLimit/4, firstDelay<<min(j.failures-2, 10))
}

// listen lets learners in while this server may lead.
func (p *Peer) listen() {
	votes := p.config.Members.Votes(p.config.Me) && p.config.Members.Weight(p.config.Me) > 0
	if votes && !p.links.listens {
		p.links.listens = true
		p.pending.Link(effects.LinkOp{Kind: effects.Listen, Ports: p.config.Listen})
	}
}

func (p *Peer) unlisten() {
	if p.links.listens {
		p.links.listens = false
		p.pending.Link(effects.LinkOp{Kind: effects.Unlisten})
	}
}

func (p *Peer) close(link effects.LinkID) {
	p.pending.Link(effects.LinkOp{Kind: effects.Close, Link: link})
}

// closeAll ends the connections of a role.
func (p *Peer) closeAll() {
	for _, link := range p.links.open {
		p.close(link)
	}
	p.links.open = nil
}

// link takes what has happened to a connection. Events of connections of an earlier role are
// dropped.
func (p *Peer) link(ev *effects.LinkEvent) {
	switch {
	case ev.Kind == effects.Failed:
		p.dialFailed(ev)
	case ev.Kind == effects.Connected && p.stage == dialling && ev.Peer == p.join.leader:
		p.learn(ev.Link)
	case ev.Kind == effects.Accepted && p.stage == looking:
		p.hold(ev.Link)
	case ev.Kind == effects.Accepted && p.stage == leading:
		p.links.own(ev.Link)
		p.after(p.role.Link(p.now, ev))
	case ev.Kind == effects.Connected || ev.Kind == effects.Accepted:
		p.close(ev.Link)
	case p.links.owns(ev):
		p.after(p.role.Link(p.now, ev))
	default:
		p.heldLink(ev)
	}
}

// hold keeps a connection until the election is over.
func (p *Peer) hold(link effects.LinkID) {
	if len(p.links.held) == maxHeld {
		p.close(p.links.held[0].link)
		p.links.held = slices.Delete(p.links.held, 0, 1)
	}
	p.links.held = append(p.links.held, held{link: link, since: p.now})
}

// heldLink takes an event of a connection that waits.
func (p *Peer) heldLink(ev *effects.LinkEvent) {
	i := slices.IndexFunc(p.links.held, func(h held) bool { return h.link == ev.Link })
	if i < 0 || ev.Kind == effects.Wrote {
		return
	}
	if ev.Kind == effects.Packet && p.links.held[i].first == nil && len(ev.Data) <= maxFirst {
		p.links.held[i].first = ev.Data
		return
	}
	if ev.Kind != effects.Closed {
		p.close(ev.Link) // no learner says more before it is answered
	}
	p.links.held = slices.Delete(p.links.held, i, i+1)
}

// expireHeld ends connections that have waited for too long.
func (p *Peer) expireHeld() {
	n := 0
	for ; n < len(p.links.held) && p.now >= p.links.held[n].since+holdFor; n++ {
		p.close(p.links.held[n].link)
	}
	p.links.held = slices.Delete(p.links.held, 0, n)
}

// admitHeld hands the connections that have waited to the leader.
func (p *Peer) admitHeld() {
	all := p.links.held
	p.links.held = nil
	for _, h := range all {
		p.link(&effects.LinkEvent{Kind: effects.Accepted, Link: h.link})
		if h.first != nil {
			p.link(&effects.LinkEvent{Kind: effects.Packet, Link: h.link, Data: h.first})
		}
	}
}

// follow begins to dial the leader that is elected.
func (p *Peer) follow() {
	p.stage = dialling
	p.unlisten()
	for _, h := range p.links.held {
		p.close(h.link)
	}
	p.links.held = nil
	j := &p.join
	j.leader, j.ports = p.member.Vote().Leader, nil
	leader, _ := p.config.Members.Member(j.leader)
	for _, a := range leader.Addresses {
		j.ports = append(j.ports, a.Quorum())
	}
	j.since = p.now + j.delay(p.config.Zab.InitLimit)
	j.dialAt, j.dials, j.late = j.since, false, 0
	p.dial()
}

// dial dials the leader when it is time to. Learners are not kept waiting by a leader that looks
// itself: it needs their votes, and may hold their connections meanwhile.
func (p *Peer) dial() {
	j := &p.join
	switch {
	case p.member.LeaderLooks() && p.stage == learning && !p.reigns:
		p.leave(fmt.Errorf("%w: server %d looks", ErrNoAnswer, j.leader))
	case p.stage != dialling:
	case p.member.LeaderLooks():
		p.giveUp(fmt.Errorf("%w: server %d looks", ErrNoAnswer, j.leader))
	case p.now >= j.since+p.config.Zab.ConnectLimit:
		p.giveUp(fmt.Errorf("%w: server %d, within %v", ErrNoAnswer, j.leader,
			p.config.Zab.ConnectLimit))
	case !j.dials && p.now >= j.dialAt:
		j.dials = true
		p.pending.Link(effects.LinkOp{Kind: effects.Dial, Peer: j.leader, Ports: j.ports})
	}
}

func (p *Peer) dialFailed(ev *effects.LinkEvent) {
	j := &p.join
	if ev.Peer != j.leader {
		return
	}
	j.dials = false
	if p.stage != dialling {
		return
	}
	if p.now < j.since+soonFor {
		j.dialAt = p.now + redialSoon
		return
	}
	j.dialAt = p.now + p.config.Zab.RedialDelay
	if j.late++; j.late >= lateTries {
		p.giveUp(fmt.Errorf("%w: server %d: %w", ErrNoAnswer, j.leader, ev.Err))
	}
}

// giveUp looks again, because the leader cannot be reached. The chain has not heard of it.
func (p *Peer) giveUp(why error) {
	p.told.ended = append(p.told.ended, why)
	p.join.failures++
	p.look()
}
