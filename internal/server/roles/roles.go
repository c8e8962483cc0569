package roles

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"quoll/internal/admin"
	"quoll/internal/metrics"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum"
	"quoll/quorum/effects"
)

// A search for a leader is told of again when it is long, and then as often as searchIsTold says.
const (
	searchIsLong = 10 * time.Second
	searchIsTold = time.Minute
)

// Watch compares what a peer tells of itself with what it told before.
type Watch struct {
	logger *zap.Logger
	me     jute.PeerID
	voters []jute.PeerID
	counts *metrics.Ensemble
	times  struct{ election, unavailable, sync *metrics.Recorder }

	last      quorum.Status
	since     time.Time // when the role of last began
	looked    time.Time // when the search began that led to it
	unserved  time.Time // when the last role that stood ended, or the first search began
	stood     time.Time // since when clients are served, or could be
	patience  time.Time // when a search that lasts is told of again
	reach     reach
	noted     noted
	gone      gone
	proposals admin.ProposalSizes
	published atomic.Pointer[admin.Ensemble]
}

// New watches a member by its number, of an ensemble with these voters.
func New(logger *zap.Logger, me jute.PeerID, voters []jute.PeerID, m *metrics.Server) *Watch {
	r := &Watch{
		logger: logger.With(zap.Int64("myid", int64(me))), me: me, voters: voters,
		counts: &m.Ensemble, proposals: admin.NoProposals,
	}
	r.times.election = m.Ensemble.ElectionTime.Recorder()
	r.times.unavailable = m.Ensemble.UnavailableTime.Recorder()
	r.times.sync = m.Ensemble.FollowerSyncTime.Recorder()
	r.published.Store(&admin.Ensemble{Mode: quorum.Looking.String(), QuorumSize: len(voters)})
	return r
}

// Look takes what the peer tells of itself. It may be called more often than that changes.
func (r *Watch) Look(now quorum.Status, at time.Time) {
	r.goneBefore(at)
	last := &r.last
	if now.Role != last.Role || now.Leader != last.Leader || now.Elections != last.Elections {
		r.begins(&now, at)
	}
	if now.Stands && (!last.Stands || now.Epoch != last.Epoch) {
		r.serves(&now, at)
	}
	r.learners(&now)
	if now.Role == quorum.Looking && !at.Before(r.patience) {
		r.lasts(&now, at)
	}
	r.counts.Looking.Add(now.Elections - r.last.Elections)
	r.counts.PlainSyncs.Add(now.PlainSyncs - r.last.PlainSyncs)
	r.last = now
	r.publish(at)
}

func (r *Watch) begins(now *quorum.Status, at time.Time) {
	if r.looked.IsZero() || r.last.Stands {
		r.looked, r.unserved = at, at
	}
	if now.Role == quorum.Looking {
		r.looked, r.patience = at, at.Add(searchIsLong)
		r.reach.forget()
		r.logger.Info("looking for a leader", zap.Int64("current epoch", now.Epoch),
			zap.Stringer("log up to", now.Proposed))
	} else {
		r.times.election.Add(at.Sub(r.looked).Milliseconds())
		r.proposals = admin.NoProposals
		r.logger.Info("a leader is elected", zap.Stringer("this server is", now.Role),
			zap.Int64("leader", int64(now.Leader)), zap.Duration("took", at.Sub(r.looked)))
	}
	r.since = at
}

// serves tells that the server is part of a reign that stands.
func (r *Watch) serves(now *quorum.Status, at time.Time) {
	r.stood = at
	r.times.unavailable.Add(at.Sub(r.unserved).Milliseconds())
	fields := []zap.Field{
		zap.Stringer("as", now.Role), zap.Int64("leader", int64(now.Leader)),
		zap.Int64("epoch", now.Epoch), zap.Stringer("log up to", now.Proposed),
		zap.Duration("since the election", at.Sub(r.since)),
	}
	if now.First != 0 {
		r.times.sync.Add(at.Sub(r.since).Milliseconds())
		fields = append(fields, zap.Stringer("history came by", now.First))
	}
	if now.First == ensemble.PacketDiff {
		r.counts.JoinsByDiff.Add(1)
	}
	r.logger.Info("the reign stands: clients are served", fields...)
	if now.PlainSync {
		r.logger.Warn("sync.quorum is on and has no effect: this leader asks no quorum for a sync",
			zap.Int64("leader", int64(now.Leader)))
	}
}

