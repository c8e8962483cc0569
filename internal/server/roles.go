package server

import (
	"time"

	"go.uber.org/zap"

	"quoll/jute"
	"quoll/quorum"
)

// roles writes to the log what becomes of the server in its ensemble. It belongs to the core.
type roles struct {
	logger *zap.Logger
	last   quorum.Status
	since  time.Time // when the role of last began
	looked time.Time // when the search began that led to it
}

func newRoles(logger *zap.Logger, me int64) *roles {
	return &roles{logger: logger.With(zap.Int64("myid", me))}
}

// look compares what the peer tells of itself with what it told before.
func (r *roles) look(now quorum.Status, at time.Time) {
	last := &r.last
	if now.Role != last.Role || now.Leader != last.Leader {
		r.since = at
		if now.Role == quorum.Looking || r.looked.IsZero() {
			r.looked = at
		}
		r.begins(&now)
	}
	if now.Serves && (!last.Serves || now.Epoch != last.Epoch) {
		r.logger.Info("serving", zap.Stringer("role", now.Role),
			zap.Int64("leader", int64(now.Leader)), zap.Int64("epoch", now.Epoch),
			zap.Stringer("proposed", now.Proposed),
			zap.Duration("since the search began", at.Sub(r.looked)))
	}
	r.learners(&now)
	r.last = now
}

func (r *roles) begins(now *quorum.Status) {
	if now.Role == quorum.Looking {
		r.logger.Info("looking for a leader", zap.Int64("epoch", now.Epoch),
			zap.Stringer("proposed", now.Proposed))
		return
	}
	r.logger.Info("a leader is elected", zap.Stringer("role", now.Role),
		zap.Int64("leader", int64(now.Leader)))
}

// ended tells why a role has ended.
func (r *roles) ended(why error) {
	r.logger.Warn("the role has ended", zap.Stringer("role", r.last.Role),
		zap.Int64("leader", int64(r.last.Leader)), zap.Int64("epoch", r.last.Epoch),
		zap.Bool("it served", r.last.Serves), zap.Duration("lasted", time.Since(r.since)),
		zap.Error(why))
}

// learners tells of learners that came, have caught up, or are gone.
func (r *roles) learners(now *quorum.Status) {
	before := make(map[jute.PeerID]quorum.LearnerStatus, len(r.last.Learners))
	for _, l := range r.last.Learners {
		before[l.Sid] = l
	}
	for _, l := range now.Learners {
		was, known := before[l.Sid]
		delete(before, l.Sid)
		known = known && was.Link == l.Link
		switch {
		case l.Synced && (!known || !was.Synced):
			r.learner("learner is up to date", &l)
		case !known:
			r.learner("learner came", &l)
		}
	}
	for _, l := range r.last.Learners {
		if _, gone := before[l.Sid]; gone {
			r.learner("learner is gone", &l)
		}
	}
}

func (r *roles) learner(what string, l *quorum.LearnerStatus) {
	r.logger.Info(what, zap.Int64("server", int64(l.Sid)), zap.Bool("observer", l.Observer))
}
