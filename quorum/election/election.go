package election

import (
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// Verifier is what an election asks the configuration. While a next configuration is not committed
// it stands for both: a voter of either votes, and a quorum is one in each.
type Verifier interface {
	// Voters are the ids of the voters, ascending. Nobody changes them.
	Voters() []jute.PeerID
	// Votes reports whether a server is one of them.
	Votes(sid jute.PeerID) bool
	// Weight is what a voter counts. A server with weight 0 is never elected.
	Weight(sid jute.PeerID) int64
	// Quorum reports whether the servers for which in is true are a quorum.
	Quorum(in func(jute.PeerID) bool) bool
}

// Reach tells what the connections know of the other voters. Links is one.
type Reach interface {
	// Down reports that there is no connection to a server, and that none is being made.
	Down(sid jute.PeerID) bool
}

// Rules are the times of an election.
type Rules struct {
	// MinInterval and MaxInterval bound the pause after which a server that hears nothing says its
	// vote again; it doubles each time. Zero or less means 200 ms and 60 s (Apache's
	// fastleader.minNotificationInterval and maxNotificationInterval).
	MinInterval, MaxInterval time.Duration
}

// finalizeWait is how long an elected leader may still be beaten, when someone may be silent who
// knows a better one.
const finalizeWait = 200 * time.Millisecond

// maxRound is the highest round that is taken from others: a round far beyond it could not be
// counted up any more, and no ensemble gets there by itself.
const maxRound = 1 << 62

// Effects is what an election wants done. It is reused: who takes it is done with it before the
// next call.
type Effects struct {
	// Say names those who are to be told what Notification holds for them, in this order, some
	// perhaps twice. Only the newest notification counts: an older one that has not left is
	// dropped.
	Say []jute.PeerID
	// Elected is true when the election has ended. State and Vote tell how. What stands in Say is
	// told first or afterwards: it is built from the state as it is when it leaves.
	Elected bool
	// Newer is the first configuration with a version above 0 that a peer has, once in the life of
	// an Election. Versions are for later: it is worth a line in the log and nothing else.
	Newer *NewerConfig
}

// NewerConfig names a peer and the version of its configuration.
type NewerConfig struct {
	Peer    jute.PeerID
	Version int64
}

// Election finds the leader (Apache's FastLeaderElection).
//
// Invariants: while LOOKING, the own ballot is the proposal, in the current round; the proposal is
// never worse than own, and within a round it only gets better; a server with weight 0 is proposed
// by nobody but itself.
type Election struct {
	me     jute.PeerID
	config Verifier
	text   []byte // the configuration as peers are told it, with version 0
	reach  Reach
	rules  Rules
	now    time.Duration

	state    ensemble.State
	round    int64 // Apache's logicalclock
	own      Vote  // for oneself, as the round began
	proposal Vote  // for the best that was heard; its Round is 0
	vote     Vote  // of the last election that ended
	heard    ballots
	leaders  leaders

	interval time.Duration // the back-off
	pollAt   time.Duration // when the vote is said again if nothing comes
	closing  bool          // a quorum has the proposal
	closeAt  time.Duration // the end of the wait for a better one

	warned  bool    // of a newer configuration
	effects Effects // since the last Take
	taken   Effects // the result of the last Take; the caller uses it until the next Take
}

// leaders is what was heard of two leaders, or not heard.
type leaders struct {
	silent *jute.PeerID // as in Standing, until it is heard
	looks  bool         // the elected one looks again, see LeaderLooks
}

// New makes the election of a server. Look is the first call.
func New(me jute.PeerID, config Verifier, text []byte, reach Reach, rules Rules) *Election {
	if rules.MinInterval <= 0 {
		rules.MinInterval = 200 * time.Millisecond
	}
	if rules.MaxInterval <= 0 {
		rules.MaxInterval = time.Minute
	}
	return &Election{me: me, config: config, text: text, reach: reach, rules: rules,
		state: ensemble.Looking, vote: Vote{Leader: nobody, Round: -1}}
}

// State is LOOKING until a leader is elected, then what the server became.
func (e *Election) State() ensemble.State { return e.state }

// Vote is that of the last election which ended, with the epoch that Reign told.
func (e *Election) Vote() Vote { return e.vote }

// LeaderLooks reports that the elected leader has said since that it looks, in a later round. Who
// has joined it by the votes of others may hear so before it could reach that leader.
func (e *Election) LeaderLooks() bool { return e.leaders.looks }

// Look begins an election: at the start, and whenever a role has ended.
func (e *Election) Look(now time.Duration, s Standing) {
	e.now = now
	voter := e.config.Votes(e.me)
	e.own = candidate(e.me, voter, s)
	if e.vote.Leader == nobody {
		// Until its first election has ended a server tells strangers that it votes for itself.
		e.vote = Vote{Leader: e.me, Zxid: s.Zxid, Round: -1, PeerEpoch: s.PeerEpoch}
	}
	e.state = ensemble.Looking
	e.heard = e.heard[:0]
	e.leaders = leaders{silent: s.Silent}
	e.round++
	e.interval = e.rules.MinInterval
	e.propose(e.own)
	e.count()
}

// Reign tells that the reign of the elected leader has begun: on the leader at its start, on a
// learner at UPTODATE. Who joins later compares epochs, so a vote that kept the epoch from before
// would keep him looking for ever.
func (e *Election) Reign(epoch int64) { e.vote.PeerEpoch = epoch }

// Tick tells the time.
func (e *Election) Tick(now time.Duration) {
	e.now = now
	if e.state != ensemble.Looking {
		return
	}
	e.count()
	if e.state == ensemble.Looking && !e.closing && now >= e.pollAt {
		e.interval = min(2*e.interval, e.rules.MaxInterval)
		e.sayAll()
	}
}

// Receive takes what a server said. A notification of an unknown state is ignored, so is one with a
// round beyond all reason.
func (e *Election) Receive(now time.Duration, from jute.PeerID, n *ensemble.Notification) {
	e.now = now
	if n.ElectionEpoch > maxRound || from == e.me {
		return
	}
	e.warn(from, n)
	if e.leaders.silent != nil && *e.leaders.silent == from {
		e.leaders.silent = nil
	}
	looks := n.State == ensemble.Looking
	if e.state != ensemble.Looking && from == e.vote.Leader {
		e.leaders.looks = looks && n.ElectionEpoch > e.vote.Round
	}
	switch {
	case !e.config.Votes(from), e.state != ensemble.Looking:
		// Only who looks needs an answer. Two servers that are strangers to each other would
		// answer each other's answers for ever.
		if looks {
			e.say(from)
		}
		return
	case looks && n.ElectionEpoch < e.round && e.config.Votes(e.me):
		// An observer moves nobody to a higher round: it would only be answered.
		e.say(from)
	}
	if !e.config.Votes(n.Leader) {
		return
	}
	b := ballot{sid: from, state: n.State, version: n.Version, vote: Vote{
		Leader: n.Leader, Zxid: n.Zxid, Round: n.ElectionEpoch, PeerEpoch: n.PeerEpoch,
	}}
	e.pollAt = now + e.interval
	switch n.State {
	case ensemble.Looking:
		e.receiveLooking(b)
	case ensemble.Following, ensemble.Leading:
		e.receiveSettled(b)
	}
}

// Notification is what a server is told now. A voter hears the proposal while this server looks,
// and afterwards the vote with the round in which it was won. Observers and strangers, who take no
// part in rounds, hear the vote of the last election with the current round.
func (e *Election) Notification(to jute.PeerID) ensemble.Notification {
	v := e.vote
	switch {
	case !e.config.Votes(to):
		v.Round = e.round
	case e.state == ensemble.Looking:
		v = e.ballotVote()
	}
	return ensemble.Notification{
		State: e.state, Leader: v.Leader, Zxid: v.Zxid, ElectionEpoch: v.Round,
		PeerEpoch: v.PeerEpoch, Version: ensemble.NotificationVersion, Config: e.text,
	}
}

// Said is what a server that votes has said last.
type Said struct {
	Sid    jute.PeerID
	State  ensemble.State
	Leader jute.PeerID // for whom it votes, or whom it has
}

// Answers is what the other voters have said since this server looks. One that is silent, or votes
// for a server that has no vote here, is not among them.
func (e *Election) Answers() (all []Said) {
	for _, b := range e.heard {
		if b.sid != e.me {
			all = append(all, Said{b.sid, b.state, b.vote.Leader})
		}
	}
	return all
}

// Take returns what is to be done since the last call. It is valid until the next.
func (e *Election) Take() *Effects {
	e.effects, e.taken = e.taken, e.effects
	e.effects = Effects{Say: e.effects.Say[:0]}
	return &e.taken
}

// warn tells once of a configuration that is newer than ours.
func (e *Election) warn(from jute.PeerID, n *ensemble.Notification) {
	if e.warned {
		return
	}
	if version := configVersion(n.Config); version > 0 {
		e.warned = true
		e.effects.Newer = &NewerConfig{Peer: from, Version: version}
	}
}
