// Command abuse attacks a server from processes of their own, while a good client sends a fixed
// number of requests a second, and measures what the good client feels.
//
//	parent  good client: 1k/s  |base|attack|base|attack| ...   compared: base and attack windows
//	child                           starts ^    ^ ends         one attack, told by its stdin
//
// For each attack, on a server of its own:
//
//   - the server lives, and the good client's connection too;
//   - a legal client among the attackers is served in full and never closed;
//   - the server's RSS stays below a bound, and its descriptors come back;
//   - the good client's p99 in the attack windows is at most 3 times that in the base windows, or
//     at most 20 ms. Latency is counted from the moment at which a request was due.
//
// The attacks are the table in attacks.go; -list prints it.
//
//	go run ./interop/abuse -quoll bin/quoll -short       about a minute
//	go run ./interop/abuse -quoll bin/quoll              60 s an attack, in two windows
//	go run ./interop/abuse -only loris,sleeper -window 20s -pairs 3
//
// Read main.go, trial.go, attacks.go, then the attacks: garbage.go, readers.go, memory.go.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

type settings struct {
	quoll     string
	transport string
	only      string
	window    time.Duration
	pairs     int
	rate      int
	sleep     time.Duration
	short     bool
	list      bool
	set       string

	// Of a child.
	attack string
	addr   string
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.StringVar(&s.transport, "transport", "gnet", "quoll.transport: gnet or std")
	flag.StringVar(&s.only, "only", "", "attacks to run, separated by commas; empty: all")
	flag.DurationVar(&s.window, "window", 30*time.Second, "length of a window")
	flag.IntVar(&s.pairs, "pairs", 2, "windows with the attack, each after one without")
	flag.IntVar(&s.rate, "rate", 1000, "requests a second of the good client")
	flag.DurationVar(&s.sleep, "sleep", 30*time.Second, "of the reader that sleeps")
	flag.BoolVar(&s.short, "short", false, "windows of 4 s, one pair, a sleep of 3 s")
	flag.BoolVar(&s.list, "list", false, "print the attacks")
	flag.StringVar(&s.set, "set", "", "more keys of zoo.cfg: key=value,key=value")
	flag.StringVar(&s.attack, "attack", "", "be the process of this attack (used by the parent)")
	flag.StringVar(&s.addr, "addr", "", "its target")
	flag.Parse()
	if s.short {
		s.window, s.pairs, s.sleep = 4*time.Second, 1, 3*time.Second
	}
	switch {
	case s.list:
		for _, a := range attacks() {
			fmt.Printf("%-10s %s\n", a.name, a.what)
		}
	case s.attack != "":
		child(s)
	default:
		parent(s)
	}
}

func parent(s settings) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	fmt.Printf("abuse: %s, good client at %d/s, %d pairs of windows of %v; p50 and p99 in ms\n",
		s.transport, s.rate, s.pairs, s.window)
	fmt.Printf("%-10s %-22s %-22s %-16s %s\n", "attack", "p50/p99 without", "p50/p99 with",
		"RSS MiB (bound)", "verdict")
	failed := false
	for _, a := range attacks() {
		if s.only != "" && !slices.Contains(strings.Split(s.only, ","), a.name) {
			continue
		}
		ok, err := s.trial(ctx, a)
		if err != nil {
			fmt.Fprintf(os.Stderr, "abuse: %s: %v\n", a.name, err)
		}
		failed = failed || err != nil || !ok
	}
	if failed {
		os.Exit(1)
	}
}

// report is what a child says at its end, as one line of JSON.
type report struct {
	Counts map[string]int64
	// Wrong is what a legal client among the attackers met that it must not, "" if nothing.
	Wrong string
}

// child attacks until its standard input ends, then says what happened.
func child(s settings) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1)) // nothing is ever sent: this is the end
		cancel()
	}()
	i := slices.IndexFunc(attacks(), func(a attack) bool { return a.name == s.attack })
	if i < 0 {
		fmt.Fprintf(os.Stderr, "no attack %q\n", s.attack)
		os.Exit(2)
	}
	t := newTarget(s)
	wrong := attacks()[i].run(ctx, t)
	r := report{Counts: t.counts()}
	if wrong != nil {
		r.Wrong = wrong.Error()
	}
	line, err := json.Marshal(r)
	if err != nil {
		panic(err) // a map and a string
	}
	fmt.Println(string(line))
}
