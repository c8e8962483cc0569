package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// flags of the command line.
type flags struct {
	seed     uint64
	seeds    int
	requests int
	servers  string
	binary   string
	shrink   int
	explore  bool
	tame     bool
	verbose  bool
	logFile  string
}

func main() {
	var f flags
	flag.Uint64Var(&f.seed, "seed", 1, "seed of the first program")
	flag.IntVar(&f.seeds, "seeds", 1, "how many programs, with consecutive seeds")
	flag.IntVar(&f.requests, "requests", 100_000, "requests a program")
	flag.StringVar(&f.servers, "servers", "apache,quoll", "the two to compare")
	flag.StringVar(&f.binary, "quoll", binaryPath(), "the quoll binary")
	flag.IntVar(&f.shrink, "shrink", 0, "tries to leave steps out after a difference")
	flag.BoolVar(&f.explore, "explore", false, "go on after a difference")
	flag.BoolVar(&f.tame, "tame", false, "send no nulls where none belong, to look behind them")
	flag.BoolVar(&f.verbose, "v", false, "print what the programs consisted of")
	flag.StringVar(&f.logFile, "log", "", "file for what the servers print")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	switch same, err := compare(ctx, f, os.Stdout); {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	case !same:
		os.Exit(1)
	}
}

func binaryPath() string {
	if path := os.Getenv("QUOLL"); path != "" {
		return path
	}
	return "bin/quoll"
}

// compare runs the programs of all seeds. Every other one has quotas enforced.
func compare(ctx context.Context, f flags, out io.Writer) (same bool, err error) {
	s := setup{binary: f.binary, log: io.Discard, tame: f.tame}
	var ok bool
	if s.first, s.second, ok = strings.Cut(f.servers, ","); !ok {
		return false, errors.New("-servers takes two names")
	}
	if f.logFile != "" {
		file, err := os.Create(f.logFile)
		if err != nil {
			return false, err
		}
		defer file.Close()
		s.log = file
	}
	kinds := map[string]int{}
	s.onDiff = func(seed uint64, res *result) bool {
		kinds[res.diff.sign]++
		if kinds[res.diff.sign] == 1 {
			report(ctx, f, s, seed, res, out)
		}
		return f.explore
	}
	for seed := f.seed; seed < f.seed+uint64(f.seeds); seed++ {
		s.quota = seed%2 == 0
		began := time.Now()
		res, err := run(ctx, s, seed, f.requests)
		if err != nil {
			return false, err
		}
		if f.verbose {
			res.print(out)
		}
		fmt.Fprintf(out, "seed %d: %d requests in %d steps, %d events, %d differences, %.1fs\n",
			seed, res.requests, len(res.steps), res.events, res.diffs, time.Since(began).Seconds())
		if res.diffs > 0 && !f.explore {
			break
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(out, "%6d x %s\n", kinds[kind], kind)
	}
	return len(kinds) == 0, nil
}

func report(
	ctx context.Context, f flags, s setup, seed uint64, res *result, out io.Writer,
) {
	fmt.Fprintf(out, "seed %d, step %d, request %d: %s\n  %s\n%s", seed, len(res.steps)-1,
		res.requests, res.diff.sign, res.steps[len(res.steps)-1].Text(res.diff.request()),
		res.diff.text)
	if f.shrink == 0 {
		return
	}
	steps, d := shrink(ctx, s, res.steps, res.diff, f.shrink)
	fmt.Fprintf(out, "left after shrinking, %d of %d steps:\n", len(steps), len(res.steps))
	for _, st := range steps {
		fmt.Fprintf(out, "  %v\n", st)
	}
	fmt.Fprint(out, d.text)
}

func (r *result) print(out io.Writer) {
	for _, key := range slices.Sorted(maps.Keys(r.codes)) {
		fmt.Fprintf(out, "%8d %s\n", r.codes[key], key)
	}
}
