package givingup

import (
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/names"
)

// Store tells what a member gives up because its leader does not have it. A quorum that was
// started with less than this member had has lost acknowledged writes so, and nothing else says it.
type Store struct {
	*persistence.Dir // carries everything out
	FS               persistence.FS
	Logger           *zap.Logger
}

// Truncate implements logwriter.Store.
func (g Store) Truncate(zxid jute.Zxid) error {
	had := g.Log().LastZxid()
	err := g.Dir.Truncate(zxid)
	if err == nil && had > zxid {
		g.Logger.Warn("transactions were cut off: the leader does not have them",
			zap.Stringer("behind", zxid), zap.Stringer("up to", had))
	}
	return err
}

// Install implements logwriter.Store.
func (g Store) Install(zxid jute.Zxid) error {
	had, never := g.Log().LastZxid(), g.MemberOf() == 0
	err := g.Dir.Install(zxid)
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
	dirs := []string{g.SnapDir()}
	if dir := g.LogDir(); dir != dirs[0] {
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
