// Command scale measures a server with a big tree and with many sessions.
//
//	tree      load 1,000,000 nodes (20 B path, 100 B data) -> memory after 10 s, and the highest
//	restart   stop, start: time to the first answer, memory after 10 s
//	snapshot  a probe of 1k/s with writes beside it: latencies while a snapshot is written, and
//	          in between, as the server's log tells the two apart
//	sessions  10,000 sessions, 100 connecting at a time
//	leaks     after 10,000 connects: descriptors, threads, goroutines
//	expiry    10,000 sessions with ephemerals go silent together: what a probe of 1k/s feels while
//	          they expire in one tick
//	words     what a ping waits behind a four-letter word, beside 10,000 connections
//	ending    what a probe of 1k/s feels while a session of 200,000 ephemerals is closed
//
// Each figure is printed with its target.
//
//	go run ./interop/scale -quoll bin/quoll
//	go run ./interop/scale -nodes 100000 -only tree,sessions
//
// Read main.go, tree.go, snapshot.go, sessions.go, expiry.go, words.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"quoll/interop/bench/measure"
	"quoll/interop/process"
)

type settings struct {
	quoll     string
	transport string
	only      string
	nodes     int
	sessions  int
	settle    time.Duration
	watch     time.Duration
	rate      int
	set       string
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.StringVar(&s.transport, "transport", "gnet", "quoll.transport: gnet or std")
	flag.StringVar(&s.only, "only", "",
		"parts to run: tree (with restart, snapshot), sessions, expiry, words, ending")
	flag.IntVar(&s.nodes, "nodes", 1_000_000, "nodes of the tree")
	flag.IntVar(&s.sessions, "sessions", 10_000, "sessions")
	flag.DurationVar(&s.settle, "settle", 10*time.Second, "between a load and its measurement")
	flag.DurationVar(&s.watch, "watch", 30*time.Second, "of the probe beside snapshots")
	flag.IntVar(&s.rate, "rate", 1000, "requests a second of the probe")
	flag.StringVar(&s.set, "set", "", "more keys of zoo.cfg: key=value,key=value")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	v := &verdicts{}
	parts := []struct {
		name string
		run  func(context.Context, settings, *verdicts) error
	}{
		{"tree", tree}, {"sessions", sessions}, {"expiry", expiry}, {"words", words},
		{"ending", ending},
	}
	fmt.Printf("scale: %s\n", s.transport)
	for _, part := range parts {
		if s.only != "" && !slices.Contains(strings.Split(s.only, ","), part.name) {
			continue
		}
		if err := part.run(ctx, s, v); err != nil {
			fmt.Fprintf(os.Stderr, "scale: %s: %v\n", part.name, err)
			v.failed++
		}
	}
	if v.failed > 0 {
		os.Exit(1)
	}
}

// verdicts prints figures beside their targets.
type verdicts struct{ failed int }

// figure is one line. ok says whether got is within the target.
func (v *verdicts) figure(what, got, target string, ok bool) {
	mark := "PASS"
	if !ok {
		mark = "FAIL"
		v.failed++
	}
	fmt.Printf("  %-4s %-52s %14s   target %s\n", mark, what, got, target)
}

// note is a figure without a target.
func (v *verdicts) note(what, got string) { fmt.Printf("       %-52s %14s\n", what, got) }

// atMost compares memory, in bytes, with a limit in MiB.
func (v *verdicts) atMost(what string, bytes int64, limitMiB int64) {
	v.figure(what, fmt.Sprintf("%d MiB", bytes>>20), fmt.Sprintf("<= %d MiB", limitMiB),
		bytes <= limitMiB<<20)
}

func (v *verdicts) within(what string, took, limit time.Duration) {
	v.figure(what, took.Round(time.Millisecond).String(), fmt.Sprintf("<= %v", limit),
		took <= limit)
}

// subject is a server under measurement, with its log.
type subject struct {
	*process.Server
	kernel measure.Process
	log    *journal
}

// journal keeps what a server writes to its log. Its one writer is not its reader.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// fresh starts a server on a directory of its own; end ends it and removes the directory.
func (s settings) fresh(ctx context.Context) (server *subject, end func(), err error) {
	dir, err := os.MkdirTemp("", "quoll-scale-")
	if err != nil {
		return nil, nil, err
	}
	if server, err = s.start(ctx, dir, 0); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return server, func() {
		server.Kill()
		_ = os.RemoveAll(dir) // in the temporary directory; the figures are taken
	}, nil
}

// start starts a server on a directory; snapCount 0 is the default.
func (s settings) start(ctx context.Context, dir string, snapCount int) (*subject, error) {
	j := &journal{}
	o := process.Options{
		DataDir: dir, Log: j, ReadyWithin: 2 * time.Minute,
		ExtraConfig: map[string]string{
			"quoll.transport": s.transport, "quoll.logFormat": "json",
		},
		SystemProps: map[string]string{},
	}
	for pair := range strings.SplitSeq(s.set, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			o.ExtraConfig[key] = value
		}
	}
	if snapCount > 0 {
		o.SystemProps["zookeeper.snapCount"] = fmt.Sprint(snapCount)
	}
	server, err := process.StartQuoll(ctx, s.quoll, o)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, j.String())
	}
	return &subject{server, measure.Process(server.Pid()), j}, nil
}