// lasts tells of a search that has not ended: who could not be asked for a vote, what the others
// have answered, and of whom nothing is known. A network that swallows everything makes no error
// for a while.
func (r *Watch) lasts(now *quorum.Status, at time.Time) {
	r.patience = at.Add(searchIsTold)
	answers := make([]string, 0, len(now.Answers))
	failures, known := r.reach.failures()
	known[r.me] = true
	for _, a := range now.Answers {
		known[a.Sid] = true
		verb := "has the leader"
		if a.State == ensemble.Looking {
			verb = "looks too, and votes for"
		}
		answers = append(answers, fmt.Sprintf("server %d %s %d", a.Sid, verb, a.Leader))
	}
	var silent []string
	for _, sid := range r.voters {
		if !known[sid] {
			silent = append(silent, fmt.Sprintf("server %d", sid))
		}
	}
	r.logger.Warn("still looking for a leader", zap.Duration("for", at.Sub(r.looked)),
		zap.Strings("no connection to", failures), zap.Strings("no word from", silent),
		zap.Strings("answers", answers))
}

// Ended tells why a role has ended, or did not begin.
func (r *Watch) Ended(why error) {
	fields := []zap.Field{zap.Bool("it served", r.last.Stands)}
	if !r.since.IsZero() {
		fields = append(fields, zap.Duration("lasted", time.Since(r.since)))
	}
	r.logger.Warn("the role has ended", append(fields, reason(why)...)...)
}

// learners tells of those that came and have caught up.
func (r *Watch) learners(now *quorum.Status) {
	before := make(map[effects.LinkID]quorum.LearnerStatus, len(r.last.Learners))
	for _, l := range r.last.Learners {
		before[l.Link] = l
	}
	for _, l := range now.Learners {
		was := before[l.Link]
		if l.First != was.First {
			r.synchronises(&l)
		}
		if l.Served && !was.Served {
			r.joined(&l)
		}
	}
}

func (r *Watch) joined(l *quorum.LearnerStatus) {
	r.logger.Info("a learner has joined", zap.Int64("server", int64(l.Sid)),
		zap.Bool("observer", l.Observer), zap.Stringer("history went by", l.First))
	switch sid := zap.Int64("server", int64(l.Sid)); {
	case !l.Observer && !l.Voter:
		r.logger.Warn("the server lines differ: a learner means to vote, and has no vote here", sid)
	case l.Observer && l.Voter:
		r.logger.Warn("the server lines differ: a learner observes, and has a vote here", sid)
	}
}

func (r *Watch) synchronises(l *quorum.LearnerStatus) {
	switch l.First {
	case ensemble.PacketDiff:
		r.counts.Diffs.Add(1)
	case ensemble.PacketTrunc:
		r.counts.Truncs.Add(1)
	case ensemble.PacketSnap:
		r.counts.Snaps.Add(1)
	}
}

// Logs counts what goes to the log: proposals, if this server leads.
func (r *Watch) Logs(ops []replica.DiskOp) {
	leads := r.last.Role == quorum.Leading
	for i := range ops {
		switch op := &ops[i]; {
		case op.Kind != effects.Append:
		case leads:
			r.proposals.Add(len(op.Entry.Payload))
			r.counts.Proposals.Add(1)
		default:
			r.counts.Received.Add(1)
		}
	}
}

// Published is what the words print. Any goroutine may call it.
func (r *Watch) Published() admin.Ensemble { return *r.published.Load() }

// publish hands the words what they print.
func (r *Watch) publish(at time.Time) {
	s := &r.last
	e := &admin.Ensemble{
		Mode: s.Role.String(), State: state(s), Leader: int64(s.Leader), QuorumSize: len(r.voters),
	}
	if s.Role == quorum.Leading {
		e.Leads = &admin.Reign{
			Learners: len(s.Learners), PendingSyncs: s.Syncs, Proposals: r.proposals,
		}
		if s.Stands {
			e.Leads.UptimeMillis = at.Sub(r.stood).Milliseconds()
		}
		for _, l := range s.Learners {
			switch {
			case l.Served && l.Observer:
				e.Leads.SyncedObservers++
			case l.Served:
				e.Leads.SyncedFollowers++
				if !l.Voter {
					e.Leads.NonVoting++
				}
			}
		}
	}
	r.published.Store(e)
}

// state is what Apache calls the detailed state of a peer.
func state(s *quorum.Status) string {
	words := []string{map[quorum.Role]string{
		quorum.Looking: "looking", quorum.Leading: "leading", quorum.Following: "following",
		quorum.Observing: "observing",
	}[s.Role]}
	switch {
	case s.Stands:
		words = append(words, "broadcast")
	case s.First != 0:
		words = append(words, "synchronization", strings.ToLower(s.First.String()))
	case s.Role != quorum.Looking:
		words = append(words, "discovery")
	}
	return strings.Join(words, " - ")
}
