package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"quoll/interop/process"
)

// inTurns runs servers one after the other on one directory and one port, each under load. meddle
// does what the scenario is about; then end is sent, and the successor starts at once, beside the
// one that ends. Each must serve all that was acknowledged before.
func (t *trial) inTurns(
	ctx context.Context, meddle func(server *process.Server, round int) error,
	signal func(*process.Server, os.Signal) error, end os.Signal,
) error {
	server, err := t.start(ctx)
	if err != nil {
		return err
	}
	defer func() { server.Kill() }()
	for round := range t.rounds {
		if server, err = t.turn(ctx, server, round, meddle, signal, end); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	if code, err := server.Stop(); code != 0 || err != nil {
		return fmt.Errorf("the last stop: exit code %d, %w", code, err)
	}
	return nil
}

// turn is one life, and returns the server that follows.
func (t *trial) turn(
	ctx context.Context, server *process.Server, round int,
	meddle func(server *process.Server, round int) error,
	signal func(*process.Server, os.Signal) error, end os.Signal,
) (*process.Server, error) {
	l, err := t.begin(ctx, server.Addr())
	if err != nil {
		return server, err
	}
	defer l.end()
	time.Sleep(t.load)
	if meddle != nil {
		if err := meddle(server, round); err != nil {
			return server, err
		}
	}
	if err := signal(server, end); err != nil {
		return server, err
	}
	next, err := t.start(ctx)
	if err != nil {
		return server, fmt.Errorf("the successor: %w", err)
	}
	if code := server.ExitCode(); end == syscall.SIGTERM && code != 0 {
		return next, fmt.Errorf("SIGTERM: exit code %d", code)
	}
	l.end()
	if err := awaitMode(ctx, next); err != nil {
		return next, err
	}
	return next, t.verify(ctx, next.Addr())
}

// awaitMode waits until a server answers: what answered while it started may have been the one
// before it.
func awaitMode(ctx context.Context, s *process.Server) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		answer, err := process.FourLetter(ctx, s.Addr(), "srvr")
		if err == nil && strings.Contains(answer, "\nMode: ") {
			return nil
		}
		select {
		case <-s.Done():
			return fmt.Errorf("the successor ended with %d", s.ExitCode())
		case <-ctx.Done():
			return fmt.Errorf("the successor does not serve: %q, %w", answer,
				errors.Join(err, ctx.Err()))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// kill: the kernel takes a killed server down while its successor starts.
func (t *trial) kill(ctx context.Context) error {
	return t.inTurns(ctx, nil, (*process.Server).Signal, syscall.SIGKILL)
}

// link: dataLogDir is another name of dataDir.
func (t *trial) link(ctx context.Context) error {
	if err := os.MkdirAll(t.data(), 0o700); err != nil {
		return err
	}
	t.options.DataLogDir = filepath.Join(t.dir, "link")
	if err := os.Symlink(t.data(), t.options.DataLogDir); err != nil {
		return err
	}
	return t.inTurns(ctx, func(server *process.Server, _ int) error {
		return t.refuse(ctx, attempt{
			name: "another port", code: codeDirectory, message: "is locked",
			defines: []string{"quoll.lockWaitMillis=50"},
		}, server)
	}, (*process.Server).Signal, syscall.SIGTERM)
}

// under runs the server below strace, which lets go of its parentage: the process that is started
// is the server.
func (t *trial) under(ctx context.Context, inject string) (*process.Server, error) {
	return process.Start(ctx, func(config string, o process.Options) []string {
		call, _, _ := strings.Cut(inject, ":")
		argv := []string{t.strace, "-D", "-f", "-qq", "--seccomp-bpf",
			"-o", filepath.Join(t.dir, "injected"),
			"-e", "trace=" + call, "-e", "inject=" + inject, t.quoll, "server", config}
		for _, key := range slices.Sorted(maps.Keys(o.SystemProps)) {
			argv = append(argv, "-D", key+"="+o.SystemProps[key])
		}
		return argv
	}, t.options)
}

// noLocks: by default the server starts with a warning, and with quoll.lock=required not at all.
func (t *trial) noLocks(ctx context.Context) error {
	for _, errno := range []string{"EBADF", "ENOLCK", "EOPNOTSUPP", "ENOSYS", "EINVAL"} {
		at, err := t.log.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		inject := "flock:error=" + errno
		server, err := t.under(ctx, inject)
		if err != nil {
			return fmt.Errorf("%s: %w", inject, err)
		}
		l, err := t.begin(ctx, server.Addr())
		if err != nil {
			return err
		}
		time.Sleep(t.load)
		code, err := server.Stop()
		l.end()
		if code != 0 || err != nil {
			return fmt.Errorf("%s: exit code %d, %w", inject, code, err)
		}
		text, err := os.ReadFile(t.log.Name())
		if err != nil {
			return err
		}
		if !strings.Contains(string(text[at:]), "the file system has no locks") {
			return fmt.Errorf("%s: no warning", inject)
		}
		cfg, err := t.otherConfig(0)
		if err != nil {
			return err
		}
		refused := exec.CommandContext(ctx, t.strace, "-f", "-qq", "-o", "/dev/null", "-e",
			"inject="+inject, t.quoll, "server", cfg, "-D", "quoll.lock=required")
		_ = refused.Run() // the code tells
		if code := refused.ProcessState.ExitCode(); code != codeDirectory {
			return fmt.Errorf("%s, quoll.lock=required: exit code %d", inject, code)
		}
		t.refused++
	}
	server, err := t.start(ctx)
	if err != nil {
		return err
	}
	defer server.Kill()
	return t.verify(ctx, server.Addr())
}

// slow: the port of a server that ends is free long before its log is finished.
func (t *trial) slow(ctx context.Context) error {
	const flush = "fdatasync:delay_exit=1000000"
	server, err := t.under(ctx, flush)
	if err != nil {
		return err
	}
	defer func() { server.Kill() }()
	for round := range t.rounds {
		l, err := t.begin(ctx, server.Addr())
		if err != nil {
			return err
		}
		time.Sleep(2*time.Second + t.load)
		if err := server.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		next, err := t.under(ctx, flush)
		if err != nil {
			return fmt.Errorf("round %d: the successor: %w", round, err)
		}
		if code := server.ExitCode(); code != 0 {
			return fmt.Errorf("round %d: SIGTERM: exit code %d", round, code)
		}
		l.end()
		server = next
		if err := awaitMode(ctx, server); err != nil {
			return err
		}
		if err := t.verify(ctx, server.Addr()); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

// readers: whoever has the files open for reading, as a backup has, is in nobody's way.
func (t *trial) readers(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var open []*os.File
	defer func() {
		for _, f := range open {
			f.Close()
		}
	}()
	return t.inTurns(ctx, func(*process.Server, int) error {
		paths, err := filepath.Glob(filepath.Join(t.data(), "version-2", "*"))
		if err != nil {
			return err
		}
		for _, path := range paths {
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			open = append(open, f)
		}
		for _, argv := range [][]string{
			append([]string{"tail", "-f"}, paths...),
			{"tar", "-cf", "/dev/null", "-C", t.data(), "version-2"}, // files change under it
		} {
			cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
			if err := cmd.Start(); err != nil {
				return err
			}
			go func() { _ = cmd.Wait() }() // it ends by itself, or with the scenario
		}
		return nil
	}, (*process.Server).Signal, syscall.SIGTERM)
}
