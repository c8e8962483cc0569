package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"quoll/interop/process"
)

// Exit codes of a start that is refused.
const (
	codePort      = 1
	codeDirectory = 3
)

// attempt is a start that must be refused, or a tool that only reads.
type attempt struct {
	name    string
	tool    []string // words of the command; nil: a start
	port    int      // 0: any free one
	code    int
	message string // a part of what it says
	defines []string
}

// refuse makes the attempt and checks that no file changed. With frozen the running server is
// stopped meanwhile, so that all that changes is the attempt's doing.
func (t *trial) refuse(ctx context.Context, a attempt, frozen *process.Server) (err error) {
	var before map[string]state
	if frozen != nil {
		if err := freeze(frozen); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, frozen.Signal(syscall.SIGCONT)) }()
		if before, err = states(t.data()); err != nil {
			return err
		}
	}
	cfg, err := t.otherConfig(a.port)
	if err != nil {
		return err
	}
	argv := append([]string{t.quoll}, a.tool...)
	if a.tool == nil {
		argv = append(argv, "server", cfg)
	}
	for _, d := range a.defines {
		argv = append(argv, "-D", d)
	}
	trace := filepath.Join(t.dir, "trace")
	if t.strace != "" {
		argv = append([]string{t.strace, "-f", "--seccomp-bpf", "-y", "-s", "512", "-o", trace,
			"-e", "trace=" + changing}, argv...)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = &said, &said, t.dir
	// Who starts although it should not is ended with its tracer.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	_ = cmd.Run() // the code tells
	_, _ = t.log.Write(said.Bytes())
	if code := cmd.ProcessState.ExitCode(); code != a.code {
		return fmt.Errorf("%s: exit code %d, want %d: %s", a.name, code, a.code, said.String())
	}
	if !strings.Contains(said.String(), a.message) {
		return fmt.Errorf("%s: %q does not say %q", a.name, said.String(), a.message)
	}
	if t.strace != "" {
		calls, err := changes(trace, t.data())
		if err != nil {
			return err
		}
		if len(calls) > 0 {
			return fmt.Errorf("%s: it changed files:\n%s", a.name, strings.Join(calls, "\n"))
		}
	}
	if frozen != nil {
		after, err := states(t.data())
		if err != nil {
			return err
		}
		if err := differ(before, after); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	t.refused++
	return nil
}

// freeze stops a server and waits until it stands: a call to the disk ends first.
func freeze(s *process.Server) error {
	if err := s.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	tasks := fmt.Sprintf("/proc/%d/task", s.Pid())
	for range 1000 {
		threads, err := os.ReadDir(tasks)
		if err != nil {
			return err
		}
		standing := 0
		for _, th := range threads {
			text, _ := os.ReadFile(filepath.Join(tasks, th.Name(), "stat"))
			if _, rest, ok := strings.Cut(string(text), ") "); ok && strings.HasPrefix(rest, "T") {
				standing++
			}
		}
		if standing == len(threads) {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("process %d does not stop", s.Pid())
}

// otherConfig writes a zoo.cfg for the same directories beside them.
func (t *trial) otherConfig(port int) (string, error) {
	o := t.options
	o.Port = port
	if port == 0 {
		var err error
		if o.Port, err = process.FreePort(); err != nil {
			return "", err
		}
	}
	file := filepath.Join(t.dir, "other.cfg")
	return file, os.WriteFile(file, []byte(o.Config()), 0o600)
}

// second: six second starts with the same zoo.cfg and one with another port, each while the first
// server stands still; then its successor takes over.
func (t *trial) second(ctx context.Context) error {
	return t.inTurns(ctx, func(server *process.Server, _ int) error {
		locked := attempt{
			name: "the same zoo.cfg", port: t.options.Port, code: codeDirectory,
			message: "is locked", defines: []string{"quoll.lockWaitMillis=50"},
		}
		for range 6 {
			if err := t.refuse(ctx, locked, server); err != nil {
				return err
			}
		}
		locked.name, locked.port = "another port", 0
		if err := t.refuse(ctx, locked, server); err != nil {
			return err
		}
		if err := t.tools(ctx, server); err != nil {
			return err
		}
		return t.refuse(ctx, attempt{
			name: "the same port, no lock", port: t.options.Port, code: codePort,
			message: "address already in use", defines: []string{"quoll.lock=off"},
		}, server)
	}, (*process.Server).Signal, syscall.SIGTERM)
}

// tools that read work on the directory of a server, and change nothing.
func (t *trial) tools(ctx context.Context, server *process.Server) error {
	version := filepath.Join(t.data(), "version-2")
	snaps, err := filepath.Glob(filepath.Join(version, "snapshot.*"))
	if err != nil {
		return err
	}
	logs, err := filepath.Glob(filepath.Join(version, "log.*"))
	if err != nil {
		return err
	}
	for _, tool := range [][]string{
		{"log", "verify", t.data()},
		append([]string{"log", "dump"}, logs...),
		append([]string{"snapshot", "verify"}, snaps...),
		{"config", "check", filepath.Join(t.data(), "zoo.cfg")},
	} {
		a := attempt{name: strings.Join(tool[:2], " "), tool: tool}
		if err := t.refuse(ctx, a, server); err != nil {
			return err
		}
		t.refused--
	}
	return nil
}

// removed: without its lock file a running server is seen by what it has open.
func (t *trial) removed(ctx context.Context) error {
	return t.inTurns(ctx, func(server *process.Server, _ int) error {
		if err := os.Remove(filepath.Join(t.data(), "version-2", lockName)); err != nil {
			return err
		}
		foreign := attempt{
			name: "another port, the lock file removed", code: codeDirectory,
			message: fmt.Sprintf("process %d has open for writing", server.Pid()),
			defines: []string{"quoll.lockWaitMillis=50"},
		}
		if err := t.refuse(ctx, foreign, server); err != nil {
			return err
		}
		foreign.message = "another server writes to the directory" // however it was seen
		return t.refuse(ctx, foreign, nil)
	}, (*process.Server).Signal, syscall.SIGTERM)
}
