// Command bench compares the throughput of Quoll with Apache ZooKeeper's, on this machine, now.
//
//	for each cell of {get, set, create, mixed} x {1x1, 100x1, 10x16 connections x outstanding}
//	  for each round
//	    each server in turn (the order turns every round): load for some seconds
//
// What counts is the ratio of one round, as the machine's own speed changes from minute to minute;
// the table shows the median of the rounds' ratios, and the lowest and highest. Both servers run
// with the same zoo.cfg, in fresh directories on the same disk, with flushes on. Apache's JVM has
// the flags of its own start script and is warmed up for each kind of request.
//
//	go run ./interop/bench                                    all of it; needs Java
//	go run ./interop/bench -apache=false -only get/10x16      Quoll alone, one cell
//	go run ./interop/bench -transports gnet,std -rounds 3
//	go run ./interop/bench -apache=false -old OLD -rounds 9   what a change has cost
//	go run ./interop/bench -members 3                         ensembles of three
//	go run ./interop/bench -snap 1000000                      what a SNAP of this tree costs
//
// OLD is the binary before the change; the exit code is 1 if a cell got worse.
//
// In ensembles each connection goes to another member, followers first; gets go to followers alone.
//
// Read main.go and contender.go, then cell.go, load.go, table.go and worse.go; join.go is -snap.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

type settings struct {
	quoll      string
	old        string
	transports string
	apache     bool
	rounds     int
	seconds    float64
	warmup     time.Duration
	only       string
	dir        string
	set        string
	members    int
	snap       int
}

func main() {
	var s settings
	binary := os.Getenv("QUOLL")
	if binary == "" {
		binary = "bin/quoll"
	}
	flag.StringVar(&s.quoll, "quoll", binary, "the server's binary; $QUOLL")
	flag.StringVar(&s.old, "old", "", "an older binary to compare with; empty: none")
	flag.StringVar(&s.transports, "transports", "gnet", "of Quoll: gnet, std, or gnet,std")
	flag.BoolVar(&s.apache, "apache", true, "compare with Apache ZooKeeper")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds a cell")
	flag.Float64Var(&s.seconds, "seconds", 3, "seconds a server, round and cell")
	flag.DurationVar(&s.warmup, "warmup", 10*time.Second, "of Apache, for each kind of request")
	flag.StringVar(&s.only, "only", "", "cells to run, such as get/1x1,set; empty: all")
	flag.StringVar(&s.dir, "dir", "", "where the data goes; empty: the temporary directory")
	flag.StringVar(&s.set, "set", "", "more keys of zoo.cfg for Quoll: key=value,key=value")
	flag.IntVar(&s.members, "members", 1, "of each ensemble; 1: servers alone")
	flag.IntVar(&s.snap, "snap", 0,
		"instead of cells: nodes of a tree that is sent to a joiner under load, with chrt")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Hour)
	defer cancel()
	slower, err := run(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if slower {
		os.Exit(1)
	}
}

// run measures all cells, and says whether Quoll was slower in any: than Apache, or than it was.
func run(ctx context.Context, s settings) (slower bool, err error) {
	dir, err := os.MkdirTemp(s.dir, "quoll-bench-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if s.snap > 0 {
		return join(ctx, s, dir)
	}
	cells := selected(s)
	if len(cells) == 0 {
		return false, fmt.Errorf("no cell is called %q", s.only)
	}
	contenders, err := startAll(ctx, s, dir)
	defer func() {
		for _, c := range contenders {
			c.end()
		}
	}()
	if err != nil {
		return false, err
	}
	for _, c := range contenders {
		if err := plant(ctx, c.writers[0]); err != nil {
			return false, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	t := table{contenders: contenders}
	t.head(s)
	warm := map[kind]bool{}
	for _, cell := range cells {
		if !warm[cell.kind] {
			warm[cell.kind] = true
			if err := warmUp(ctx, s, contenders, cell.kind); err != nil {
				return false, err
			}
		}
		for round := range s.rounds {
			if err := t.round(ctx, s, cell, round); err != nil {
				return false, fmt.Errorf("%v: %w", cell, err)
			}
		}
		t.row(cell)
		t.compareWithOld(cell)
	}
	return t.slower, nil
}

// warmUp lets the JVM compile what a kind of request needs; Quoll gets a second.
func warmUp(ctx context.Context, s settings, contenders []*contender, k kind) error {
	for _, c := range contenders {
		d := min(s.warmup, time.Second)
		if c.name == "apache" {
			d = s.warmup
		}
		if _, err := (cell{kind: k, conns: 10, depth: 16}).run(ctx, c, d); err != nil {
			return fmt.Errorf("warm-up of %s: %w", c.name, err)
		}
	}
	return nil
}
