package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// Times of a client.
const (
	retryAfter  = 20 * time.Millisecond
	dialWithin  = 50 * time.Millisecond
	replyWithin = 3 * time.Second
	waitWithin  = 2 * time.Minute
)

// load is clients that set a node each, one request after the other.
type load struct {
	addrs   []string
	clients []*client
	acked   atomic.Int64
	stop    context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	marked time.Time      // the answer to a write that was sent later is waited for
	first  chan time.Time // gets it, once
}

type client struct {
	*load
	path  string
	at    int // which address is next
	conn  *wire.Conn
	asked int
	acked atomic.Int64 // the last value acknowledged
}

func newLoad(ctx context.Context, addrs []string, clients int) (*load, error) {
	l := &load{addrs: addrs, first: make(chan time.Time, 1)}
	ctx, cancel := context.WithTimeout(ctx, waitWithin)
	defer cancel()
	for i := range clients {
		c := &client{load: l, path: fmt.Sprintf("/client-%d", i), at: i}
		if err := c.attach(ctx); err != nil {
			return nil, err
		}
		if _, _, err := c.conn.Create(ctx, c.path, []byte("0"), nil, 0); err != nil {
			return nil, fmt.Errorf("%s: %w", c.path, err)
		}
		l.clients = append(l.clients, c)
	}
	working, stop := context.WithCancel(context.Background())
	l.stop = stop
	for _, c := range l.clients {
		l.running.Go(func() { c.work(working) })
	}
	return l, nil
}

// attach begins a session at the first server that gives one, the last one's neighbour first.
func (c *client) attach(ctx context.Context) error {
	for {
		dialling, cancel := context.WithTimeout(ctx, dialWithin)
		conn, err := wire.Dial(dialling, c.addrs[c.at%len(c.addrs)], wire.Options{})
		cancel()
		if err == nil {
			c.conn = conn
			return nil
		}
		c.at++
		timer := time.NewTimer(retryAfter)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func (c *client) work(ctx context.Context) {
	for ctx.Err() == nil {
		if c.conn.Err() != nil {
			c.conn.Abort()
			if c.attach(ctx) != nil {
				return
			}
		}
		c.asked++
		sent := time.Now()
		one, cancel := context.WithTimeout(ctx, replyWithin)
		_, err := c.conn.Set(one, c.path, []byte(strconv.Itoa(c.asked)), -1)
		cancel()
		if err != nil {
			c.conn.Abort()
			c.at++
			continue
		}
		c.acked.Store(int64(c.asked))
		c.load.acked.Add(1)
		c.answer(sent)
	}
	c.conn.Abort()
}

// mark begins to wait for the answer to a write that is sent from now on.
func (l *load) mark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.first:
	default:
	}
	l.marked = time.Now()
}

func (l *load) answer(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.marked.IsZero() && sent.After(l.marked) {
		l.marked = time.Time{}
		l.first <- time.Now()
	}
}

// answered waits for it and says when it came.
func (l *load) answered(ctx context.Context) (time.Time, error) {
	select {
	case at := <-l.first:
		return at, nil
	case <-time.After(waitWithin):
		return time.Time{}, errors.New("no write is acknowledged")
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}

// more waits for n more acknowledged writes.
func (l *load) more(ctx context.Context, n int64) error {
	until := l.acked.Load() + n
	ctx, cancel := context.WithTimeout(ctx, waitWithin)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for l.acked.Load() < until {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d writes are missing: %w", until-l.acked.Load(), ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}

// check reads every client's node on every server: no acknowledged write is lost. A leader that
// stood still answers for a moment as if it still led, so each is asked until it has what was
// acknowledged.
func (l *load) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, waitWithin)
	defer cancel()
	floors := make([]int64, len(l.clients))
	for i, c := range l.clients {
		floors[i] = c.acked.Load()
	}
	for _, addr := range l.addrs {
		for {
			err := l.compare(ctx, addr, floors)
			if err == nil {
				break
			}
			timer := time.NewTimer(retryAfter)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return fmt.Errorf("%s: %w", addr, err)
			}
		}
	}
	return nil
}

func (l *load) compare(ctx context.Context, addr string, floors []int64) error {
	ctx, cancel := context.WithTimeout(ctx, replyWithin)
	defer cancel()
	conn, err := wire.Dial(ctx, addr, wire.Options{})
	if err != nil {
		return err
	}
	defer conn.Abort()
	if err := conn.Sync(ctx, "/"); err != nil && !errors.Is(err, jute.NoNode) {
		return err
	}
	for i, c := range l.clients {
		data, _, err := conn.Get(ctx, c.path, false)
		if err != nil {
			return err
		}
		if n, _ := strconv.ParseInt(string(data), 10, 64); n < floors[i] {
			return fmt.Errorf("%s has %s, but %d was acknowledged", c.path, data, floors[i])
		}
	}
	return nil
}

func (l *load) close() {
	l.stop()
	l.running.Wait()
}
