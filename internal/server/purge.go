package server

import (
	"time"

	"go.uber.org/zap"
)

// purger removes old snapshots and logs at an interval (autopurge). It belongs to the ticker.
type purger struct {
	s    *Server
	next time.Time
	busy chan struct{} // holds one value while a purge runs
}

func newPurger(s *Server) *purger {
	return &purger{s: s, next: time.Now(), busy: make(chan struct{}, 1)}
}

// maybe starts a purge when one is due and none runs. As in Apache, the first one is due at once.
func (p *purger) maybe() {
	every := p.s.cfg.Storage.Purge.Interval
	if every <= 0 || time.Now().Before(p.next) {
		return
	}
	select {
	case p.busy <- struct{}{}:
	default:
		return
	}
	p.next = time.Now().Add(every)
	p.s.walkers.Go(func() {
		defer func() { <-p.busy }()
		removed, err := p.s.store.Purge(p.s.cfg.Storage.Purge.SnapRetainCount)
		if err != nil {
			p.s.logger.Error("purge failed", zap.Error(err))
		}
		if len(removed) > 0 {
			p.s.logger.Info("purged", zap.Strings("files", removed))
		}
	})
}
