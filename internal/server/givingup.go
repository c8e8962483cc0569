package server

import (
	"path/filepath"

	"go.uber.org/zap"

	"quoll/internal/replica/logwriter"
	"quoll/jute"
	"quoll/persistence/names"
)

// givingUp tells what a member gives up because its leader does not have it. A quorum that was
// started with less than this member had has lost acknowledged writes so, and nothing else says it.
type givingUp struct {
	logwriter.Store
	s *Server
}

// Truncate implements logwriter.Store.
func (g givingUp) Truncate(zxid jute.Zxid) error {
	had := g.s.store.Log().LastZxid()
	err := g.Store.Truncate(zxid)
	if err == nil && had > zxid {
		g.s.logger.Warn("transactions were cut off: the leader does not have them",
			zap.Stringer("behind", zxid), zap.Stringer("up to", had))
	}
	return err
}

// Install implements logwriter.Store.
func (g givingUp) Install(zxid jute.Zxid) error {
	had, never := g.s.store.Log().LastZxid(), g.s.store.MemberOf() == 0
	err := g.Store.Install(zxid)
	if err == nil && (had > zxid || had > 0 && never) {
		fields := []zap.Field{
			zap.Stringer("it reached", had), zap.Stringer("the tree reaches", zxid),
		}
		if never {
			fields = append(fields, zap.String("its files are kept as",
				filepath.Join(g.s.store.SnapDir(), names.GivenUp("*"))))
		}
		g.s.logger.Warn("the history of this server was given up for the leader's tree", fields...)
	}
	return err
}
