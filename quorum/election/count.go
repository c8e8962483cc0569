package election

import (
	"bytes"
	"strconv"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// propose changes the proposal, and everyone is to hear of it.
func (e *Election) propose(v Vote) {
	v.Round = 0
	e.proposal = v
	e.closing = false
	if e.config.Votes(e.me) && e.own.Zxid != noZxid {
		e.heard.put(ballot{
			sid: e.me, state: ensemble.Looking,
			version: ensemble.NotificationVersion, vote: e.ballotVote(),
		})
	}
	e.sayAll()
}

// ballotVote is the proposal as a vote of the current round.
func (e *Election) ballotVote() Vote {
	v := e.proposal
	v.Round = e.round
	return v
}

// beats reports whether the server changes its proposal from w to v.
func (e *Election) beats(v, w Vote) bool {
	return e.config.Weight(v.Leader) > 0 && v.better(w)
}

func (e *Election) say(sid jute.PeerID) { e.effects.Say = append(e.effects.Say, sid) }

// sayAll tells every other voter, and begins the pause until it is said again.
func (e *Election) sayAll() {
	for _, sid := range e.config.Voters() {
		if sid != e.me {
			e.say(sid)
		}
	}
	e.pollAt = e.now + e.interval
}

// receiveLooking takes the vote of a server that looks too. A higher round is joined, with the
// better of its vote and the own; a lower one was answered and counts for nothing.
func (e *Election) receiveLooking(b ballot) {
	if e.own.Zxid == noZxid || b.vote.Zxid == noZxid {
		return
	}
	e.heard.put(b)
	switch {
	case b.vote.Round > e.round:
		e.round = b.vote.Round
		if e.beats(b.vote, e.own) {
			e.propose(b.vote)
		} else {
			e.propose(e.own)
		}
	case b.vote.Round == e.round && e.beats(b.vote, e.proposal):
		e.propose(b.vote)
	case b.vote.Round == e.round && e.beats(e.proposal, b.vote) && e.config.Votes(e.me):
		// It has not heard of the better vote: it was not looking yet when that was told.
		e.say(b.sid)
	}
	e.count()
}

// receiveSettled takes the vote of a server that has a leader. The leader is joined when a quorum
// has it and it says itself that it leads: without the latter a server that died would be elected
// again and again by the memory of its followers.
func (e *Election) receiveSettled(b ballot) {
	e.heard.put(b)
	ofRound := b.vote.Round == e.round && e.quorum(func(o ballot) bool {
		// In one round a leader is elected once, so its id is enough, before and after its
		// followers heard that the reign began. Only the oldest notifications, which have no
		// version, are compared by the epoch.
		if o.state != ensemble.Looking {
			o.version = 0
		}
		return o.vote.Round == e.round && o.agrees(b)
	})
	settled := ofRound || e.quorum(func(o ballot) bool {
		return o.state != ensemble.Looking && o.agrees(b)
	})
	if !settled || !e.leads(b.vote) {
		e.count()
		return
	}
	e.round = b.vote.Round
	e.end(b.vote)
}

// leads reports whether the leader of a vote knows that it leads. This server itself knows it if
// it was elected in the current round.
func (e *Election) leads(v Vote) bool {
	if v.Leader == e.me {
		return v.Round == e.round
	}
	return e.heard.of(v.Leader).state == ensemble.Leading
}

// quorum reports whether those whose ballots are wanted are a quorum.
func (e *Election) quorum(wanted func(ballot) bool) bool {
	return e.config.Quorum(func(sid jute.PeerID) bool {
		i, there := e.heard.find(sid)
		return there && wanted(e.heard[i])
	})
}

// count ends the election when a quorum has had the proposal for long enough.
func (e *Election) count() {
	v := e.ballotVote()
	elected := e.quorum(func(b ballot) bool { return b.vote == v })
	if elected && !e.closing {
		e.closeAt = e.now + finalizeWait
	}
	e.closing = elected
	if elected && (e.now >= e.closeAt || e.unanimous(v)) {
		e.end(v)
	}
}

// unanimous reports whether there is nobody to wait for: every other voter has this vote, cannot
// be reached, or was left because it was silent. Should one who says nothing know a better leader,
// this one does not get past ACKEPOCH, where the quorum's histories are compared.
func (e *Election) unanimous(v Vote) bool {
	for _, sid := range e.config.Voters() {
		left := e.leaders.silent
		silent := e.reach.Down(sid) || left != nil && *left == sid
		if sid != e.me && e.heard.of(sid).vote != v && !silent {
			return false
		}
	}
	return true
}

func (e *Election) end(v Vote) {
	e.vote = v
	switch {
	case v.Leader == e.me:
		e.state = ensemble.Leading
	case e.config.Votes(e.me):
		e.state = ensemble.Following
	default:
		e.state = ensemble.Observing
	}
	e.closing = false
	e.effects.Elected = true
}

// configVersion reads the version from the text of a configuration: hexadecimal, in a line of its
// own. A text without one has version 0.
func configVersion(text []byte) int64 {
	for line := range bytes.Lines(text) {
		if hex, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("version=")); ok {
			version, err := strconv.ParseInt(string(hex), 16, 64)
			if err == nil {
				return version
			}
		}
	}
	return 0
}
