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
//
// OLD is the binary before the change; the exit code is 1 if a cell got worse.
//
// Read main.go, then cell.go, load.go, table.go and worse.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"quoll/interop/apache"
	"quoll/interop/bench/measure"
	"quoll/interop/process"
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
	flag.Parse()
	if abs, err := filepath.Abs(s.quoll); err == nil {
		s.quoll = abs
	}
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

// contender is a server that is measured.
type contender struct {
	name   string
	server *process.Server
	cpu    measure.Process
}

// run measures all cells, and says whether Quoll was slower in any: than Apache, or than it was.
func run(ctx context.Context, s settings) (slower bool, err error) {
	cells := selected(s.only)
	if len(cells) == 0 {
		return false, fmt.Errorf("no cell is called %q", s.only)
	}
	dir, err := os.MkdirTemp(s.dir, "quoll-bench-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	contenders, err := startAll(ctx, s, dir)
	defer func() {
		for _, c := range contenders {
			c.server.Kill()
		}
	}()
	if err != nil {
		return false, err
	}
	for _, c := range contenders {
		if err := plant(ctx, c.server.Addr()); err != nil {
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

// startAll starts every contender; the first is Quoll with its first transport.
func startAll(ctx context.Context, s settings, dir string) ([]*contender, error) {
	var all []*contender
	add := func(name string, server *process.Server, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, &contender{name, server, measure.Process(server.Pid())})
		return nil
	}
	options := func(name string) process.Options {
		return process.Options{DataDir: filepath.Join(dir, name), ExtraConfig: map[string]string{}}
	}
	startQuoll := func(name, binary, transport string) error {
		o := options(strings.ReplaceAll(name, " ", "-"))
		o.ExtraConfig["quoll.transport"] = transport
		for pair := range strings.SplitSeq(s.set, ",") {
			if key, value, ok := strings.Cut(pair, "="); ok {
				o.ExtraConfig[key] = value
			}
		}
		server, err := process.StartQuoll(ctx, binary, o)
		return add(name, server, err)
	}
	first, _, _ := strings.Cut(s.transports, ",")
	for transport := range strings.SplitSeq(s.transports, ",") {
		if err := startQuoll("quoll "+transport, s.quoll, transport); err != nil {
			return all, err
		}
	}
	if s.old != "" {
		if err := startQuoll(oldName, s.old, first); err != nil {
			return all, err
		}
	}
	if !s.apache {
		return all, nil
	}
	o := options("apache")
	// What Apache's zkServer.sh gives its JVM; the rest keeps the log quiet.
	o.JVM = []string{
		"-Xmx1000m", "-XX:+HeapDumpOnOutOfMemoryError", "-XX:OnOutOfMemoryError=kill -9 %p",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dzookeeper.jmx.log4j.disable=true",
	}
	server, err := apache.Start(ctx, o)
	if errors.Is(err, apache.ErrNoJava) {
		return all, fmt.Errorf("%w; -apache=false measures Quoll alone", err)
	}
	return all, add("apache", server, err)
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
