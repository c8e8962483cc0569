package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"quoll/interop/bench/measure"
	"quoll/interop/process"
)

// Limits of what the good client may feel.
const (
	p99Factor = 3
	p99Always = 20 * time.Millisecond
)

// quietPause lets an attack's last connections go before the next base window.
const quietPause = time.Second

// extraDescriptors is how many more than before the attack may be open after it.
const extraDescriptors = 4

// outcome is what one attack did.
type outcome struct {
	without, with measure.Histogram
	peak          int64 // bytes
	counts        map[string]int64
	wrong         []string
}

// trial runs one attack against a fresh server and prints its line.
func (s settings) trial(ctx context.Context, a attack) (ok bool, err error) {
	dir, err := os.MkdirTemp("", "quoll-abuse-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	log := new(strings.Builder)
	o := process.Options{DataDir: dir, Log: log, ExtraConfig: map[string]string{
		"quoll.transport":       s.transport,
		"quoll.watchTotalBytes": "268435456",
	}}
	for pair := range strings.SplitSeq(s.set, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			o.ExtraConfig[key] = value
		}
	}
	server, err := process.StartQuoll(ctx, s.quoll, o)
	if err != nil {
		return false, err
	}
	defer server.Kill()
	out := outcome{counts: map[string]int64{}}
	if err := s.windows(ctx, a, server, &out); err != nil {
		return false, err
	}
	select {
	case <-server.Done():
		out.wrong = append(out.wrong, fmt.Sprintf("the server ended: exit code %d\n%s",
			server.ExitCode(), last(log.String(), 3000)))
	default:
	}
	out.judge(a)
	out.print(a)
	return len(out.wrong) == 0, nil
}

func last(s string, n int) string { return s[max(0, len(s)-n):] }

// windows alternates with and without the attack.
func (s settings) windows(
	ctx context.Context, a attack, server *process.Server, out *outcome,
) error {
	probe, err := measure.StartProbe(ctx, server.Addr(), "/probe", s.rate)
	if err != nil {
		return err
	}
	defer probe.Stop()
	process := measure.Process(server.Pid())
	time.Sleep(quietPause)
	before, err := process.Descriptors()
	if err != nil {
		return err
	}
	peak := measure.WatchPeak(process)
	for range s.pairs {
		probe.Take()
		time.Sleep(s.window)
		out.without.Merge(measure.Latencies(probe.Take()))
		r, err := s.assault(ctx, a, server.Addr())
		if err != nil {
			out.wrong = append(out.wrong, err.Error())
			break
		}
		out.with.Merge(measure.Latencies(probe.Take()))
		for key, n := range r.Counts {
			out.counts[key] += n
		}
		if r.Wrong != "" {
			out.wrong = append(out.wrong, "a legal client: "+r.Wrong)
		}
		time.Sleep(quietPause)
	}
	out.peak = peak.Stop()
	if err := probe.Stop(); err != nil {
		out.wrong = append(out.wrong, fmt.Sprintf("the good client: %v", err))
	}
	return awaitDescriptors(process, before, out)
}

// awaitDescriptors gives the server a moment to see that the attackers are gone.
func awaitDescriptors(p measure.Process, before int, out *outcome) error {
	deadline := time.Now().Add(15 * time.Second)
	for {
		now, err := p.Descriptors()
		if errors.Is(err, os.ErrNotExist) {
			return nil // the server has ended, which is told elsewhere
		}
		if err != nil || now <= before+extraDescriptors {
			return err
		}
		if time.Now().After(deadline) {
			out.wrong = append(out.wrong,
				fmt.Sprintf("%d descriptors are open, %d were before", now, before))
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// assault runs the attack in a process of its own for a window.
func (s settings) assault(ctx context.Context, a attack, addr string) (report, error) {
	var r report
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	command := exec.CommandContext(ctx, self, "-attack", a.name, "-addr", addr,
		"-sleep", s.sleep.String(), "-window", s.window.String())
	stop, err := command.StdinPipe()
	if err != nil {
		return r, err
	}
	var said strings.Builder
	command.Stdout, command.Stderr = &said, os.Stderr
	if err := command.Start(); err != nil {
		return r, err
	}
	time.AfterFunc(s.window, func() { stop.Close() })
	if err := command.Wait(); err != nil {
		return r, fmt.Errorf("the attacker: %w", err)
	}
	if err := json.Unmarshal([]byte(said.String()), &r); err != nil {
		return r, fmt.Errorf("the attacker said %q: %w", said.String(), err)
	}
	return r, nil
}

func (o *outcome) judge(a attack) {
	without, with := o.without.Quantile(0.99), o.with.Quantile(0.99)
	if with > p99Always && with > p99Factor*without {
		o.wrong = append(o.wrong, fmt.Sprintf("p99 %v with the attack, %v without", with, without))
	}
	if o.peak > a.boundMiB<<20 {
		o.wrong = append(o.wrong, fmt.Sprintf("RSS %d MiB", o.peak>>20))
	}
}

func (o *outcome) print(a attack) {
	ms := func(h *measure.Histogram) string {
		p50, p99 := h.Quantile(0.5), h.Quantile(0.99)
		return fmt.Sprintf("%.2f / %.2f", p50.Seconds()*1e3, p99.Seconds()*1e3)
	}
	verdict := "PASS"
	if len(o.wrong) > 0 {
		verdict = "FAIL: " + strings.Join(o.wrong, "; ")
	}
	var counts []string
	for _, key := range slices.Sorted(maps.Keys(o.counts)) {
		counts = append(counts, fmt.Sprintf("%d %s", o.counts[key], key))
	}
	fmt.Printf("%-10s %-22s %-22s %-16s %s\n           %s\n", a.name, ms(&o.without), ms(&o.with),
		fmt.Sprintf("%d (%d)", o.peak>>20, a.boundMiB), verdict, strings.Join(counts, ", "))
}
