package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"quoll/interop/process"
)

type settings struct {
	quoll, addr string
	rounds      int
	goroutines  int
	bytes       int
	round       time.Duration
	profile     string
}

// bar is what our client must reach in one kind of request.
type bar struct {
	kind    string
	faster  float64 // times the rate of the other client, at least
	cpuPart float64 // of the processor time a request of the other client, at most
}

// bars are what docs/client.md promises.
//
// read-only: looked up, never changed.
var bars = []bar{{"get", 3, 0.35}, {"set", 1.7, 0.50}}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.StringVar(&s.addr, "addr", "", "a server that runs already, instead")
	flag.IntVar(&s.rounds, "rounds", 9, "rounds of each client and kind of request")
	flag.IntVar(&s.goroutines, "goroutines", 64, "goroutines that share the connection")
	flag.IntVar(&s.bytes, "bytes", 100, "data of the node")
	flag.DurationVar(&s.round, "round", time.Second, "length of a round")
	flag.StringVar(&s.profile, "profile", "", "write processor profiles of our client to this"+
		" prefix, and do not run the other one")
	flag.Parse()
	ok, err := run(context.Background(), s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "clientbench:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run measures both clients. ok says that every bar was reached.
func run(ctx context.Context, s settings) (ok bool, err error) {
	addr := s.addr
	if addr == "" {
		dir, err := os.MkdirTemp("", "clientbench-")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(dir)
		server, err := process.StartQuoll(ctx, s.quoll, process.Options{DataDir: dir})
		if err != nil {
			return false, err
		}
		defer server.Kill()
		addr = server.Addr()
	}
	ours, err := dialOurs(ctx, addr, s.bytes)
	if err != nil {
		return false, err
	}
	defer ours.close()
	if s.profile != "" {
		return true, profileAll(s, ours)
	}
	theirs, err := dialTheirs(addr)
	if err != nil {
		return false, err
	}
	defer theirs.close()
	ok = true
	for _, b := range bars {
		mine, other, err := alternate(s, b.kind, ours, theirs)
		if err != nil {
			return false, err
		}
		ok = judge(os.Stdout, b, mine, other) && ok
	}
	return ok, nil
}

// judge prints what one kind of request came to, and a line a bar.
func judge(to io.Writer, b bar, ours, theirs []sample) bool {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i].rate / theirs[i].rate
	}
	mine, other := middle(ours), middle(theirs)
	fmt.Fprintf(to, "%s: quoll/client %.0f/s, %.2f µs of CPU each;"+
		" go-zookeeper %.0f/s, %.2f µs of CPU each\n",
		b.kind, mine.rate, mine.cpu, other.rate, other.cpu)
	ratio, part := median(ratios), mine.cpu/other.cpu
	fast, cheap := ratio >= b.faster, part <= b.cpuPart
	fmt.Fprintf(to, "%s %s: %.2f times the rate, median of %d rounds (%.2f to %.2f); at least %.1f\n",
		verdict(fast), b.kind, ratio, len(ratios), slices.Min(ratios), slices.Max(ratios), b.faster)
	fmt.Fprintf(to, "%s %s: %.0f %% of the CPU a request; at most %.0f %%\n",
		verdict(cheap), b.kind, 100*part, 100*b.cpuPart)
	return fast && cheap
}

func verdict(ok bool) string {
	if ok {
		return "PASS"
	}
	return "FAIL"
}

// middle is the median of rates and that of processor times.
func middle(samples []sample) sample {
	var rates, cpus []float64
	for _, s := range samples {
		rates, cpus = append(rates, s.rate), append(cpus, s.cpu)
	}
	return sample{median(rates), median(cpus)}
}

func median(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}
