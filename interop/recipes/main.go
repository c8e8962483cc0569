package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"quoll/internal/contest"
	"quoll/interop/apache"
	"quoll/interop/process"
)

type settings struct {
	quoll, only         string
	apache              bool
	operations, workers int
	stops               int
	seed                uint64
	hold, addr          string // of the child process
}

// session is the session timeout of all clients.
const session = 2 * time.Second

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.BoolVar(&s.apache, "apache", false, "Apache's server instead")
	flag.StringVar(&s.only, "only", "", "these recipes alone, separated by commas")
	flag.IntVar(&s.operations, "operations", 10_000, "operations for each recipe")
	flag.IntVar(&s.workers, "workers", 6, "workers, each with a connection")
	flag.IntVar(&s.stops, "stops", 2, "times that a holder is stopped, for each recipe")
	flag.Uint64Var(&s.seed, "seed", 1, "of the disturbances")
	flag.StringVar(&s.hold, "hold", "", "be the process that is stopped while it holds this recipe")
	flag.StringVar(&s.addr, "addr", "", "the server, with -hold")
	flag.Parse()
	var err error
	if s.hold != "" {
		err = beStopped(context.Background(), s)
	} else {
		err = run(context.Background(), s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "recipes:", err)
		os.Exit(1)
	}
}

// run goes through all recipes, and returns what was wrong with any.
func run(ctx context.Context, s settings) error {
	var wrong []error
	for _, r := range all() {
		if s.only != "" && !slices.Contains(strings.Split(s.only, ","), r.name) {
			continue
		}
		wrong = append(wrong, one(ctx, s, r))
	}
	return errors.Join(wrong...)
}

// one has a server of its own for a recipe.
func one(ctx context.Context, s settings, r recipe) error {
	dir, err := os.MkdirTemp("", "recipes-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := start(ctx, s, dir)
	if err != nil {
		return err
	}
	defer func() { server.Kill() }()
	patience := time.Minute + time.Duration(s.operations)*50*time.Millisecond
	running, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	kill := func() error {
		server.Kill()
		again, err := server.Restart(running)
		if err == nil {
			server = again
		}
		return err
	}
	report, err := contest.Run(running, contest.Server{Addr: server.Addr(), Kill: kill},
		contest.Options{
			Workers: s.workers, Operations: s.operations, Session: session, Seed: s.seed,
			Pauses: max(1, s.operations/2000), Kills: max(1, s.operations/1000),
		}, r.contest())
	fmt.Printf("%s %s: %v\n", verdict(err), r.name, report)
	for i := 0; i < s.stops && r.take != nil && err == nil; i++ {
		err = stopOne(running, server.Addr(), r)
		fmt.Printf("%s %s: a holder that was stopped for longer than its session\n",
			verdict(err), r.name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	return nil
}

func verdict(err error) string {
	if err != nil {
		return "FAIL"
	}
	return "PASS"
}

func start(ctx context.Context, s settings, dir string) (*process.Server, error) {
	o := process.Options{
		DataDir:     dir,
		ExtraConfig: map[string]string{"tickTime": "100", "maxSessionTimeout": "60000"},
		SystemProps: map[string]string{"zookeeper.extendedTypesEnabled": "true"},
	}
	return apache.StartOne(ctx, s.apache, s.quoll, o)
}
