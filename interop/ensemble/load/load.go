package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"quoll/client/wire"
	"quoll/interop/ensemble/history"
	"quoll/jute"
)

// Target is a server to connect to.
type Target struct {
	ID   int
	Addr string
	// Exact: a reply's header has the zxid of exactly the state that is shown.
	Exact bool
	// Lags: the server may still hold requests that a session left behind when it went, and let a
	// question about the session overtake them. So it is not come back to soon.
	Lags bool
	// RestartXids: the server tells a session's old requests from new ones by more than the xid.
	RestartXids bool
}

// Options say what load there is.
type Options struct {
	Root     string // of all nodes; must not exist
	Targets  []Target
	Writers  int
	Movers   int
	Watchers int
	Sitters  int
	Leavers  int
	Timeout  time.Duration // of the sessions; 0: 40 s
	Pace     time.Duration // between two requests of a writer; 0: 4 ms
	Seed     uint64
}

// phase is what the clients are to do.
type phase int32

const (
	working phase = iota
	pausing
	settling // the writers write for the last time
	ending   // everybody reads for the last time, and stays connected
)

// Load is clients at work.
type Load struct {
	options  Options
	begun    time.Time
	phase    atomic.Int32
	acked    atomic.Int64 // writes acknowledged
	lastAck  atomic.Int64 // ns since begun
	counters []string
	clients  []*client
	running  sync.WaitGroup
	stop     context.CancelFunc

	mu       sync.Mutex
	sessions []*history.Session
	problems []error
}

// Start makes the nodes that all share, and sets the clients to work.
func Start(ctx context.Context, o Options) (*Load, error) {
	if o.Timeout == 0 {
		o.Timeout = 40 * time.Second
	}
	if o.Pace == 0 {
		o.Pace = 4 * time.Millisecond
	}
	l := &Load{options: o, begun: time.Now()}
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	id := 0
	for _, group := range []struct {
		n    int
		work func(*client) worker
	}{
		{o.Writers, newWriter}, {o.Movers, newMover}, {o.Watchers, newWatcher},
		{o.Sitters, newSitter}, {o.Leavers, newLeaver},
	} {
		for range group.n {
			c := l.client(id)
			id++
			l.clients = append(l.clients, c)
			w := group.work(c)
			l.running.Go(func() { c.run(ctx, w) })
		}
	}
	return l, nil
}

// The directories below the root.
const (
	sequential = "/sequential"
	listed     = "/listed"
	ephemeral  = "/ephemeral"
)

func counterPath(root string, writer, n int) string {
	return fmt.Sprintf("%s/counter-%d-%d", root, writer, n)
}

const countersOfWriter = 2

func (l *Load) client(id int) *client {
	return &client{Load: l, id: id, left: map[int]time.Time{},
		random: rand.New(rand.NewPCG(l.options.Seed, uint64(id)))}
}

// prepare makes root, directories and counters in a session of its own, which is recorded.
func (l *Load) prepare(ctx context.Context) error {
	root := l.options.Root
	paths := []string{root, root + sequential, root + listed, root + ephemeral}
	for w := range l.options.Writers + l.options.Movers {
		paths = append(paths, fmt.Sprintf("%s/writer-%d", root, w))
		for n := range countersOfWriter {
			l.counters = append(l.counters, counterPath(root, w, n))
		}
	}
	paths = append(paths, l.counters...)
	c := l.client(-1)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, p := range paths {
		for {
			if err := c.ensure(ctx); err != nil {
				return fmt.Errorf("load: %w", err)
			}
			c.create(p, "0", jute.ModePersistent)
			c.drain()
			op := c.last()
			if op.Outcome == history.OK {
				break
			}
			if op.Code == jute.NodeExists {
				return fmt.Errorf("load: %s: %w", p, op.Code)
			}
			op.Kind = history.Other // tried again under the same data
		}
	}
	c.end(ctx)
	return nil
}

func (l *Load) now() time.Duration { return time.Since(l.begun) }

func (l *Load) session(s *history.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions = append(l.sessions, s)
}

func (l *Load) problem(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems = append(l.problems, err)
}

// Sessions is what the clients have recorded. It may be asked for after Finish.
func (l *Load) Sessions() []*history.Session { return l.sessions }

// Acknowledged is how many writes were acknowledged so far.
func (l *Load) Acknowledged() int64 { return l.acked.Load() }

// Pause waits until nothing is in flight. Clients keep their sessions, on other servers if theirs
// goes.
func (l *Load) Pause(ctx context.Context) error {
	l.phase.Store(int32(pausing))
	return l.wait(ctx, func() bool {
		for _, c := range l.clients {
			if !c.idle.Load() {
				return false
			}
		}
		return true
	})
}

// Resume ends a Pause.
func (l *Load) Resume() { l.phase.Store(int32(working)) }

// More waits until n more writes were acknowledged: the ensemble commits.
func (l *Load) More(ctx context.Context, n int64) error {
	until := l.acked.Load() + n
	if err := l.wait(ctx, func() bool { return l.acked.Load() >= until }); err != nil {
		return fmt.Errorf("waiting for %d more writes: %w", until-l.acked.Load(), err)
	}
	return nil
}

// For lets the clients work for a while.
func (l *Load) For(ctx context.Context, d time.Duration) error {
	until := time.Now().Add(d)
	return l.wait(ctx, func() bool { return time.Now().After(until) })
}

func (l *Load) wait(ctx context.Context, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// Finish lets the writers write once more, then everybody read once more. Connections and sessions
// stay.
func (l *Load) Finish(ctx context.Context) error {
	for _, p := range []phase{settling, ending} {
		for _, c := range l.clients {
			c.idle.Store(false)
		}
		l.phase.Store(int32(p))
		err := l.wait(ctx, func() bool {
			for _, c := range l.clients {
				if (p == ending || c.writes) && !c.idle.Load() {
					return false
				}
			}
			return true
		})
		if err != nil {
			return fmt.Errorf("end of the load: %w", err)
		}
	}
	l.running.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.problems...)
}

// Close ends the clients and their sessions.
func (l *Load) Close() {
	l.stop()
	l.running.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, c := range l.clients {
		c.end(ctx)
	}
}

// world is the ACL of all nodes.
func world() []jute.ACL { return wire.World() }
