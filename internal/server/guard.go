package server

import (
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
	changes, err := s.own.sight.Changes(s.own.made)
	if err != nil {
		s.logger.Warn("cannot look for files of another server", zap.Error(err))
	}
	for _, file := range changes.Strangers {
		s.outlook.metrics.Disk.ForeignFiles.Add(1)
		s.logger.Error("another server writes to the directory: a file appeared that is not ours",
			zap.String("file", file))
	}
	if s.own.made.LostLog() != "" {
		s.log.miss()
	}
	if len(changes.Lost) > 0 {
		s.logger.Warn("files that a start needs were removed or renamed:"+
			" a snapshot takes their place", zap.Strings("files", changes.Lost))
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

// tellRescue tells what became of a log that somebody else removed or renamed.
func (s *Server) tellRescue(done bool, err error) {
	file := zap.String("file", s.own.made.Log())
	switch {
	case err != nil:
		s.logger.Error("the log that is written was removed or renamed, and cannot be written"+
			" anew: what it has and no snapshot has, also what is acknowledged from now on, is"+
			" gone when this server ends", file, zap.Error(err))
	case done:
		s.logger.Warn("the log that is written was removed or renamed: it was written anew", file)
	}
}
