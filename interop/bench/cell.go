package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"quoll/client/wire"
	"quoll/interop/bench/measure"
	"quoll/jute"
)

// kind is what the requests of a cell are.
type kind string

const (
	get    kind = "get"
	set    kind = "set"
	create kind = "create"
	mixed  kind = "mixed" // nine gets to a set
)

// cell is one row of the table.
type cell struct {
	kind  kind
	conns int
	depth int // requests in flight on each connection
}

func (c cell) String() string { return fmt.Sprintf("%s/%dx%d", c.kind, c.conns, c.depth) }

// selected returns the cells that are asked for by their beginnings. Ensembles have their own.
func selected(s settings) []cell {
	var cells []cell
	kinds := []kind{get, set, create, mixed}
	shapes := [][2]int{{1, 1}, {100, 1}, {10, 16}}
	if s.members > 1 {
		kinds = []kind{set, get}
		shapes = append(shapes, [2]int{10, 100})
	}
	for _, k := range kinds {
		for _, shape := range shapes {
			c := cell{k, shape[0], shape[1]}
			for name := range strings.SplitSeq(s.only, ",") {
				if strings.HasPrefix(c.String(), name) {
					cells = append(cells, c)
					break
				}
			}
		}
	}
	return cells
}

// result is what one server did in one round.
type result struct {
	ops       uint64
	took      time.Duration
	serverCPU time.Duration
	clientCPU time.Duration
	latency   measure.Histogram
}

func (r *result) perSecond() float64 { return float64(r.ops) / r.took.Seconds() }

func (r *result) perOp(d time.Duration) float64 {
	return float64(d.Nanoseconds()) / 1e3 / float64(max(r.ops, 1))
}

// run loads a server for a while.
func (c cell) run(ctx context.Context, at *contender, d time.Duration) (*result, error) {
	return c.runUntil(ctx, at, func(ran time.Duration) bool { return ran >= d })
}

// runUntil loads a server until it has run for long enough. Connections are made before the time
// starts.
func (c cell) runUntil(
	ctx context.Context, at *contender, over func(ran time.Duration) bool,
) (*result, error) {
	loads := make([]*load, c.conns)
	for i := range loads {
		l, err := newLoad(ctx, at.addr(c.kind, i), c, i)
		if err != nil {
			return nil, err
		}
		loads[i] = l
		defer l.conn.Close()
	}
	serverBefore, err := at.cpu()
	if err != nil {
		return nil, err
	}
	r := &result{}
	ownBefore := measure.OwnCPU()
	begin := time.Now()
	errs := make([]error, len(loads))
	var busy sync.WaitGroup
	for i, l := range loads {
		busy.Go(func() { errs[i] = l.run(begin, over) })
	}
	busy.Wait()
	r.took = time.Since(begin)
	r.clientCPU = measure.OwnCPU() - ownBefore
	serverAfter, err := at.cpu()
	r.serverCPU = serverAfter - serverBefore
	for _, l := range loads {
		r.ops += l.latency.Count()
		r.latency.Merge(&l.latency)
		errs = append(errs, l.tidy())
	}
	return r, errors.Join(append(errs, err)...)
}

// The tree that the requests are about.
const (
	hotNodes  = 1000
	dataBytes = 100
	home      = "/bench"
)

func hotPath(i int) string { return fmt.Sprintf("%s/hot/node-%05d", home, i) }

// plant makes the nodes that are read and set.
func plant(ctx context.Context, addr string) error {
	conn, err := wire.Dial(ctx, addr, wire.Options{Timeout: 30 * time.Second})
	if err != nil {
		return err
	}
	paths := []string{home, home + "/hot", home + "/new"}
	for i := range hotNodes {
		paths = append(paths, hotPath(i))
	}
	asked := make([]*wire.Future, len(paths))
	for i, path := range paths {
		asked[i] = conn.Send(jute.OpCreate, &jute.CreateRequest{
			Path: []byte(path), Data: make([]byte, dataBytes), ACL: wire.World(),
		})
	}
	for i, f := range asked {
		if _, err := f.Into(ctx, nil); err != nil {
			return fmt.Errorf("create %s: %w", paths[i], err)
		}
	}
	return conn.Close(ctx)
}
