package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"quoll/client/wire"
	"quoll/interop/process"
	"quoll/jute"
)

// run is one mode from its first to its last loop.
type run struct {
	settings
	random  *rand.Rand
	options process.Options
	workers []*worker
	zxid    highest // of every reply to anyone
	loops   int
	counts  counts

	mu         sync.Mutex
	violations []string
}

type counts struct {
	requests, acknowledged, unknown, reads, resumed, closed atomic.Int64

	// Those below belong to the goroutine that goes through the loops.
	applied, unapplied int // of the unknown
	nodes, counters    int // compared
	earlyKills         int
	starts             []time.Duration
}

// highest is the largest zxid that anybody saw.
type highest struct{ zxid atomic.Int64 }

func (h *highest) Load() jute.Zxid { return jute.Zxid(h.zxid.Load()) }

func (h *highest) raise(z jute.Zxid) {
	for {
		was := h.zxid.Load()
		if was >= int64(z) || h.zxid.CompareAndSwap(was, int64(z)) {
			return
		}
	}
}

func newRun(s settings, dir string, log io.Writer, random *rand.Rand) *run {
	r := &run{settings: s, random: random}
	r.options = process.Options{
		DataDir: dir, Log: log,
		ExtraConfig: map[string]string{
			"quoll.transport": s.transport, "quoll.watermark": s.watermark,
		},
		SystemProps: map[string]string{"zookeeper.preAllocSize": "64"},
	}
	for i := range s.clients {
		r.workers = append(r.workers, &worker{
			run: r, id: i, ledger: newLedger(i),
			random: rand.New(rand.NewPCG(s.seed, uint64(i)+1)),
		})
	}
	return r
}

// violation records that something was not as it must be; the run goes on.
func (r *run) violation(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.violations) < 1000 {
		r.violations = append(r.violations,
			fmt.Sprintf("loop %d: ", r.loops)+fmt.Sprintf(format, args...))
	}
}

// round is one life of the server: start, verify what the last one left, load, end.
func (r *run) round(ctx context.Context, loop int) error {
	r.loops = loop
	server, err := r.start(ctx)
	if err != nil {
		return err
	}
	defer server.Kill()
	if loop == 0 {
		err = r.plant(ctx, server.Addr())
	} else {
		err = r.verify(ctx, server.Addr())
	}
	if err != nil {
		return err
	}
	if err := r.stress(ctx, server); err != nil {
		return err
	}
	if loop+1 < r.settings.loops {
		return nil
	}
	r.loops = r.settings.loops
	last, err := r.start(ctx)
	if err != nil {
		return err
	}
	defer last.Kill()
	return r.verify(ctx, last.Addr())
}

// start brings the server up, after killing it a moment into its recovery, now and then.
func (r *run) start(ctx context.Context) (*process.Server, error) {
	// Few transactions a snapshot, so that there are snapshots and new logs in most loops.
	snapCount := []int{300, 2000, 100_000}[r.random.IntN(3)]
	r.options.SystemProps["zookeeper.snapCount"] = strconv.Itoa(snapCount)
	for r.loops > 0 && r.mode == "kill" && r.random.IntN(4) == 0 {
		within := time.Duration(1+r.random.IntN(40)) * time.Millisecond
		early, cancel := context.WithTimeout(ctx, within)
		server, err := process.StartQuoll(early, r.quoll, r.options)
		cancel()
		if err == nil {
			server.Kill()
		} else if !errors.Is(err, process.ErrNotReady) {
			return nil, err
		}
		r.counts.earlyKills++
	}
	begin := time.Now()
	server, err := process.StartQuoll(ctx, r.quoll, r.options)
	if err == nil {
		r.counts.starts = append(r.counts.starts, time.Since(begin))
	}
	return server, err
}

// plant makes the directories and counters.
func (r *run) plant(ctx context.Context, addr string) error {
	c, err := wire.Dial(ctx, addr, wire.Options{})
	if err != nil {
		return err
	}
	create := func(path, data string) {
		if _, _, e := c.Create(ctx, path, []byte(data), nil, jute.ModePersistent); e != nil {
			err = errors.Join(err, fmt.Errorf("create %s: %w", path, e))
		}
	}
	create("/crash", "")
	for _, w := range r.workers {
		for _, dir := range w.ledger.directories() {
			create(dir, "")
		}
		for _, k := range w.ledger.all() {
			create(k.path, "0")
		}
	}
	return errors.Join(err, c.Close(ctx))
}

// stress connects everybody, loads the server, and ends it at a random moment. Now and then that
// moment is while the clients still connect.
func (r *run) stress(ctx context.Context, server *process.Server) error {
	early := r.random.IntN(5) == 0
	moment := 20*time.Millisecond + time.Duration(r.random.Int64N(int64(r.loadMax)))
	var load sync.WaitGroup
	var connected sync.WaitGroup
	for _, w := range r.workers {
		connected.Add(1)
		load.Go(func() {
			err := w.connect(ctx, server.Addr())
			connected.Done()
			if err == nil {
				w.load(ctx)
			} else if !early {
				w.violation("client %d does not connect: %v", w.id, err)
			}
		})
	}
	if early {
		moment = time.Duration(r.random.Int64N(int64(5 * time.Millisecond)))
	} else {
		connected.Wait()
	}
	select {
	case <-time.After(moment):
	case <-server.Done():
		r.violation("the server ended by itself, exit code %d", server.ExitCode())
	}
	if r.mode == "term" {
		code, err := server.Stop()
		if err != nil || code != 0 {
			r.violation("SIGTERM: exit code %d, %v", code, err)
		}
	} else {
		server.Kill()
	}
	load.Wait()
	return ctx.Err()
}

func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(d))[len(d)/2]
}

func longest(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	return slices.Max(d)
}
