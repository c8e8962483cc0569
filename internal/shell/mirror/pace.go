package mirror

import (
	"context"
	"time"
)

// pace spreads writes over time: --rate.
type pace struct {
	rate int // a second; 0: no limit
	next time.Time
}

func (p *pace) wait(ctx context.Context) error {
	if p.rate == 0 {
		return ctx.Err()
	}
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	timer := time.NewTimer(p.next.Sub(now))
	defer timer.Stop()
	p.next = p.next.Add(time.Second / time.Duration(p.rate))
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
