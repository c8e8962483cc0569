package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// table gathers the rounds of a cell and prints them.
type table struct {
	contenders []*contender
	rounds     []map[*contender]*result // of the cell that runs
	slower     bool                     // than Apache, or than the old binary, in some cell
}

// round runs every contender once. Each begins as often as the others.
func (t *table) round(ctx context.Context, s settings, c cell, round int) error {
	if round == 0 {
		t.rounds = nil
	}
	results := map[*contender]*result{}
	for i := range t.contenders {
		at := t.contenders[(i+round)%len(t.contenders)]
		r, err := c.run(ctx, at, time.Duration(s.seconds*float64(time.Second)))
		if err != nil {
			return fmt.Errorf("%s: %w", at.name, err)
		}
		results[at] = r
	}
	t.rounds = append(t.rounds, results)
	return nil
}

func (t *table) head(s settings) {
	fmt.Printf("bench: %d rounds of %g s, %d B data; µs a request of server and client CPU; "+
		"latencies in µs\n", s.rounds, s.seconds, dataBytes)
	fmt.Printf("%-14s %-11s %9s %18s %8s %8s %8s %8s\n", "cell", "server", "ops/s",
		"ratio to apache", "server", "client", "p50", "p99")
}

// row prints a line a contender: medians of the rounds.
func (t *table) row(c cell) {
	for _, at := range t.contenders {
		of := func(f func(*result) float64) float64 { return t.median(at, f) }
		fmt.Printf("%-14v %-11s %9.0f %18s %8.2f %8.2f %8.0f %8.0f\n", c, at.name,
			of((*result).perSecond), t.ratio(at),
			of(func(r *result) float64 { return r.perOp(r.serverCPU) }),
			of(func(r *result) float64 { return r.perOp(r.clientCPU) }),
			of(func(r *result) float64 { return micros(r.latency.Quantile(0.5)) }),
			of(func(r *result) float64 { return micros(r.latency.Quantile(0.99)) }))
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// ratio compares with Apache in the same round: median, and the lowest and highest.
func (t *table) ratio(at *contender) string {
	last := t.contenders[len(t.contenders)-1]
	if at == last || last.name != "apache" {
		return ""
	}
	var ratios []float64
	for _, round := range t.rounds {
		ratios = append(ratios, round[at].perSecond()/round[last].perSecond())
	}
	slices.Sort(ratios)
	median := middle(ratios)
	mark := ""
	if median < 1 {
		t.slower = true
		mark = "FAIL "
	}
	return fmt.Sprintf("%s%.2f (%.2f-%.2f)", mark, median, ratios[0], ratios[len(ratios)-1])
}

func (t *table) median(at *contender, f func(*result) float64) float64 {
	var values []float64
	for _, round := range t.rounds {
		values = append(values, f(round[at]))
	}
	slices.Sort(values)
	return middle(values)
}

// middle is the median of sorted values.
func middle(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
