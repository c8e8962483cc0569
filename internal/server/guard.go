package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

// guardEvery is how often a serving server looks for signs of another one.
const guardEvery = 5 * time.Second

// guard looks for logs and snapshots that are not ours, for a lock file that was removed or
// replaced, and for own files that are gone. It only logs the former: the data that the server
// serves is whole, and ending the server would end the service for all clients. What a start would
// lack it has written anew: the log that is written, or a snapshot. It belongs to the ticker.
type guard struct {
	s    *Server
	next time.Time
	busy chan struct{}   // holds one value while a look runs
	told map[string]bool // files that have had a log line; belongs to the look that runs
}

func newGuard(s *Server) *guard {
	return &guard{
		s: s, next: time.Now().Add(guardEvery),
		busy: make(chan struct{}, 1), told: make(map[string]bool),
	}
}

// maybe starts a look when it is time and no look runs.
func (g *guard) maybe(now time.Time) {
	if now.Before(g.next) {
		return
	}
	g.next = now.Add(guardEvery)
	select {
	case g.busy <- struct{}{}:
	default:
		return
	}
	g.s.walkers.Go(func() {
		defer func() { <-g.busy }()
		g.look()
	})
}

func (g *guard) look() {
	s := g.s
	s.log.miss()
	changes, err := s.own.sight.Changes(s.own.made)
	if err != nil {
		s.logger.Warn("cannot look for files of another server", zap.Error(err))
	}
	for _, file := range changes.Strangers {
		s.outlook.metrics.Disk.ForeignFiles.Add(1)
		s.logger.Error("another server writes to the directory: a file appeared that is not ours",
			zap.String("file", file))
	}
	if len(changes.Lost) > 0 {
		g.tellLost(changes.Lost)
		s.core.AskSnapshot()
	}
	for _, name := range s.own.lock.Lost() {
		if !g.told[name] {
			g.told[name] = true
			s.logger.Error("the lock file was removed or replaced: a second server can start",
				zap.String("file", name))
		}
	}
}

// tellLost tells of files that were removed, once each.
func (g *guard) tellLost(files []string) {
	files = slices.DeleteFunc(files, func(file string) bool { return g.told[file] })
	if len(files) == 0 {
		return
	}
	for _, file := range files {
		g.told[file] = true
	}
	g.s.logger.Warn("files that a start needs were removed or renamed:"+
		" a snapshot takes their place", zap.Strings("files", files))
}

// rescue writes anew what others have removed of the files that the server has open.
func (s *Server) rescue() error {
	done, err := s.store.Rescue()
	if len(done) > 0 {
		s.logger.Warn("files that are written were removed or renamed: they were written anew",
			zap.Strings("files", done))
	}
	if err != nil {
		s.logger.Error("files that are written were removed or renamed, and cannot be written"+
			" anew: what they have and no snapshot has, also what is acknowledged from now on,"+
			" is gone when this server ends", zap.Error(err))
	}
	return err
}

// errLacks is the end of a server that leaves a directory from which it cannot start.
var errLacks = errors.New("files that a start needs were removed or renamed")

// leaveWhole looks a last time, when the server has stopped, for what others have removed. A server
// alone writes a snapshot in its place. A member does not, because its tree may hold what is not
// committed: it comes back by its leader's tree.
func (s *Server) leaveWhole() error {
	changes, err := s.own.sight.Changes(s.own.made)
	if err != nil || len(changes.Lost) == 0 || context.Cause(s.failed) != nil {
		return nil
	}
	if s.cfg.Ensemble() {
		return fmt.Errorf("%w: %s: this member starts only with an empty directory",
			errLacks, strings.Join(changes.Lost, " "))
	}
	if err := s.firstSnapshot(s.core.replica.Sessions().Snapshot(nil)); err != nil {
		return fmt.Errorf("%w: %s: %w", errLacks, strings.Join(changes.Lost, " "), err)
	}
	return nil
}
