package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// ledger is what was acknowledged, and never removed: names of nodes, by round.
type ledger struct {
	mu     sync.Mutex
	acked  [][]string
	rounds int
}

func (l *ledger) count() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, names := range l.acked {
		n += len(names)
	}
	return n
}

// writers is how many clients share the load.
const writers = 8

// load is a round's clients.
type load struct {
	round int
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

// begin puts a server under load: each client makes one node after the other, until stop or until
// its server is gone. Round r's nodes are below /rR.
func (t *trial) begin(ctx context.Context, addr string) (*load, error) {
	t.ledger.mu.Lock()
	round := len(t.ledger.acked)
	t.ledger.acked = append(t.ledger.acked, nil)
	t.ledger.mu.Unlock()
	t.ledger.rounds++
	c, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	_, _, err = c.Create(ctx, fmt.Sprintf("/r%d", round), nil, wire.World(), jute.ModePersistent)
	if err != nil {
		return nil, err
	}
	if err := c.Close(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &load{round: round, stop: cancel}
	connected := make(chan error, writers)
	for i := range writers {
		l.wg.Go(func() {
			c, err := dial(ctx, addr)
			connected <- err
			if err == nil {
				t.write(ctx, c, l.round, i)
			}
		})
	}
	for range writers {
		if err := <-connected; err != nil {
			l.end()
			return nil, err
		}
	}
	return l, nil
}

func dial(ctx context.Context, addr string) (*wire.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return wire.Dial(ctx, addr, wire.Options{Timeout: 40 * time.Second})
}

// write makes nodes at its share of the rate.
func (t *trial) write(ctx context.Context, c *wire.Conn, round, id int) {
	defer c.Abort()
	pace := time.NewTicker(time.Second * writers / time.Duration(t.rate))
	defer pace.Stop()
	data := make([]byte, 300)
	for n := 0; ; n++ {
		name := fmt.Sprintf("c%d-%d", id, n)
		_, _, err := c.Create(ctx, fmt.Sprintf("/r%d/%s", round, name), data, wire.World(),
			jute.ModePersistent)
		if err != nil {
			return // not acknowledged
		}
		t.ledger.mu.Lock()
		t.ledger.acked[round] = append(t.ledger.acked[round], name)
		t.ledger.mu.Unlock()
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
	}
}

// end waits for the clients, whose server is gone or who are asked to stop.
func (l *load) end() {
	l.stop()
	l.wg.Wait()
}

// verify compares a server with the ledger: every acknowledged node is there.
func (t *trial) verify(ctx context.Context, addr string) error {
	c, err := dial(ctx, addr)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	defer c.Abort()
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	lost, first := 0, ""
	for round, acked := range t.ledger.acked {
		names, _, err := c.Children(ctx, fmt.Sprintf("/r%d", round), false)
		if err != nil {
			return fmt.Errorf("verify round %d: %w", round, err)
		}
		there := make(map[string]bool, len(names))
		for _, name := range names {
			there[name] = true
		}
		for _, name := range acked {
			if !there[name] {
				lost++
				first = fmt.Sprintf("/r%d/%s", round, name)
			}
		}
	}
	if lost > 0 {
		return fmt.Errorf("%d acknowledged writes are lost, one of them %s", lost, first)
	}
	return nil
}
