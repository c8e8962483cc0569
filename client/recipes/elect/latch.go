package elect

import (
	"context"
	"sync"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/line"
)

// Latch is a candidate in the background: it campaigns from Start to Close, again after each loss.
// Its nodes are those of Curator's LeaderLatch.
type Latch struct {
	election Election
	ctx      context.Context
	stop     context.CancelFunc
	done     sync.WaitGroup

	mu      sync.Mutex
	started bool
	term    *Term         // the latest; nil before the first
	err     error         // why there will be no other term
	changed chan struct{} // closed at the next change of term and err
}

// NewLatch is a latch that is not started. id is what others see of this candidate.
func NewLatch(c *client.Client, path string, id []byte) *Latch {
	o := hold.Apply(nil)
	o.Data = id
	ctx, stop := context.WithCancel(context.Background())
	return &Latch{
		election: Election{line.Line{Client: c, Path: path, Kind: line.Latch(), Opts: o}},
		ctx:      ctx, stop: stop, changed: make(chan struct{}),
	}
}

// Start begins to campaign. A second Start does nothing. After Close it is recipes.ErrStopped.
func (l *Latch) Start() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return hold.Wrap("start latch", l.election.line.Path, hold.ErrStopped)
	}
	if !l.started {
		l.started = true
		l.done.Go(l.campaign)
	}
	return nil
}

func (l *Latch) campaign() {
	err := l.election.run(l.ctx, func(ctx context.Context, t *Term) error {
		l.change(t, nil)
		<-ctx.Done()
		return nil
	})
	if l.ctx.Err() != nil {
		err = hold.ErrStopped
	}
	l.change(nil, err)
}

func (l *Latch) change(t *Term, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.term, l.err = t, err
	close(l.changed)
	l.changed = make(chan struct{})
}

// IsLeader says whether this candidate leads now. It is false from the moment on when the session
// may have ended. Writes need Check or Token of the Term nevertheless.
func (l *Latch) IsLeader() bool {
	t, _, _ := l.state()
	return t != nil
}

// state is the term if it lasts, the next change of it, and why there will be none.
func (l *Latch) state() (*Term, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.term != nil && l.term.Err() != nil {
		return nil, l.changed, l.err
	}
	return l.term, l.changed, l.err
}

// Wait waits until this candidate leads and returns the term. The latch keeps the term: to give it
// back is for Close. The error is recipes.ErrStopped after Close, and that of the client if it can
// have no session any more.
func (l *Latch) Wait(ctx context.Context) (*Term, error) {
	for {
		t, changed, err := l.state()
		if t != nil {
			return t, nil
		}
		if err == nil && l.ctx.Err() != nil {
			err = hold.ErrStopped
		}
		if err == nil {
			select {
			case <-changed:
				continue
			case <-l.ctx.Done():
				err = hold.ErrStopped
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		return nil, hold.Wrap("wait for latch", l.election.line.Path, err)
	}
}

// Leader returns who leads among the candidates of the path, whether or not this latch is started.
func (l *Latch) Leader(ctx context.Context) (Leader, error) { return l.election.Leader(ctx) }

// Close gives the term or the candidacy up. If there is no connection, the node is deleted in the
// background.
func (l *Latch) Close() error {
	l.mu.Lock()
	l.stop()
	l.mu.Unlock()
	l.done.Wait()
	return nil
}
