package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"quoll/client/wire"
	"quoll/interop/bench/bigtree"
	"quoll/jute"
)

// tree measures memory, restart and snapshots with a big tree.
func tree(ctx context.Context, s settings, v *verdicts) error {
	dir, err := os.MkdirTemp("", "quoll-scale-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := s.start(ctx, dir, 0)
	if err != nil {
		return err
	}
	defer func() { server.Kill() }()
	begin := time.Now()
	if err := bigtree.Grow(ctx, server.Addr(), s.nodes); err != nil {
		return err
	}
	took := time.Since(begin)
	v.note(fmt.Sprintf("%d nodes loaded in", s.nodes), fmt.Sprintf("%.1f s", took.Seconds()))
	time.Sleep(s.settle)
	if err := s.memory(v, server, "after the load"); err != nil {
		return err
	}
	if err := s.restart(ctx, v, &server, dir); err != nil {
		return err
	}
	return s.snapshots(ctx, v, &server, dir)
}

// memory prints RSS and its peak against the targets, which are those of a million nodes.
func (s settings) memory(v *verdicts, server *subject, when string) error {
	rss, err := server.kernel.RSS()
	if err != nil {
		return err
	}
	peak, err := server.kernel.Peak()
	if err != nil {
		return err
	}
	v.atMost(fmt.Sprintf("VmRSS %v %s", s.settle, when), rss, 300)
	v.atMost("VmHWM "+when, peak, 450)
	return nil
}

// restart ends the server and starts it twice: the first life writes a snapshot of everything at
// once, so that the second starts from a snapshot alone.
func (s settings) restart(ctx context.Context, v *verdicts, server **subject, dir string) error {
	for i, how := range []string{"from snapshot and log", "from snapshot"} {
		if _, err := (*server).Stop(); err != nil {
			return err
		}
		snapCount := 0
		if i == 0 {
			snapCount = 100 // the next writes bring a snapshot
		}
		begin := time.Now()
		next, err := s.start(ctx, dir, snapCount)
		if err != nil {
			return err
		}
		*server = next
		took := time.Since(begin)
		v.within("restart "+how+", to the first answer", took, 2*time.Second)
		v.note("  replayed", recovered(next.log.String()))
		if i == 0 {
			if err := forceSnapshot(ctx, next); err != nil {
				return err
			}
		}
	}
	time.Sleep(s.settle)
	return s.memory(v, *server, "after a restart")
}

// recovered says how many transactions a start replayed.
func recovered(log string) string {
	for line := range strings.Lines(log) {
		if e, ok := parse(line); ok && e.Msg == "data recovered" {
			return fmt.Sprintf("%d txns", e.Transactions)
		}
	}
	return "unknown"
}

// forceSnapshot writes until a snapshot has been written, and then waits for silence.
func forceSnapshot(ctx context.Context, server *subject) error {
	deadline := time.Now().Add(time.Minute)
	before := len(written(server.log.String()))
	for len(written(server.log.String())) == before {
		if time.Now().After(deadline) {
			return fmt.Errorf("no snapshot was written within a minute")
		}
		if err := churn(ctx, server.Addr(), 100); err != nil {
			return err
		}
	}
	return nil
}

// inFlight is how many writes of churn wait for their answers.
const inFlight = 500

// churn sets some nodes.
func churn(ctx context.Context, addr string, writes int) error {
	p, err := wire.DialPipeline(ctx, addr, wire.Options{})
	if err != nil {
		return err
	}
	defer p.Close()
	set := wire.NewFrame(jute.OpSetData,
		&jute.SetDataRequest{Path: []byte("/s"), Data: []byte("x"), Version: -1})
	return p.All(writes, inFlight, func(int) []byte { return set })
}
