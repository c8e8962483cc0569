// Command failover measures how long an ensemble under load commits nothing when its leader is
// killed, or stands still: from the signal to the first answer to a write that was sent after it,
// by any client.
//
//	clients  set set set ...  x  dial, dial ... set ok
//	leader   ---------------- kill -9 or SIGSTOP
//	                          |<-- measured -->|
//
// The mixtures are measured in turns, a few loops each, so that what the machine does meanwhile
// hits them all. After each loop every client's node must have at least the last value that was
// acknowledged.
//
//	go run ./interop/failover -quoll bin/quoll -mixtures qqq,aaa,qaa,qqa -loops 50
//	go run ./interop/failover -quoll bin/quoll -mixtures qqq,aaa -loops 10 -signal stop
//
// Read main.go, then client.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"quoll/interop/ensemble/members"
)

type settings struct {
	quoll    string
	mixtures string
	loops    int
	turn     int
	clients  int
	tick     int
	signal   string
	keep     bool
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "our server's binary")
	flag.StringVar(&s.mixtures, "mixtures", "qqq,aaa,qaa,qqa", "a letter a member: a or q")
	flag.IntVar(&s.loops, "loops", 50, "kills of each ensemble")
	flag.IntVar(&s.turn, "turn", 5, "kills in a row, before the next ensemble has its turn")
	flag.IntVar(&s.clients, "clients", 8, "clients that write one request after the other")
	flag.IntVar(&s.tick, "tick", 2000, "tickTime in ms; initLimit 10, syncLimit 5")
	flag.StringVar(&s.signal, "signal", "kill", "what the leader gets: kill, or stop (SIGSTOP)")
	flag.BoolVar(&s.keep, "keep", false, "keep directories and logs")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "failover:", err)
		os.Exit(1)
	}
}

// result is what was measured of one mixture, by the kind of the leader that went.
type result struct {
	gaps map[members.Kind][]time.Duration
}

func run(ctx context.Context, s settings) error {
	mixtures := strings.Split(s.mixtures, ",")
	results := map[string]*result{}
	for done := 0; done < s.loops; done += s.turn {
		for _, mixture := range mixtures {
			r := results[mixture]
			if r == nil {
				r = &result{gaps: map[members.Kind][]time.Duration{}}
				results[mixture] = r
			}
			if err := turn(ctx, s, mixture, min(s.turn, s.loops-done), r); err != nil {
				return fmt.Errorf("%s: %w", mixture, err)
			}
		}
	}
	fmt.Printf("%s of the leader, tickTime %d, %d clients; from it to the next acknowledged "+
		"write:\n", s.signal, s.tick, s.clients)
	for _, mixture := range mixtures {
		for _, kind := range []members.Kind{members.Quoll, members.Apache} {
			if gaps := results[mixture].gaps[kind]; len(gaps) > 0 {
				fmt.Printf("  %s, %-6v led: %3d loops, median %v, longest %v\n", mixture, kind,
					len(gaps), median(gaps).Round(time.Millisecond),
					slices.Max(gaps).Round(time.Millisecond))
			}
		}
	}
	return nil
}

func median(all []time.Duration) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// turn starts an ensemble, ends its leader some times, and stops it.
func turn(ctx context.Context, s settings, mixture string, loops int, r *result) (err error) {
	dir, err := os.MkdirTemp("", "quoll-failover-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n(directories and logs: %s)", err, dir)
		} else if !s.keep {
			os.RemoveAll(dir)
		}
	}()
	specs, err := members.ParseSpecs(mixture)
	if err != nil {
		return err
	}
	e, err := members.New(ctx, members.Options{
		Dir: dir, Binary: s.quoll, TickTime: s.tick}, specs)
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.Start(e.All()...); err != nil {
		return err
	}
	if _, err := e.WaitServing(ctx, e.All()...); err != nil {
		return err
	}
	l, err := newLoad(ctx, e.Addrs(e.All()...), s.clients)
	if err != nil {
		return err
	}
	defer l.close()
	for range loops {
		if err := loop(ctx, s, e, l, mixture, r); err != nil {
			return err
		}
	}
	return nil
}

// settled is how many writes are acknowledged before the next kill.
const settled = 500

func loop(
	ctx context.Context, s settings, e *members.Ensemble, l *load, mixture string, r *result,
) error {
	if err := l.more(ctx, settled); err != nil {
		return err
	}
	leader := e.Leader(ctx)
	if leader == 0 {
		return fmt.Errorf("nobody leads")
	}
	kind := e.Member(leader).Kind
	begun := time.Now()
	if s.signal == "stop" {
		if err := e.Pause(leader); err != nil {
			return err
		}
	} else {
		e.Signal9(leader)
	}
	l.mark()
	at, err := l.answered(ctx)
	if err != nil {
		return err
	}
	gap := at.Sub(begun)
	r.gaps[kind] = append(r.gaps[kind], gap)
	fmt.Printf("%s: %v led, %s, %v\n", mixture, e.Member(leader), s.signal,
		gap.Round(time.Millisecond))
	if s.signal == "stop" {
		err = e.Continue(leader)
	} else {
		e.Kill(leader)
		err = e.Start(leader)
	}
	if err != nil {
		return err
	}
	if _, err := e.WaitServing(ctx, e.All()...); err != nil {
		return err
	}
	return l.check(ctx)
}
