package contest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/internal/proxy"
)

// Server is where a contest takes place.
type Server struct {
	Addr string
	// Kill kills the server, and starts it again with its data, at the same address.
	Kill func() error
}

// Options says how long a contest is, and how rough.
type Options struct {
	Workers    int
	Operations int           // to be recorded, at least
	Session    time.Duration // timeout of the workers' sessions
	Seed       uint64
	Pauses     int // of connections, for longer than the session
	Kills      int // of the server
}

// Report is what a contest came to.
type Report struct {
	Operations int // that were recorded
	Unknown    int // of those, without an answer
	Failed     int // attempts that ended with an error that may be
	Cuts       int // of connections, dropped ones included
	Pauses     int
	Kills      int
	Took       time.Duration
}

func (r Report) String() string {
	return fmt.Sprintf("%d operations in %.1f s (%d of unknown outcome), %d attempts failed;"+
		" %d cuts, %d pauses, %d kills", r.Operations, r.Took.Seconds(), r.Unknown, r.Failed,
		r.Cuts, r.Pauses, r.Kills)
}

// ErrViolated is a promise that was not kept.
var ErrViolated = errors.New("violated")

// Recipe is what the workers do, and how it is judged.
type Recipe struct {
	// prepare makes what the steps need, once.
	prepare func(ctx context.Context, c *client.Client) error
	// step does something once, and records it.
	step  func(ctx context.Context, c *Contest, w *worker) error
	model porcupine.Model
	// judge judges instead of the model, when all is quiet again. It may be nil.
	judge func(ctx context.Context, c *Contest, zk *client.Client) error
}

// Contest is a contest that goes on.
type Contest struct {
	options  Options
	recipe   Recipe
	workers  []*worker
	begun    time.Time
	recorded chan *worker // told of each record

	mu      sync.Mutex
	history []porcupine.Operation
	holders map[*recipes.Held]int // with their leases
	report  Report
	wrong   error // the first violation
}

// worker has a connection that can be disturbed alone.
type worker struct {
	id     int
	client *client.Client
	proxy  *proxy.Proxy
	steps  int // of Handing
	items  int // that it has put
}

// Run runs a contest. The error wraps ErrViolated, or says why it did not come to its end.
func Run(ctx context.Context, s Server, o Options, recipe Recipe) (Report, error) {
	c := &Contest{
		options: o, recipe: recipe, begun: time.Now(),
		recorded: make(chan *worker, 64), holders: map[*recipes.Held]int{},
	}
	defer c.close()
	for i := range o.Workers {
		if err := c.enlist(ctx, i, s.Addr); err != nil {
			return c.report, err
		}
	}
	if err := recipe.prepare(ctx, c.workers[0].client); err != nil {
		return c.report, err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	failed := make(chan error, o.Workers)
	for _, w := range c.workers {
		all.Go(func() {
			if err := c.work(working, w); err != nil {
				failed <- err
			}
		})
	}
	err := c.disturb(ctx, s, failed)
	stop()
	all.Wait()
	if err == nil {
		err = c.judge(ctx, s.Addr)
	}
	return c.report, err
}

func (c *Contest) enlist(ctx context.Context, id int, addr string) error {
	p, err := proxy.Start(addr)
	if err != nil {
		return err
	}
	w := &worker{id: id, proxy: p}
	c.workers = append(c.workers, w)
	w.client, err = client.Dial(ctx, p.Addr(), client.WithSessionTimeout(c.options.Session),
		client.WithBackoff(time.Millisecond, 20*time.Millisecond))
	return err
}

func (c *Contest) close() {
	for _, w := range c.workers {
		if w.client != nil {
			_ = w.client.Close()
		}
		w.proxy.Close()
	}
}

// work does steps until ctx ends.
func (c *Contest) work(ctx context.Context, w *worker) error {
	for ctx.Err() == nil {
		err := c.recipe.step(ctx, c, w)
		if err == nil || ctx.Err() != nil {
			continue
		}
		if !passing(err) {
			return fmt.Errorf("worker %d: %w", w.id, err)
		}
		c.mu.Lock()
		c.report.Failed++
		c.mu.Unlock()
	}
	return nil
}

// passing says that an error is one of those that a broken connection, a session that ended or a
// killed server explain.
func passing(err error) bool {
	for _, may := range []error{
		recipes.ErrLost, client.ErrUnknownOutcome, client.ErrConnectionLoss,
		client.ErrSessionExpired, client.ErrSessionMoved, context.DeadlineExceeded,
	} {
		if errors.Is(err, may) {
			return true
		}
	}
	return false
}

// now is a moment of the history.
func (c *Contest) now() int64 { return int64(time.Since(c.begun)) }

// never is a moment behind all others: an operation without an answer may happen until then.
const never = int64(1) << 62

// record adds to the history.
func (c *Contest) record(ctx context.Context, w *worker, input any, call, back int64) {
	c.mu.Lock()
	c.history = append(c.history, porcupine.Operation{
		ClientId: w.id, Input: input, Call: call, Return: back,
	})
	c.report.Operations++
	if back == never {
		c.report.Unknown++
	}
	c.mu.Unlock()
	select {
	case c.recorded <- w:
	case <-ctx.Done():
	}
}

// enter is told of a holder that has some leases, of n in all. Those who do not have theirs any
// more must know of it.
func (c *Contest) enter(h *recipes.Held, leases, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := leases
	for other, some := range c.holders {
		if other.Err() == nil {
			sum += some
		}
	}
	if sum > n && c.wrong == nil {
		c.wrong = fmt.Errorf("%w: %d leases of %d are believed to be held", ErrViolated, sum, n)
	}
	c.holders[h] = leases
}

func (c *Contest) leave(h *recipes.Held) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.holders, h)
}

// judgePatience bounds the search for an order.
const judgePatience = 2 * time.Minute

func (c *Contest) judge(ctx context.Context, addr string) error {
	c.report.Took = time.Since(c.begun)
	if c.wrong != nil {
		return c.wrong
	}
	if c.recipe.judge != nil {
		zk, err := client.Dial(ctx, addr)
		if err != nil {
			return err
		}
		defer zk.Close()
		return c.recipe.judge(ctx, c, zk)
	}
	switch porcupine.CheckOperationsTimeout(c.recipe.model, c.history, judgePatience) {
	case porcupine.Illegal:
		return fmt.Errorf("%w: no order of the history is right", ErrViolated)
	case porcupine.Unknown:
		return errors.New("the history was not judged in time")
	}
	return nil
}
