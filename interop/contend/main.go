package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quoll/client/recipes"
	"quoll/interop/apache"
	"quoll/interop/matrix"
	"quoll/interop/process"
)

type settings struct {
	quoll, with, only, dir string
	apache                 bool
	seconds                int
}

// foreign is one who contends with us.
type foreign struct {
	name    string
	layout  recipes.Layout
	recipes []string
	prepare func(context.Context, matrix.Dirs) (matrix.Program, error)
}

// foreigns are all of them.
//
// read-only: looked up, never changed.
var foreigns = []foreign{
	{"curator", recipes.Curator, []string{
		"lock", "rw", "election", "latch", "semaphore", "barrier", "double", "group", "counter",
		"queue", "discovery",
	}, matrix.CuratorContender},
	{"kazoo", recipes.Kazoo, []string{
		"lock", "rw", "election", "barrier", "double", "counter", "queue",
	}, matrix.KazooContender},
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.BoolVar(&s.apache, "apache", false, "Apache's server instead")
	flag.StringVar(&s.with, "with", "", "curator or kazoo alone")
	flag.StringVar(&s.only, "only", "", "these recipes alone, separated by commas")
	flag.StringVar(&s.dir, "dir", "interop", "the interop directory of the checkout")
	flag.IntVar(&s.seconds, "seconds", 60, "how long each recipe is contended for")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "contend:", err)
		os.Exit(1)
	}
}

// run goes through all recipes with all others.
func run(ctx context.Context, s settings) error {
	source, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	dirs := matrix.Dirs{Source: source, Cache: filepath.Join(source, ".cache")}
	if err := os.MkdirAll(dirs.Cache, 0o755); err != nil {
		return err
	}
	var wrong []error
	for _, f := range foreigns {
		if s.with != "" && s.with != f.name {
			continue
		}
		program, err := f.prepare(ctx, dirs)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		for _, recipe := range f.recipes {
			if s.only == "" || slices.Contains(strings.Split(s.only, ","), recipe) {
				wrong = append(wrong, one(ctx, s, f, program, recipe))
			}
		}
	}
	return errors.Join(wrong...)
}

// one lets both sides take part in a recipe, on a server of its own.
func one(ctx context.Context, s settings, f foreign, p matrix.Program, recipe string) error {
	dir, err := os.MkdirTemp("", "contend-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := start(ctx, s, dir)
	if err != nil {
		return err
	}
	defer server.Kill()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.seconds)*2*time.Second+time.Minute)
	defer cancel()
	c := &contest{
		settings: s, foreign: f, program: p, recipe: recipe, addr: server.Addr(),
		said: make(chan string, 1000), begun: time.Now(),
	}
	err = c.run(ctx)
	if err == nil && c.violations > 0 {
		err = fmt.Errorf("%d violations, the last: %s", c.violations, c.last)
	}
	verdict := "PASS"
	if err != nil {
		verdict = "FAIL"
		err = fmt.Errorf("%s with %s: %w", recipe, f.name, err)
	}
	fmt.Printf("%s %s with %s: %d turns of ours, %d of theirs, %d violations\n",
		verdict, recipe, f.name, c.turns, c.theirs, c.violations)
	return err
}

func start(ctx context.Context, s settings, dir string) (*process.Server, error) {
	o := process.Options{
		DataDir:     dir,
		SystemProps: map[string]string{"zookeeper.extendedTypesEnabled": "true"},
	}
	return apache.StartOne(ctx, s.apache, s.quoll, o)
}
