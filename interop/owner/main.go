// Command owner starts servers beside servers, and holds what is then on disk against what was
// acknowledged: one server at a time uses a directory.
//
//	second    a server under load is stopped in its tracks (SIGSTOP); eight second starts, with
//	          its zoo.cfg and with another port, must change no file; then it ends and its
//	          successor starts at once
//	foreign   the same beside Apache, which takes no lock: writing, idle, and on the same port
//	removed   the lock file is deleted under a running server
//	link      dataLogDir is a link to dataDir
//	nolocks   a file system without locks (flock fails with EBADF, ENOLCK)
//	kill      SIGKILL and a start at once
//	slow      SIGTERM and a start at once, on a disk that takes a second a flush
//	readers   tail and a program of ours have every file open for reading
//
// Every write is a node of its own, so a lost one is a name that is missing. What a refused start
// does is watched by strace: nothing is written, cut, renamed or removed below the directories, the
// lock file apart.
//
//	go run ./interop/owner -quoll bin/quoll -rounds 20 -only second,slow
//
// Read main.go, load.go, refused.go with watch.go, then handover.go and foreign.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quoll/interop/apache"
	"quoll/interop/process"
)

type settings struct {
	quoll  string
	rounds int
	rate   int
	load   time.Duration
	keep   bool
}

// scenario is one part; it runs in a directory of its own.
type scenario struct {
	name   string
	strace bool // it is of no use without
	java   bool
	run    func(*trial, context.Context) error
}

func scenarios() []scenario {
	return []scenario{
		{name: "second", run: (*trial).second},
		{name: "foreign", java: true, run: (*trial).foreign},
		{name: "removed", run: (*trial).removed},
		{name: "link", run: (*trial).link},
		{name: "nolocks", strace: true, run: (*trial).noLocks},
		{name: "kill", run: (*trial).kill},
		{name: "slow", strace: true, run: (*trial).slow},
		{name: "readers", run: (*trial).readers},
	}
}

func main() {
	var s settings
	var only string
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.StringVar(&only, "only", "", "scenarios, with commas between; empty: all")
	flag.IntVar(&s.rounds, "rounds", 20, "rounds of each scenario")
	flag.IntVar(&s.rate, "rate", 1000, "writes a second")
	flag.DurationVar(&s.load, "load", 700*time.Millisecond, "how long a server is under load")
	flag.BoolVar(&s.keep, "keep", false, "keep the directories")
	flag.Parse()
	if abs, err := filepath.Abs(s.quoll); err == nil {
		s.quoll = abs
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	failed := false
	for _, sc := range scenarios() {
		if only != "" && !slices.Contains(strings.Split(only, ","), sc.name) {
			continue
		}
		if err := perform(ctx, s, sc); err != nil {
			fmt.Fprintf(os.Stderr, "owner: %s: %v\n", sc.name, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// trial is one scenario on its way.
type trial struct {
	settings
	dir     string // what is below it goes with the trial
	log     *os.File
	strace  string // path, or "" where there is none
	options process.Options
	ledger  ledger
	refused int // starts that were refused as they should be, and changed nothing
}

func perform(ctx context.Context, s settings, sc scenario) (err error) {
	begin := time.Now()
	t, err := newTrial(s, sc.name)
	if err != nil {
		return err
	}
	defer func() {
		t.log.Close()
		if err != nil {
			err = fmt.Errorf("%w\n(directory %s, with the servers' log)", err, t.dir)
		} else if !s.keep {
			os.RemoveAll(t.dir)
		}
	}()
	if t.strace == "" {
		if sc.strace {
			fmt.Printf("owner: %-8s NOT RUN: there is no strace\n", sc.name)
			return nil
		}
		fmt.Printf("owner: %-8s there is no strace: only the files are compared\n", sc.name)
	}
	err = sc.run(t, ctx)
	if sc.java && errors.Is(err, apache.ErrNoJava) {
		fmt.Printf("owner: %-8s NOT RUN: %v\n", sc.name, err)
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Printf("owner: %-8s %d rounds, %d writes acknowledged, 0 lost, %d starts refused "+
		"that changed nothing, %.0f s\n", sc.name, t.ledger.rounds, t.ledger.count(), t.refused,
		time.Since(begin).Seconds())
	return nil
}

func newTrial(s settings, name string) (*trial, error) {
	dir, err := os.MkdirTemp("", "quoll-owner-"+name+"-")
	if err != nil {
		return nil, err
	}
	t := &trial{settings: s, dir: dir}
	if t.log, err = os.Create(filepath.Join(dir, "servers.log")); err != nil {
		return nil, err
	}
	if t.strace, err = exec.LookPath("strace"); err != nil {
		t.strace = ""
	}
	port, err := process.FreePort()
	if err != nil {
		return nil, err
	}
	t.options = process.Options{
		DataDir: filepath.Join(dir, "data"), Port: port, Log: t.log, ReadyWithin: time.Minute,
		ExtraConfig: map[string]string{},
		SystemProps: map[string]string{"zookeeper.snapCount": "1000"},
	}
	return t, nil
}

// data is the directory that everything is about.
func (t *trial) data() string { return t.options.DataDir }

func (t *trial) start(ctx context.Context) (*process.Server, error) {
	return process.StartQuoll(ctx, t.quoll, t.options)
}
