package server

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"quoll/internal/replica"
	"quoll/persistence/snap"
)

// walkNodes is how many nodes are asked of the tree at a time while a snapshot is written.
const walkNodes = 1024

// startSnapshot writes a snapshot beside the running server, on a goroutine of its own. The core
// starts the next only when this one is done. A snapshot that fails is an alarm, no more: the log
// has everything.
func (s *Server) startSnapshot(job *replica.SnapshotJob) {
	s.walkers.Go(func() {
		begin := time.Now()
		err := s.writeSnapshot(job)
		s.outlook.snapshotTaken(time.Since(begin), err)
		if err != nil {
			s.logger.Error("snapshot failed; the log is kept and the next roll tries again",
				zap.Stringer("zxid", job.Zxid), zap.Error(err))
			if isDisk(err) {
				s.fail(err)
			}
		}
		s.core.snapshotDone(job.Generation)
	})
}

// writeSnapshot walks the tree while writes go on. The digest at the end is that of the last
// transaction the walk can have seen.
func (s *Server) writeSnapshot(job *replica.SnapshotJob) error {
	begin := time.Now()
	w, err := s.store.CreateSnapshot(job.Zxid)
	if err != nil {
		s.tree.StopWalk(&job.Cursor)
		return err
	}
	if err := s.fillSnapshot(w, job); err != nil {
		s.tree.StopWalk(&job.Cursor)
		w.Abort()
		return err
	}
	info, err := w.Finish(s.snapshotTrailer())
	if err != nil {
		return fmt.Errorf("finish the snapshot: %w", err)
	}
	s.logger.Info("snapshot written", zap.String("file", info.File),
		zap.Int64("bytes", info.Bytes), zap.Duration("took", time.Since(begin)))
	return nil
}

// snapshotTrailer is what the snapshot says of its end: the fuzzy range ends here.
func (s *Server) snapshotTrailer() snap.Trailer {
	v := s.tree.Read()
	defer v.Release()
	d := v.LastDigest()
	return snap.Trailer{
		HasDigest:   s.cfg.Features.TreeDigest,
		Digest:      snap.ZxidDigest{Zxid: d.Zxid, Version: d.Version, Digest: d.Digest},
		HasLastZxid: s.cfg.Storage.LastZxidInSnapshot,
		LastZxid:    v.LastZxid(),
	}
}
