// Command syncs shows, by strace, that a server flushes before it answers.
//
// It counts the system calls of a run of sets, by what they are made on, and looks at their order:
// between the log's write and the reply's write there must be a flush of the log that began after
// the one and ended before the other.
//
//	pwrite64(log) ... fdatasync(log) = 0 ... write(socket)
//
// Both watermark modes are shown, with one request in flight (each write is a batch of its own) and
// with many (a batch is what gathered during the last flush).
//
//	go run ./interop/crash/syncs -quoll bin/quoll -writes 500
//
// By hand: strace -c -f -e trace=fdatasync,pwrite64 -p PID.
// Read main.go, then trace.go.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"quoll/client/wire"
	"quoll/interop/process"
	"quoll/jute"
)

type settings struct {
	quoll     string
	transport string
	writes    int
}

func main() {
	var s settings
	flag.StringVar(&s.quoll, "quoll", "bin/quoll", "the server's binary")
	flag.StringVar(&s.transport, "transport", "gnet", "quoll.transport: gnet or std")
	flag.IntVar(&s.writes, "writes", 500, "sets a run")
	flag.Parse()
	if _, err := exec.LookPath("strace"); err != nil {
		fmt.Fprintln(os.Stderr, "syncs: strace is not installed (Debian: apt-get install strace)")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, watermark := range []string{"strict", "lag"} {
		for _, depth := range []int{1, 16} {
			if err := s.show(ctx, watermark, depth); err != nil {
				fmt.Fprintf(os.Stderr, "syncs: %s, %d in flight: FAIL: %v\n", watermark, depth, err)
				os.Exit(1)
			}
		}
	}
}

func (s settings) show(ctx context.Context, watermark string, depth int) error {
	dir, err := os.MkdirTemp("", "quoll-syncs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := process.StartQuoll(ctx, s.quoll, process.Options{
		DataDir: dir,
		ExtraConfig: map[string]string{
			"quoll.transport": s.transport, "quoll.watermark": watermark,
		},
	})
	if err != nil {
		return err
	}
	defer server.Kill()
	p, err := wire.DialPipeline(ctx, server.Addr(), wire.Options{})
	if err != nil {
		return err
	}
	defer p.Close()
	acl := wire.World()
	create := wire.NewFrame(jute.OpCreate, &jute.CreateRequest{Path: []byte("/s"), ACL: acl})
	set := wire.NewFrame(jute.OpSetData,
		&jute.SetDataRequest{Path: []byte("/s"), Data: make([]byte, 100), Version: -1})
	// The first writes make the log's file and the blocks after its beginning.
	if err := sets(p, create, 1, 1); err != nil {
		return err
	}
	if err := sets(p, set, 50, 1); err != nil {
		return err
	}
	file := filepath.Join(dir, "strace")
	err = traced(ctx, server.Pid(), file, func() error { return sets(p, set, s.writes, depth) })
	if err != nil {
		return err
	}
	lines, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	t := newTrace()
	for line := range strings.Lines(string(lines)) {
		t.line(line)
	}
	fmt.Printf("syncs: %s, watermark %s, %d in flight: %d writes acknowledged in %d batches\n",
		s.transport, watermark, depth, s.writes, t.batches)
	t.print()
	return t.verdict(s.writes, depth)
}

// sets sends a request n times, some in flight, and wants every one acknowledged.
func sets(p *wire.Pipeline, frame []byte, n, depth int) error {
	return p.All(n, depth, func(int) []byte { return frame })
}

// traced runs do while strace writes the process's calls to file.
func traced(ctx context.Context, pid int, file string, do func() error) error {
	calls := "trace=fdatasync,fsync,sync_file_range,pwrite64,pwritev,write,writev,sendto,sendmsg"
	command := exec.CommandContext(ctx, "strace", "-f", "-yy", "-s", "0", "-e", calls,
		"-e", "signal=none", "-o", file, "-p", fmt.Sprint(pid))
	said, err := command.StderrPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("strace: %w", err)
	}
	// strace says that it is attached before it has started to trace the last thread; a write
	// that is not traced would show as a missing flush, never hide one.
	first, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || !strings.Contains(first, "attached") {
		_ = command.Wait()
		return fmt.Errorf("strace: %q, %v", first, err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // ends with strace
	failed := do()
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	_ = command.Wait() // the signal is its end
	return failed
}
