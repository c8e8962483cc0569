package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Times of every session here. A server may take two ticks to see that one is over, and slack is
// for the machine.
const (
	tick    = 500 * time.Millisecond
	timeout = 2 * time.Second
	slack   = 1500 * time.Millisecond
)

// tools are the programs that are needed.
//
// read-only: names.
var tools = []string{"ip", "iptables", "fsfreeze", "mkfs.ext4", "mount", "umount"}

func main() {
	quoll := flag.String("quoll", "bin/quoll", "the server's binary")
	inside := flag.String("inside", "", "the clients' namespace, for a run in the servers'")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *inside != "" {
		exit(runInside(ctx, *quoll, *inside))
	}
	if why := missing(); why != "" {
		fmt.Println("silence: NOT RUN:", why)
		return
	}
	exit(runOutside(ctx, *quoll))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "silence:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// missing says what this machine lacks, "" if nothing.
func missing() string {
	if os.Geteuid() != 0 {
		return "it needs root"
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return tool + " is not installed"
		}
	}
	var major, minor int
	var name syscall.Utsname
	if err := syscall.Uname(&name); err != nil {
		return err.Error()
	}
	release := make([]byte, 0, len(name.Release))
	for _, c := range name.Release {
		release = append(release, byte(c))
	}
	_, err := fmt.Sscanf(string(release), "%d.%d", &major, &minor)
	if err != nil || major < 6 || major == 6 && minor < 2 {
		return "Linux is older than 6.2: it does not tell how much a client may send"
	}
	return ""
}

// runOutside makes the namespaces, and runs this program again in the server's.
func runOutside(ctx context.Context, quoll string) (err error) {
	quoll, err = filepath.Abs(quoll)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	n := newSpaces()
	defer func() { err = errors.Join(err, n.remove()) }()
	if err := n.make(); err != nil {
		return err
	}
	child := exec.CommandContext(ctx, "ip", "netns", "exec", n.servers,
		self, "-quoll", quoll, "-inside", n.clients)
	child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
	child.WaitDelay = 20 * time.Second
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	return child.Run()
}

// run is what the scenarios share.
type run struct {
	quoll   string
	clients string // the name of the clients' namespace
	dir     string

	mu     sync.Mutex
	failed []string
}

func runInside(ctx context.Context, quoll, clients string) (err error) {
	dir, err := os.MkdirTemp("", "silence-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &run{quoll: quoll, clients: clients, dir: dir}
	began := time.Now()
	var all sync.WaitGroup
	for _, scenario := range []func(context.Context) error{r.stalled, r.full} {
		all.Go(func() {
			if err := scenario(ctx); err != nil {
				r.fail("%v", err)
			}
		})
	}
	all.Wait()
	if len(r.failed) > 0 {
		return errors.New(strings.Join(r.failed, "\nsilence: "))
	}
	fmt.Printf("silence: ok, %.0f s\n", time.Since(began).Seconds())
	return nil
}

func (r *run) fail(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, fmt.Sprintf(format, args...))
}

// rest waits; the error is the context's.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
