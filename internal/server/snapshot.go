package server

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/snapshotting"
	"quoll/quorum/effects"
)

// walkNodes is how many nodes a snapshot reads in one hold of the tree's lock.
const walkNodes = 1024

// startSnapshot writes a snapshot beside the running server, on a goroutine of its own. The core
// starts the next one only when this one is done. After a snapshot that fails the server logs an
// error and goes on, because the log has everything; only an error of the disk ends the server. A
// snapshot whose tree was replaced meanwhile is given up, which is no failure.
func (s *Server) startSnapshot(job *replica.SnapshotJob) {
	s.walkers.Go(func() {
		begin := time.Now()
		err := s.writeSnapshot(job)
		if errors.Is(err, datatree.ErrWalkLost) {
			s.logger.Info("snapshot given up: the tree was replaced",
				zap.Stringer("zxid", job.Zxid))
			s.core.jobDone(ended(job))
			return
		}
		s.outlook.snapshotTaken(time.Since(begin), err)
		if err != nil {
			s.logger.Error("snapshot failed; the log is kept and the next roll tries again",
				zap.Stringer("zxid", job.Zxid), zap.Error(err))
			if isDisk(err) {
				s.fail(err)
			}
		}
		s.core.jobDone(ended(job))
	})
}

// ended is the report that a snapshot's job has ended.
func ended(job *replica.SnapshotJob) replica.JobDone {
	return replica.JobDone{JobDone: effects.JobDone{Generation: job.Generation}}
}

// writeSnapshot walks the tree while writes go on.
func (s *Server) writeSnapshot(job *replica.SnapshotJob) error {
	begin := time.Now()
	walk := snapshotting.New(s.store, job, snapshotting.Options{
		Digest: s.cfg.Features.TreeDigest, LastZxid: s.cfg.Storage.LastZxidInSnapshot,
	})
	for more := true; more; {
		var err error
		if more, err = walk.Step(walkNodes); err != nil {
			return err
		}
	}
	info := walk.Info()
	s.logger.Info("snapshot written", zap.String("file", info.File),
		zap.Int64("bytes", info.Bytes), zap.Duration("took", time.Since(begin)))
	return nil
}
