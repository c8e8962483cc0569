package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	quoll := flag.String("quoll", "bin/quoll", "the server's binary")
	keep := flag.Bool("keep", false, "keep the directories and the traces")
	flag.Parse()
	if err := run(*quoll, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "flushes: FAIL:", err)
		os.Exit(1)
	}
}

func run(quoll string, keep bool) error {
	if _, err := exec.LookPath("strace"); err != nil {
		return fmt.Errorf("strace is not installed (Debian: apt-get install strace): %w", err)
	}
	binary, err := filepath.Abs(quoll)
	if err != nil {
		return err
	}
	base, err := os.MkdirTemp("", "quoll-flushes-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Println("flushes: directories and traces are in", base)
	} else {
		defer os.RemoveAll(base)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	w := &world{
		binary: binary, base: filepath.Join(base, "data"), notes: base, counts: map[string]int{},
	}
	if err := os.Mkdir(w.base, 0o700); err != nil {
		return err
	}
	for _, life := range lives() {
		begin := time.Now()
		if err := w.live(ctx, life); err != nil {
			return fmt.Errorf("%s: %w", life.name, err)
		}
		fmt.Printf("flushes: %-9s %5d lines of trace, %4d ms\n",
			life.name, w.lines, time.Since(begin).Milliseconds())
	}
	for _, kind := range []string{
		"log", "cut log", "snapshot", "sidecar", "mark", "kept snapshot", "name of a log",
		"name of a renamed log", "name of a renamed snapshot", "name of a renamed sidecar",
		"name of a removed log", "name of a removed snapshot", "name of a directory",
	} {
		if w.counts[kind] == 0 {
			return fmt.Errorf("no flush was seen of a %s: the check shows nothing of it", kind)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(w.counts)) {
		fmt.Printf("  %6d  flushes of a %s\n", w.counts[kind], kind)
	}
	fmt.Println("flushes: PASS")
	return nil
}
