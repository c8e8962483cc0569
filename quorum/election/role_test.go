package election

import (
	"fmt"
	"slices"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// What servers do between elections, as far as elections depend on it: a leader needs a quorum of
// followers within initLimit, and again and again within syncLimit; it takes an epoch that nobody of
// that quorum has accepted, and steps down for one who knows more; a follower needs its leader.

const (
	initLimit = 1000 * ms
	syncLimit = 500 * ms
	roleTick  = 50 * ms
)

type role struct {
	gen         int // counts roles
	since       int64
	established bool
	epoch       int64 // of the reign, once it began
	tries       int
	leader      *node  // whom it follows, once it has joined
	reign       [2]int // that leader's process and role
	synced      bool
	heardAt     int64 // from the leader, or of a leader from its quorum
}

func (n *node) look() {
	n.role = role{gen: n.role.gen + 1}
	n.s.say("%d looks: zxid %v, epoch %d", n.sid, n.standing.Zxid, n.standing.PeerEpoch)
	n.member.Look(n.s.now(), n.standing)
}

// later does something in a role, unless it has ended.
func (n *node) later(wait int64, do func()) {
	life, gen := n.life, n.role.gen
	n.s.After(wait, func() {
		n.at(life, func() {
			if n.role.gen == gen {
				do()
			}
		})
	})
}

func (n *node) elected() {
	v := n.member.Vote()
	n.role = role{gen: n.role.gen + 1, since: n.s.Now, heardAt: n.s.Now}
	n.s.say("%d is %s: leader %d, zxid %v, epoch %d, round %d",
		n.sid, n.member.State(), v.Leader, v.Zxid, v.PeerEpoch, v.Round)
	n.s.oracle.elected(n.s, n, v)
	if n.member.State() == ensemble.Leading {
		n.later(0, n.lead)
	} else {
		n.later(n.s.Rand.Int64N(20*ms), n.join)
	}
}

func (n *node) join() {
	l := n.s.node(n.member.Vote().Leader)
	if n.s.talk(n, l) && l.member.State() == ensemble.Leading {
		n.role.leader, n.role.heardAt = l, n.s.Now
		n.role.reign = [2]int{l.life, l.role.gen}
		n.later(roleTick, n.follow)
		return
	}
	if n.role.tries++; n.role.tries == 5 {
		n.look()
		return
	}
	n.later(100*ms, n.join)
}

func (n *node) follow() {
	l := n.role.leader
	switch {
	case !l.alive && !l.down, n.role.reign != [2]int{l.life, l.role.gen}:
		n.look() // the connection has ended
		return
	case n.s.talk(n, l):
		n.role.heardAt = n.s.Now
	case n.s.Now-n.role.heardAt > syncLimit:
		n.look()
		return
	}
	n.later(roleTick, n.follow)
}

// followers are those who have joined a leader and can be heard.
func (n *node) followers() (all []*node, voters []jute.PeerID) {
	for _, f := range n.s.nodes {
		joined := f.role.leader == n && f.role.reign == [2]int{n.life, n.role.gen}
		if f == n || joined && n.s.talk(n, f) {
			all = append(all, f)
			if n.s.config.Votes(f.sid) {
				voters = append(voters, f.sid)
			}
		}
	}
	return all, voters
}

func among(sids []jute.PeerID) func(jute.PeerID) bool {
	return func(sid jute.PeerID) bool { return slices.Contains(sids, sid) }
}

func (n *node) lead() {
	followers, voters := n.followers()
	if n.s.config.Quorum(among(voters)) {
		n.role.heardAt = n.s.Now
		if !n.role.established && !n.establish(followers) {
			n.look()
			return
		}
		if !n.sync(followers) {
			n.look()
			return
		}
	}
	limit := initLimit
	if n.role.established {
		limit = syncLimit
	}
	if n.s.Now-n.role.heardAt > limit {
		n.look()
		return
	}
	n.later(roleTick, n.lead)
}

// establish is discovery: a new epoch, accepted by a quorum of which nobody knows more. One without
// weight may: nothing was committed by it.
func (n *node) establish(followers []*node) bool {
	own := candidate(n.sid, true, n.standing)
	epoch := int64(0)
	for _, f := range followers {
		theirs := candidate(n.sid, true, f.standing)
		if n.s.config.Weight(f.sid) > 0 && theirs.better(own) {
			n.s.say("%d steps down: %d has zxid %v of epoch %d",
				n.sid, f.sid, f.standing.Zxid, f.standing.PeerEpoch)
			n.s.Counts.Add("election", "a follower knew more")
			return false
		}
		epoch = max(epoch, f.accepted+1)
	}
	for _, f := range followers {
		f.accepted = epoch
	}
	n.role.established, n.role.epoch = true, epoch
	n.standing.PeerEpoch = epoch
	n.s.oracle.reigns(n.s, n, epoch)
	n.member.Reign(epoch)
	n.s.say("%d begins the reign of epoch %d with %d", n.sid, epoch, len(followers))
	return true
}

// sync brings those who have joined up to the leader, some sooner, some later.
func (n *node) sync(followers []*node) bool {
	if n.s.writes {
		n.standing.Zxid = max(n.standing.Zxid+1, jute.Zxid(n.role.epoch<<32+1))
	}
	for _, f := range followers {
		if f == n {
			continue
		}
		if f.accepted > n.role.epoch {
			n.s.Counts.Add("election", "a follower had accepted a later epoch")
			n.accepted = f.accepted
			return false
		}
		f.accepted = n.role.epoch
		if !f.role.synced && n.s.Chance(3) {
			f.role.synced = true
			f.member.Reign(n.role.epoch)
		}
		if f.role.synced {
			f.standing = n.standing
		}
	}
	return true
}

// An oracle watches what is voted, and who is elected by it.
type oracle struct {
	casts   map[jute.PeerID][]ensemble.Notification // the newest is last; each once
	epochs  map[int64]jute.PeerID
	trusted bool // nobody lies: what is heard was said
	elects  int
	reign   int
}

func (o *oracle) init() {
	o.casts, o.epochs = map[jute.PeerID][]ensemble.Notification{}, map[int64]jute.PeerID{}
	o.trusted = true
}

// cast keeps what a server has said.
func (o *oracle) cast(sid jute.PeerID, m *ensemble.Notification) {
	said := *m
	said.Config = nil
	same := func(c ensemble.Notification) bool {
		return c.State == said.State && c.Leader == said.Leader && c.Zxid == said.Zxid &&
			c.ElectionEpoch == said.ElectionEpoch && c.PeerEpoch == said.PeerEpoch
	}
	if !slices.ContainsFunc(o.casts[sid], same) {
		o.casts[sid] = append(o.casts[sid], said)
	}
}

// elected checks that a quorum has said what somebody was elected by. A server's own vote needs no
// saying.
func (o *oracle) elected(s *sim, n *node, v Vote) {
	o.elects++
	if s.config.Weight(v.Leader) == 0 || !s.config.Votes(v.Leader) {
		s.Violate("%d follows %d, which has no weight", n.sid, v.Leader)
	}
	if !o.trusted {
		return
	}
	var voted, settled []jute.PeerID
	leads := false
	for _, sid := range s.config.Voters() {
		hasVoted, hasSettled := false, false
		for _, c := range o.casts[sid] {
			if c.Leader != v.Leader {
				continue
			}
			hasVoted = hasVoted || c.ElectionEpoch == v.Round && c.Zxid == v.Zxid &&
				c.PeerEpoch == v.PeerEpoch
			hasSettled = hasSettled || c.State != ensemble.Looking &&
				(c.PeerEpoch == v.PeerEpoch || c.ElectionEpoch == v.Round)
			leads = leads || sid == v.Leader && c.State == ensemble.Leading
		}
		if hasVoted || sid == n.sid {
			voted = append(voted, sid)
		}
		if hasVoted || hasSettled {
			settled = append(settled, sid)
		}
	}
	byVotes := s.config.Quorum(among(voted))
	byOthers := s.config.Quorum(among(settled)) && (leads || v.Leader == n.sid)
	if !byVotes && !byOthers {
		s.Violate("%d follows %d, for whom voted %v, whom followed %v", n.sid, v.Leader, voted, settled)
	}
}

// reigns checks that an epoch has one leader.
func (o *oracle) reigns(s *sim, n *node, epoch int64) {
	o.reign++
	if other, there := o.epochs[epoch]; there {
		s.Violate("epoch %d of %d is that of %d", epoch, n.sid, other)
	}
	o.epochs[epoch] = n.sid
}

// settledOn is whom all servers that live follow, or why there is no such leader.
func (s *sim) settledOn() (leader *node, why string) {
	for _, n := range s.nodes {
		if !n.alive || n.puppet {
			continue
		}
		l := s.node(n.member.Vote().Leader)
		switch {
		case n.member.State() == ensemble.Looking:
			return nil, fmt.Sprintf("%d looks", n.sid)
		case leader != nil && l != leader:
			return nil, fmt.Sprintf("%d follows %d, others %d", n.sid, l.sid, leader.sid)
		case l.member == nil || l.member.State() != ensemble.Leading:
			return nil, fmt.Sprintf("%d follows %d, which does not lead", n.sid, l.sid)
		case !l.role.established:
			return nil, fmt.Sprintf("%d does not reign", l.sid)
		case n != l && n.role.leader != l:
			return nil, fmt.Sprintf("%d has not joined", n.sid)
		}
		leader = l
	}
	return leader, ""
}
