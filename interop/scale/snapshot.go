package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"quoll/interop/bench/measure"
)

// entry is a line of the server's log.
type entry struct {
	Time         string  `json:"ts"`
	Msg          string  `json:"msg"`
	Took         float64 `json:"took"` // seconds
	Transactions int     `json:"transactions"`
}

func parse(line string) (entry, bool) {
	var e entry
	err := json.Unmarshal([]byte(line), &e)
	return e, err == nil
}

// span is when a snapshot was being written.
type span struct{ from, to time.Time }

// written finds the snapshots that a log tells of.
func written(log string) []span {
	var spans []span
	for line := range strings.Lines(log) {
		e, ok := parse(line)
		if !ok || e.Msg != "snapshot written" {
			continue
		}
		to, err := time.Parse("2006-01-02T15:04:05.000Z0700", e.Time)
		if err != nil {
			continue
		}
		// The line's time has milliseconds.
		from := to.Add(-time.Duration(e.Took * float64(time.Second)))
		spans = append(spans, span{from.Add(-time.Millisecond), to.Add(time.Millisecond)})
	}
	return spans
}

// snapshotEvery is the transactions between two snapshots while they are measured, and
// writesPerSecond what brings them, in bursts of a hundredth of a second: some seconds apart.
const (
	snapshotEvery   = 4000
	writesPerSecond = 1000
)

// snapshots restarts the server so that it writes a snapshot every few seconds, and compares what a
// probe feels while one is written with what it feels in between.
func (s settings) snapshots(ctx context.Context, v *verdicts, server **subject, dir string) error {
	if _, err := (*server).Stop(); err != nil {
		return err
	}
	next, err := s.start(ctx, dir, snapshotEvery)
	if err != nil {
		return err
	}
	*server = next
	probe, err := measure.StartProbe(ctx, next.Addr(), "/probe", s.rate)
	if err != nil {
		return err
	}
	defer probe.Stop()
	writing, end := context.WithCancel(ctx)
	defer end()
	var writer sync.WaitGroup
	var failed error
	writer.Go(func() {
		for writing.Err() == nil && failed == nil {
			failed = churn(ctx, next.Addr(), writesPerSecond/10)
			time.Sleep(100 * time.Millisecond)
		}
	})
	time.Sleep(2 * time.Second)
	probe.Take()
	time.Sleep(s.watch)
	samples := probe.Take()
	end()
	writer.Wait()
	if failed != nil {
		return failed
	}
	if err := probe.Stop(); err != nil {
		return fmt.Errorf("the probe: %w", err)
	}
	return report(v, samples, written(next.log.String()))
}

// report divides the probe's samples by whether a snapshot was being written.
func report(v *verdicts, samples []measure.Sample, spans []span) error {
	var during, between measure.Histogram
	var longest time.Duration
	for _, sp := range spans {
		longest = max(longest, sp.to.Sub(sp.from))
	}
	for _, sample := range samples {
		h := &between
		for _, sp := range spans {
			if sample.Due.Before(sp.to) && sample.Due.Add(sample.Latency).After(sp.from) {
				h = &during
				break
			}
		}
		h.Add(sample.Latency)
	}
	v.note(fmt.Sprintf("%d snapshots beside the probe, the longest", len(spans)),
		longest.Round(time.Millisecond).String())
	if during.Count() < 1000 || between.Count() < 1000 {
		return fmt.Errorf("too few samples: %d while a snapshot was written, %d in between",
			during.Count(), between.Count())
	}
	for _, row := range []struct {
		what string
		h    *measure.Histogram
	}{{"between snapshots", &between}, {"while one is written", &during}} {
		v.note(fmt.Sprintf("  p50/p99/p99.9 of %d %s", row.h.Count(), row.what), fmt.Sprintf(
			"%.2f/%.2f/%.2f ms", ms(row.h, 0.5), ms(row.h, 0.99), ms(row.h, 0.999)))
	}
	raised := during.Quantile(0.999) - between.Quantile(0.999)
	v.within("p99.9 raised by a snapshot by", raised, 20*time.Millisecond)
	return nil
}

func ms(h *measure.Histogram, q float64) float64 { return h.Quantile(q).Seconds() * 1e3 }
