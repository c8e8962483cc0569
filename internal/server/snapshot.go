package server

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/snapshotting"
	"quoll/internal/server/jobs"
	"quoll/processor/session"
)

// startSnapshot starts a walk over a tree beside the running server: a snapshot, or a stream to a
// learner. The core starts the next own snapshot only when the last one is done.
func (s *Server) startSnapshot(job *replica.SnapshotJob) {
	if job.Kind == replica.ToLink {
		s.jobs.Stream(job)
		return
	}
	begin := time.Now()
	s.jobs.Walk(job, s.snapshotOptions(), func(walk *snapshotting.Walk, err error) {
		s.snapshotEnded(job, walk, time.Since(begin), err)
	})
}

// snapshotEnded reports a snapshot. After one that fails the server logs an error and goes on,
// because the log has everything; only an error of the disk ends the server. A snapshot whose tree
// was replaced meanwhile is given up, which is no failure.
func (s *Server) snapshotEnded(
	job *replica.SnapshotJob, walk *snapshotting.Walk, took time.Duration, err error,
) {
	if errors.Is(err, datatree.ErrWalkLost) {
		s.logger.Info("snapshot given up: the tree was replaced", zap.Stringer("zxid", job.Zxid))
		return
	}
	s.outlook.snapshotTaken(took, err)
	switch {
	case err != nil:
		s.logger.Error(whatFailed(job.Kind), zap.Stringer("zxid", job.Zxid), zap.Error(err))
		if isDisk(err) {
			s.fail(err)
		}
	case job.Kind == replica.ToInstall:
		s.logger.Info("snapshot of the leader's tree written", zap.Stringer("zxid", job.Zxid),
			zap.Duration("took", took))
	default:
		s.tellSnapshot(walk, took)
	}
}

// whatFailed says what a snapshot was for, and when it is tried again.
func whatFailed(kind replica.SnapshotKind) string {
	if kind == replica.ToInstall {
		return "the leader's tree cannot be written: this server does not serve, and asks again"
	}
	return "snapshot failed; the log is kept and the next roll tries again"
}

func (s *Server) tellSnapshot(walk *snapshotting.Walk, took time.Duration) {
	info := walk.Info()
	s.logger.Info("snapshot written", zap.String("file", info.File),
		zap.Int64("bytes", info.Bytes), zap.Duration("took", took))
}

func (s *Server) snapshotOptions() snapshotting.Options {
	o := snapshotting.Options{
		Digest: s.cfg.Features.TreeDigest, LastZxid: s.cfg.Storage.LastZxidInSnapshot,
		InitialZxid: s.cfg.Quorum.Sync.InitialZxid,
	}
	if s.log != nil { // at a start the tree is that of the log
		o.Logged = s.log.writer.Logged
	}
	return o
}

// firstSnapshot writes a snapshot before anything is served.
func (s *Server) firstSnapshot(saved []session.Saved) error {
	begin := time.Now()
	walk := snapshotting.New(s.store, replica.NewSnapshotJob(s.tree, saved), s.snapshotOptions())
	for more := true; more; {
		var err error
		if more, err = walk.Step(jobs.WalkNodes); err != nil {
			return fmt.Errorf("first snapshot: %w", err)
		}
	}
	s.tellSnapshot(walk, time.Since(begin))
	return nil
}
