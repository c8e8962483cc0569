package givingup

import (
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"quoll/internal/replica/logwriter"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/names"
)

// Store tells what a member gives up because its leader does not have it. A quorum that was
// started with less than this member had has lost acknowledged writes so, and nothing else says it.
type Store struct {
	logwriter.Store                  // carries everything out
	Dir             *persistence.Dir // the same, for what is there
	FS              persistence.FS
	Logger          *zap.Logger
}

// Truncate implements logwriter.Store.
func (g Store) Truncate(zxid jute.Zxid) error {
	had := g.Dir.Log().LastZxid()
	err := g.Store.Truncate(zxid)
	if err == nil && had > zxid {
		g.Logger.Warn("transactions were cut off: the leader does not have them",
			zap.Stringer("behind", zxid), zap.Stringer("up to", had))
	}
	return err
}

// Install implements logwriter.Store.
func (g Store) Install(zxid jute.Zxid) error {
	had, never := g.Dir.Log().LastZxid(), g.Dir.MemberOf() == 0
	err := g.Store.Install(zxid)
	if err == nil && (had > zxid || had > 0 && never) {
		fields := []zap.Field{
			zap.Stringer("it reached", had), zap.Stringer("the tree reaches", zxid),
		}
		if kept := g.kept(); never && len(kept) > 0 {
			fields = append(fields, zap.Strings("its files are kept as", kept))
		}
		g.Logger.Warn("the history of this server was given up for the leader's tree", fields...)
	}
	return err
}

// kept are the files that persistence has put aside.
func (g Store) kept() (all []string) {
	dirs := []string{g.Dir.SnapDir()}
	if dir := g.Dir.LogDir(); dir != dirs[0] {
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		files, _ := g.FS.ReadDir(dir) // what cannot be listed is not told
		for _, f := range files {
			if strings.HasPrefix(f.Name, names.GivenUp("")) {
				all = append(all, filepath.Join(dir, f.Name))
			}
		}
	}
	return all
}
