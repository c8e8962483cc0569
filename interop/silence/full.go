package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"quoll/jute"
)

// What the slow reader takes a second of large replies, and of those how many it asked for.
const (
	slowPace    = 150_000
	largeReply  = 1_000_000
	manyReplies = 8
	slowLife    = 10 * timeout
)

// full is about clients who do not take their replies as fast as they ask.
func (r *run) full(ctx context.Context) error {
	s, err := r.start(ctx, r.dir, "full", nil)
	if err != nil {
		return err
	}
	defer s.end()
	_, _, err = s.eyes.Create(ctx, "/large", make([]byte, largeReply), nil, jute.ModePersistent)
	if err != nil {
		return fmt.Errorf("full: %w", err)
	}
	var all sync.WaitGroup
	for _, one := range []func(context.Context, *server) error{r.slow, r.deaf, r.cutOff} {
		all.Go(func() {
			if err := one(ctx, s); err != nil {
				r.fail("full output: %v", err)
			}
		})
	}
	all.Wait()
	return nil
}

// reader is a client that asks for much and takes it at a pace.
func (r *run) reader(s *server, name string, pace int64) (*peer, error) {
	p, err := r.join(s, name)
	if err != nil {
		return nil, err
	}
	p.pace.Store(pace)
	for range manyReplies {
		p.ask(jute.OpGetData, &jute.PathWatch{Path: []byte("/large")})
	}
	p.live()
	return p, nil
}

// slow reads without a break and pings: it lives.
func (r *run) slow(ctx context.Context, s *server) error {
	p, err := r.reader(s, "slow", slowPace)
	if err != nil {
		return err
	}
	defer p.close()
	if err := rest(ctx, slowLife); err != nil {
		return err
	}
	there, err := s.there(ctx, p)
	switch {
	case err != nil:
		return err
	case !there || !p.alive():
		return fmt.Errorf("the slow reader, %d bytes: connected %v, its ephemeral there %v",
			p.taken.Load(), p.alive(), there)
	}
	fmt.Printf("silence: full: the slow reader lives after %v and %d bytes\n",
		slowLife, p.taken.Load())
	return nil
}

// deaf pings and takes nothing: its connection is closed when its output has stood still for a
// timeout, and its session is over a timeout later.
func (r *run) deaf(ctx context.Context, s *server) error {
	p, err := r.reader(s, "deaf", -1)
	if err != nil {
		return err
	}
	defer p.close()
	took, err := s.goneWithin(ctx, p, 2*timeout+2*tick+slack)
	if err != nil {
		return err
	}
	if took < timeout/2 {
		return fmt.Errorf("who takes nothing was gone after %v", took)
	}
	fmt.Printf("silence: full: who takes nothing was gone after %v\n", took.Round(time.Millisecond))
	return nil
}

// cutOff reads slowly and is cut off: it is gone one timeout and two ticks later.
func (r *run) cutOff(ctx context.Context, s *server) error {
	p, err := r.reader(s, "cut-off", slowPace)
	if err != nil {
		return err
	}
	if err := rest(ctx, 2*timeout); err != nil {
		return err
	}
	if there, err := s.there(ctx, p); err != nil || !there {
		return fmt.Errorf("the reader to be cut off is there %v, %v", there, err)
	}
	if err := p.cut(); err != nil {
		return err
	}
	took, err := s.goneWithin(ctx, p, timeout+2*tick+slack)
	if err != nil {
		return err
	}
	if took < timeout/2 {
		return fmt.Errorf("who was cut off was gone after %v", took)
	}
	fmt.Printf("silence: full: who was cut off was gone after %v\n", took.Round(time.Millisecond))
	return nil
}
