package server

import (
	"time"

	"go.uber.org/zap"
)

// guardEvery is how often a serving server looks for signs of another one.
const guardEvery = 5 * time.Second

// guard looks for logs and snapshots that are not ours, for a lock file that was removed or
// replaced, and for the log that is written. It only logs them: the data that the server serves is
// whole, and ending the server would end the service for all clients. It belongs to the ticker.
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
	strangers, err := s.own.sight.Strangers(s.own.made)
	if err != nil {
		s.logger.Warn("cannot look for files of another server", zap.Error(err))
	}
	for _, file := range strangers {
		s.outlook.metrics.Disk.ForeignFiles.Add(1)
		s.logger.Error("another server writes to the directory: a file appeared that is not ours",
			zap.String("file", file))
	}
	if name := s.own.made.LostLog(); name != "" && !g.told[name] {
		g.told[name] = true
		s.logger.Error("the log that is written was removed or renamed: what it has and no"+
			" snapshot has, also what is acknowledged from now on, is gone when this server ends",
			zap.String("file", name))
	}
	for _, name := range s.own.lock.Lost() {
		if !g.told[name] {
			g.told[name] = true
			s.logger.Error("the lock file was removed or replaced: a second server can start",
				zap.String("file", name))
		}
	}
}
