package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"quoll/interop/apache"
	"quoll/interop/bench/measure"
	"quoll/interop/ensemble/members"
	"quoll/interop/process"
)

// contender is a server or an ensemble that is measured.
type contender struct {
	name string
	// writers are the addresses that connections go to in turn, readers those of connections that
	// only read.
	writers, readers []string
	processes        []measure.Process
	end              func()
}

// addr is where the i-th connection of a cell goes.
func (c *contender) addr(k kind, i int) string {
	at := c.writers
	if k == get {
		at = c.readers
	}
	return at[i%len(at)]
}

// cpu is the time that all processes have run.
func (c *contender) cpu() (sum time.Duration, err error) {
	for _, p := range c.processes {
		ran, err := p.CPU()
		if err != nil {
			return 0, err
		}
		sum += ran
	}
	return sum, nil
}

// apacheJVM is what Apache's zkServer.sh gives its JVM; the rest keeps the log quiet.
func apacheJVM() []string {
	return []string{
		"-Xmx1000m", "-XX:+HeapDumpOnOutOfMemoryError", "-XX:OnOutOfMemoryError=kill -9 %p",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dzookeeper.jmx.log4j.disable=true",
	}
}

// startAll starts every contender; the first is Quoll with its first transport.
func startAll(ctx context.Context, s settings, dir string) ([]*contender, error) {
	if s.members > 1 {
		return startEnsembles(ctx, s, dir)
	}
	var all []*contender
	add := func(name string, server *process.Server, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, &contender{
			name: name, writers: []string{server.Addr()}, readers: []string{server.Addr()},
			processes: []measure.Process{measure.Process(server.Pid())}, end: server.Kill,
		})
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
	o.JVM = apacheJVM()
	server, err := apache.Start(ctx, o)
	if errors.Is(err, apache.ErrNoJava) {
		return all, fmt.Errorf("%w; -apache=false measures Quoll alone", err)
	}
	return all, add("apache", server, err)
}

// startEnsemble starts members by their letters, and waits until they serve.
func startEnsemble(ctx context.Context, dir, letters, binary string) (
	e *members.Ensemble, leader int, err error,
) {
	specs, err := members.ParseSpecs(letters)
	if err != nil {
		return nil, 0, err
	}
	e, err = members.New(ctx, members.Options{
		Dir: dir, Binary: binary, TickTime: int(tick.Milliseconds()), JVM: apacheJVM(),
	}, specs)
	if err != nil {
		return nil, 0, err
	}
	if err = e.Start(e.All()...); err == nil {
		leader, err = e.WaitServing(ctx, e.All()...)
	}
	if err != nil {
		e.Close()
		return nil, 0, err
	}
	return e, leader, nil
}

// startEnsembles starts one of ours, perhaps one of the older binary, and one of Apache's.
func startEnsembles(ctx context.Context, s settings, dir string) ([]*contender, error) {
	var all []*contender
	start := func(name, letter, binary string) error {
		e, leader, err := startEnsemble(ctx, filepath.Join(dir, name),
			strings.Repeat(letter, s.members), binary)
		if err != nil {
			return err
		}
		c := &contender{name: name, end: e.Close}
		all = append(all, c)
		followers := e.IDs(func(m *members.Member) bool { return m.ID != leader })
		c.readers = e.Addrs(followers...)
		c.writers = append(e.Addrs(followers...), e.Addrs(leader)...)
		for _, id := range e.All() {
			c.processes = append(c.processes, measure.Process(e.Pid(id)))
		}
		return nil
	}
	if err := start("quoll", "q", s.quoll); err != nil {
		return all, fmt.Errorf("quoll: %w", err)
	}
	if s.old != "" {
		if err := start(oldName, "q", s.old); err != nil {
			return all, fmt.Errorf("%s: %w", oldName, err)
		}
	}
	if s.apache {
		if err := start("apache", "a", ""); err != nil {
			return all, fmt.Errorf("apache: %w", err)
		}
	}
	return all, nil
}
