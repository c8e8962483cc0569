// Command crash ends a server under load, again and again, and holds what it then finds on disk
// against what its clients were told.
//
//	start --> resume sessions --> load --> kill | term | pause --> restart --> verify --+
//	  ^                                                                                |
//	  +--------------------------------------------------------------------------------+
//
// Each client owns a part of the tree that it alone writes, and keeps a ledger of it: what was
// asked, what was answered, what any read of any client showed. Everybody reads everywhere.
// After a restart, and on every read before, the tree must agree with the ledgers:
//
//   - an acknowledged write is there, with the zxid that its reply carried;
//   - what a read showed has not gone back;
//   - a write without an answer happened once or not at all, a multi as a whole or not at all;
//   - sessions resume, with their ephemerals; those of a closed session are gone;
//   - zxids go on above all that were ever seen.
//
// kill is SIGKILL, sometimes a second one during recovery. term is SIGTERM: besides, the exit code
// is 0 and no write took effect that was not answered. pause is SIGSTOP for longer than the session
// timeout, then SIGCONT: no session may expire by it, and an abandoned one must expire afterwards.
//
//	go run ./interop/crash -quoll bin/quoll -loops 50 -clients 8 -mode kill
//
// A kill leaves the page cache intact and shows nothing about flushes; interop/crash/syncs does.
// Read main.go, round.go, worker.go with ops.go, ledger.go, verify.go, then pause.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

type settings struct {
	quoll     string
	mode      string
	transport string
	watermark string
	loops     int
	clients   int
	window    int
	nodes     int
	seed      uint64
	loadMax   time.Duration
	keep      bool
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.StringVar(&s.mode, "mode", "kill", "kill, term, pause, or all")
	flag.StringVar(&s.transport, "transport", "gnet", "quoll.transport: gnet or std")
	flag.StringVar(&s.watermark, "watermark", "lag", "quoll.watermark: strict or lag")
	flag.IntVar(&s.loops, "loops", 50, "how often the server is ended (pauses: a fifth of it)")
	flag.IntVar(&s.clients, "clients", 8, "clients under load")
	flag.IntVar(&s.window, "window", 16, "requests that a client has in flight")
	flag.IntVar(&s.nodes, "nodes", 1000, "nodes that a client lets live before it deletes")
	flag.Uint64Var(&s.seed, "seed", 1, "of the clients' choices; the moments are the machine's")
	flag.DurationVar(&s.loadMax, "load", 700*time.Millisecond, "longest load before the end")
	flag.BoolVar(&s.keep, "keep", false, "keep the data directory")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	modes := []string{s.mode}
	if s.mode == "all" {
		modes = []string{"kill", "term", "pause"}
	}
	failed := false
	for _, mode := range modes {
		s.mode = mode
		if err := perform(ctx, s); err != nil {
			fmt.Fprintf(os.Stderr, "crash: mode %s: %v\n", mode, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// perform runs one mode on a data directory of its own, which is kept if something is wrong.
func perform(ctx context.Context, s settings) (err error) {
	dir, err := os.MkdirTemp("", "quoll-crash-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n(data directory %s, log %s.log)", err, dir, dir)
		} else if !s.keep {
			os.RemoveAll(dir)
			os.Remove(dir + ".log")
		}
	}()
	log, err := os.Create(dir + ".log")
	if err != nil {
		return err
	}
	defer log.Close()
	r := newRun(s, dir, log, rand.New(rand.NewPCG(s.seed, 0)))
	if s.mode == "pause" {
		return r.pauses(ctx)
	}
	begin := time.Now()
	for loop := range s.loops {
		if err := r.round(ctx, loop); err != nil {
			return fmt.Errorf("loop %d: %w", loop, err)
		}
	}
	r.summary(time.Since(begin))
	if n := len(r.violations); n > 0 {
		return fmt.Errorf("%d violations; the first:\n%s", n,
			strings.Join(r.violations[:min(n, 20)], "\n"))
	}
	return nil
}

func (r *run) summary(took time.Duration) {
	c := &r.counts
	fmt.Printf("crash: mode %s, %s, watermark %s: %d loops (%d killed again in recovery), "+
		"%d clients, %.0f s\n", r.mode, r.transport, r.watermark, r.loops, c.earlyKills,
		r.clients, took.Seconds())
	fmt.Printf("  %d requests: %d writes acknowledged, %d without an answer (of those "+
		"that tell, %d took effect, %d did not), %d reads\n",
		c.requests.Load(), c.acknowledged.Load(), c.unknown.Load(), c.applied, c.unapplied,
		c.reads.Load())
	fmt.Printf("  %d nodes and %d counters compared after restarts, %d sessions resumed, "+
		"%d closed\n", c.nodes, c.counters, c.resumed.Load(), c.closed.Load())
	fmt.Printf("  start to first answer: median %v, longest %v\n",
		median(c.starts).Round(time.Millisecond), longest(c.starts).Round(time.Millisecond))
	fmt.Printf("  %d violations\n", len(r.violations))
}
