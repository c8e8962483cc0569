package server

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"quoll/internal/config"
	"quoll/persistence"
	"quoll/persistence/names"
	"quoll/persistence/snap"
)

func storeOptions(c *config.Config) persistence.Options {
	o := persistence.DefaultOptions(c.Storage.DataDir)
	o.DataLogDir = c.Storage.DataLogDir
	o.AutoCreate = c.Storage.AutoCreateDirs
	o.DBAutoCreate = c.Storage.AutoCreateDB
	o.TrustEmptySnapshot = c.Storage.Trust.EmptySnapshot
	o.TrustMissingLog = c.Storage.Trust.MissingLog
	o.Alone, o.LogID = !c.Ensemble(), rand.Uint64()
	o.Log.PreAllocBytes = c.Storage.PreAllocBytes
	o.Log.SizeLimitBytes = max(c.Storage.LogSizeLimitBytes, 0)
	o.Log.NoSync = !c.Storage.ForceSync
	o.Log.Order.Begin = c.Quorum.Sync.InitialZxid
	if c.Storage.Watermark == config.Lag {
		o.Log.Watermark = persistence.Lag
	}
	if c.Storage.SnapshotCompression == config.Gzip {
		o.Snap.Compression = snap.Gzip
	}
	return o
}

// tellStrays logs a list of files. It names the first ones only, because anyone can put any number
// of files into a directory.
func tellStrays(logger *zap.Logger, level zapcore.Level, what string, files []string) {
	const most = 20
	if len(files) > 0 {
		logger.Log(level, what, zap.Int("count", len(files)),
			zap.Strings("files", files[:min(len(files), most)]))
	}
}

// probe makes a file in each directory and removes it. So missing permissions or a read-only mount
// are found before anything is changed, and do not count as a failure of the log's disk. A probe
// that a crash left is removed by Recover, with all unfinished files.
func (s *Server) probe(dirs ...string) error {
	for _, dir := range slices.Compact(dirs) {
		name := filepath.Join(dir, names.Temporary(names.Probe))
		f, err := s.fs.Create(name)
		if err == nil {
			err = errors.Join(f.Close(), s.fs.Remove(name))
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%w: %w", persistence.ErrDirectory, err)
		}
	}
	return nil
}

func (s *Server) report(found *persistence.Recovered) {
	instead := "an older one is used"
	if found.Snapshot.File == "" {
		instead = "the logs stand for it"
	}
	for _, skipped := range found.Skipped {
		s.logger.Warn("snapshot is not valid, "+instead,
			zap.String("file", skipped.File), zap.Error(skipped.Err))
	}
	if len(found.CopiedSidecar) > 0 {
		s.logger.Warn("the record of how far the log was flushed is a copy, and is not believed",
			zap.Strings("files", found.CopiedSidecar),
			zap.Bool("end of the log checked", found.Own))
	}
	if found.Vanished > 0 {
		s.logger.Warn("the data directory is empty, and starts anew; it was not always",
			zap.Stringer("its log reached zxid", found.Vanished))
	}
	if found.MarkError != nil {
		s.logger.Warn("beside the snapshots it is not on record how far the log reaches",
			zap.Error(found.MarkError))
	}
	tellStrays(s.logger, zapcore.WarnLevel,
		"files that look like logs or snapshots are not read", found.LookAlikes)
	tellStrays(s.logger, zapcore.InfoLevel,
		"files in the data directory that are no data are not touched", found.Foreign)
	if t := &found.Snapshot.Trailer; t.HasLastZxid && t.LastZxid > found.LastZxid {
		s.logger.Warn("the snapshot may hold parts of transactions that no log has",
			zap.Stringer("snapshot up to", t.LastZxid), zap.Stringer("logs up to", found.LastZxid))
	}
	if found.TornBytes > 0 || len(found.RemovedLogs) > 0 {
		s.logger.Info("the end of the log was tidied",
			zap.Int64("torn bytes", found.TornBytes),
			zap.Strings("removed", found.RemovedLogs))
	}
	s.logger.Info("data recovered",
		zap.Stringer("zxid", found.LastZxid), zap.String("snapshot", found.Snapshot.File),
		zap.Int("transactions", found.Txns), zap.Bool("by quoll", found.Own))
}

// isDisk says whether an error means that what is on disk cannot be relied on.
func isDisk(err error) bool { return errors.Is(err, persistence.ErrDisk) }
