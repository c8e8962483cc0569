package server

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/snapshotting"
)

// walkNodes is how many nodes are asked of the tree at a time while a snapshot is written.
const walkNodes = 1024

// startSnapshot writes a snapshot beside the running server, on a goroutine of its own. The core
// starts the next only when this one is done. A snapshot that fails is an alarm, no more: the log
// has everything. One whose tree was replaced meanwhile is given up, which is no alarm.
func (s *Server) startSnapshot(job *replica.SnapshotJob) {
	s.walkers.Go(func() {
		begin := time.Now()
		err := s.writeSnapshot(job)
		if errors.Is(err, datatree.ErrWalkLost) {
			s.logger.Info("snapshot given up: the tree was replaced",
				zap.Stringer("zxid", job.Zxid))
			s.core.jobDone(job.Generation)
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
		s.core.jobDone(job.Generation)
	})
}

// writeSnapshot walks the tree while writes go on.
func (s *Server) writeSnapshot(job *replica.SnapshotJob) error {
	begin := time.Now()
	walk := snapshotting.New(s.store, s.tree, job, snapshotting.Options{
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
