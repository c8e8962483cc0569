package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	"quoll/client/wire"
	"quoll/interop/process"
	"quoll/jute"
)

// The times of a pause: with a tick of 200 ms a session of a second is a legal one.
const (
	pauseTick    = "200"
	pauseTimeout = time.Second
	pauseFor     = 2500 * time.Millisecond
	// pauseGrace is the rounding of deadlines to ticks, and a machine that is busy.
	pauseGrace = 2 * time.Second
)

// pauses stops the process for longer than the session timeout, some times over.
func (r *run) pauses(ctx context.Context) error {
	r.options.ExtraConfig["tickTime"] = pauseTick
	server, err := process.StartQuoll(ctx, r.quoll, r.options)
	if err != nil {
		return err
	}
	defer server.Kill()
	begin := time.Now()
	loops := max(1, r.settings.loops/5)
	var survived []time.Duration
	for r.loops = range loops {
		lived, err := r.pause(ctx, server)
		if err != nil {
			return fmt.Errorf("pause %d: %w", r.loops, err)
		}
		survived = append(survived, lived...)
	}
	fmt.Printf("crash: mode pause, %s: %d pauses of %v, session timeouts of %v, "+
		"%d clients, %.0f s\n", r.transport, loops, pauseFor, pauseTimeout, r.clients,
		time.Since(begin).Seconds())
	fmt.Printf("  %d writes acknowledged; abandoned sessions expired between %v and %v "+
		"after the end of the pause\n", r.counts.acknowledged.Load(),
		shortest(survived).Round(time.Millisecond), longest(survived).Round(time.Millisecond))
	fmt.Printf("  %d violations\n", len(r.violations))
	if n := len(r.violations); n > 0 {
		return fmt.Errorf("%d violations; the first:\n%s", n,
			strings.Join(r.violations[:min(n, 20)], "\n"))
	}
	return nil
}

// pause has half of the clients stay, and half leave a session behind. It returns how long the
// latter lived after the pause.
func (r *run) pause(ctx context.Context, server *process.Server) ([]time.Duration, error) {
	var stay []*wire.Conn
	var paths []string
	var left []string
	load, end := context.WithCancel(ctx)
	var busy sync.WaitGroup
	stop := func() { end(); busy.Wait() }
	defer stop()
	for i := range r.clients {
		o := wire.Options{Timeout: pauseTimeout, PingEvery: pauseTimeout / 4}
		c, err := wire.Dial(ctx, server.Addr(), o)
		if err != nil {
			return nil, err
		}
		defer c.Abort()
		if got := c.Session().Timeout; got != pauseTimeout {
			return nil, fmt.Errorf("a session timeout of %v", got)
		}
		p := fmt.Sprintf("/p%d-%d", r.loops, i)
		if _, _, err := c.Create(ctx, p, nil, nil, jute.ModeEphemeral); err != nil {
			return nil, err
		}
		paths = append(paths, p)
		if i%2 == 0 {
			stay = append(stay, c)
			busy.Go(func() { r.keepSetting(load, c, p) })
		} else {
			left = append(left, p)
			c.Abort()
		}
	}
	if err := server.Signal(syscall.SIGSTOP); err != nil {
		return nil, err
	}
	time.Sleep(pauseFor)
	if err := server.Signal(syscall.SIGCONT); err != nil {
		return nil, err
	}
	resumed := time.Now()
	watcher := stay[0]
	for _, p := range paths {
		if _, err := watcher.Exists(ctx, p, false); err != nil {
			r.violation("%s right after the pause: %v: its session expired by it", p, err)
		}
	}
	lived, err := r.expire(ctx, watcher, left, resumed)
	stop() // before any connection is dropped
	if err != nil {
		return nil, err
	}
	for i, c := range stay {
		if c.Err() != nil {
			r.violation("a client that stayed was cut off: %v", c.Err())
			continue
		}
		if _, err := c.Exists(ctx, paths[2*i], false); err != nil {
			r.violation("%s of a client that stayed: %v", paths[2*i], err)
		}
	}
	return lived, nil
}

// keepSetting writes at a steady pace.
func (r *run) keepSetting(ctx context.Context, c *wire.Conn, path string) {
	t := time.NewTicker(2 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		_, err := c.Set(ctx, path, []byte("x"), -1)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.violation("set %s: %v", path, err)
			return
		}
		r.counts.acknowledged.Add(1)
	}
}

// expire waits until the nodes of the abandoned sessions have gone.
func (r *run) expire(
	ctx context.Context, c *wire.Conn, paths []string, resumed time.Time,
) ([]time.Duration, error) {
	var lived []time.Duration
	for _, p := range paths {
		for {
			_, err := c.Exists(ctx, p, false)
			if errors.Is(err, jute.NoNode) {
				lived = append(lived, time.Since(resumed))
				break
			}
			if err != nil {
				return nil, err
			}
			if time.Since(resumed) > pauseTimeout+pauseGrace {
				r.violation("%s is there %v after the pause: its session never expired",
					p, time.Since(resumed))
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return lived, nil
}

func shortest(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	least := d[0]
	for _, x := range d {
		least = min(least, x)
	}
	return least
}
