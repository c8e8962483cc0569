// Command interop runs the foreign clients of the matrix against a server and says what failed.
//
//	go run ./interop/cmd/interop -server apache
//	go run ./interop/cmd/interop -server quoll -quoll bin/quoll -only java,kazoo
//
// It installs what the clients need by package name. Its exit code is 0 if every check of every
// client held, 1 if not, 2 if it was called wrongly.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"quoll/interop/apache"
	"quoll/interop/matrix"
	"quoll/interop/process"
)

type settings struct {
	server, quoll, only, json, readme, dir string
	parallel                               int
	within                                 time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.server, "server", "quoll", "the server under test: apache or quoll")
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the binary for -server quoll")
	flag.StringVar(&s.only, "only", "", "run these clients alone, separated by commas")
	flag.StringVar(&s.json, "json", "", "merge the outcomes into this results file")
	flag.StringVar(&s.readme, "readme", "", "put the table of the results file into this file")
	flag.StringVar(&s.dir, "dir", "interop", "the interop directory of the checkout")
	flag.IntVar(&s.parallel, "parallel", 1, "clients at a time, each with a server of its own")
	flag.DurationVar(&s.within, "within", 3*time.Minute, "the most that one client may take")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, s)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
	}
	os.Exit(code)
}

func run(ctx context.Context, s settings) (exitCode int, err error) {
	clients, err := choose(s.only)
	if err != nil {
		return 2, err
	}
	target, err := newTarget(s)
	if err != nil {
		return 2, err
	}
	dirs, err := directories(s.dir)
	if err != nil {
		return 1, err
	}
	outcomes := runAll(ctx, s, target, dirs, clients)
	exitCode = 0
	for _, outcome := range outcomes {
		if !outcome.OK() {
			exitCode = 1
		}
	}
	if s.json == "" {
		return exitCode, nil
	}
	if err := keep(s, clients, outcomes); err != nil {
		return 1, err
	}
	return exitCode, nil
}

func choose(only string) ([]matrix.Client, error) {
	if only == "" {
		return matrix.Clients(), nil
	}
	all := matrix.Clients()
	var chosen []matrix.Client
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(c matrix.Client) bool { return c.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no client %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func newTarget(s settings) (matrix.Target, error) {
	switch s.server {
	case "apache":
		return matrix.Target{Start: apache.Start, HoldClients: true}, nil
	case "quoll":
		return matrix.Target{
			Start: func(ctx context.Context, o process.Options) (*process.Server, error) {
				return process.StartQuoll(ctx, s.quoll, o)
			},
		}, nil
	}
	return matrix.Target{}, fmt.Errorf("no server %q", s.server)
}

func directories(dir string) (matrix.Dirs, error) {
	source, err := filepath.Abs(dir)
	if err != nil {
		return matrix.Dirs{}, err
	}
	d := matrix.Dirs{Source: source, Cache: filepath.Join(source, ".cache")}
	return d, os.MkdirAll(filepath.Join(d.Cache, "logs"), 0o755)
}

func runAll(ctx context.Context, s settings, target matrix.Target, d matrix.Dirs,
	clients []matrix.Client) []matrix.Outcome {
	outcomes := make([]matrix.Outcome, len(clients))
	slots := make(chan struct{}, max(1, s.parallel))
	var running sync.WaitGroup
	var printing sync.Mutex
	for i, client := range clients {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			began := time.Now()
			outcomes[i] = runOne(ctx, s, target, d, client)
			printing.Lock()
			defer printing.Unlock()
			report(client.Name, s.server, outcomes[i], time.Since(began))
		})
	}
	running.Wait()
	return outcomes
}

func runOne(ctx context.Context, s settings, target matrix.Target, d matrix.Dirs,
	client matrix.Client) matrix.Outcome {
	outcome := matrix.Outcome{Title: client.Title, Version: client.Version}
	// Installing may be slow the first time; it is bounded by itself.
	installing, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	program, err := client.Prepare(installing, d)
	if err != nil {
		outcome.Error = err.Error()
		return outcome
	}
	ctx, cancel = context.WithTimeout(ctx, s.within)
	defer cancel()
	outcome.Checks, err = matrix.Run(ctx, target, program, filepath.Join(d.Cache, "logs"),
		client.Name+"-"+s.server)
	if err != nil {
		outcome.Error = err.Error()
	}
	return outcome
}

func report(client, server string, o matrix.Outcome, took time.Duration) {
	fmt.Printf("%-8s %-7s %s (%.1fs)\n", client, server, o, took.Seconds())
	for _, check := range o.Checks {
		if check.Why != "" {
			fmt.Printf("    %s: %s\n", check.Name, check.Why)
		}
	}
	if o.Error != "" {
		fmt.Printf("    error: %s\n", o.Error)
	}
}

func keep(s settings, clients []matrix.Client, outcomes []matrix.Outcome) error {
	results, err := matrix.ReadResults(s.json)
	if err != nil {
		return err
	}
	for i, client := range clients {
		results.Set(s.server, client.Name, outcomes[i])
	}
	if err := results.Write(s.json); err != nil {
		return err
	}
	if s.readme == "" {
		return nil
	}
	return results.RewriteReadme(s.readme)
}
