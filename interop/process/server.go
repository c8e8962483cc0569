package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// ErrNotReady says that a server did not answer srvr in time, or ended before it did.
var ErrNotReady = errors.New("server not ready")

// readyPoll is the pause between two srvr requests while a server starts.
const readyPoll = 20 * time.Millisecond

// stopWithin bounds a clean stop; past it the process is killed.
const stopWithin = 20 * time.Second

// Command builds the argument vector that runs a server from the zoo.cfg at configPath.
type Command func(configPath string, o Options) []string

// Server is a running child process, or one that has ended.
type Server struct {
	command *exec.Cmd
	options Options
	argv    []string
	done    chan struct{} // closed once the child has been waited for
	code    int           // exit code, -1 for a signal; valid after done
}

// Start writes zoo.cfg, runs the command, and returns once the server answers srvr with its
// mode. ctx bounds the start alone; the server lives until Stop or Kill. On an error nothing
// is left running. It may be called again with the Options of an ended Server to restart it.
func Start(ctx context.Context, command Command, o Options) (*Server, error) {
	s, err := Launch(command, o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.ReadyWithin)
	defer cancel()
	if err := s.awaitReady(ctx); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

// Launch writes zoo.cfg and runs the command, and waits for nothing: a member of an ensemble does
// not serve before it has found a leader.
func Launch(command Command, o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	config, err := o.writeConfig()
	if err != nil {
		return nil, err
	}
	argv := command(config, o)
	child := exec.Command(argv[0], argv[1:]...)
	child.Stdout, child.Stderr = o.Log, o.Log
	child.Dir = o.DataDir
	child.SysProcAttr = dieWithParent()
	// A grandchild that keeps the pipe open must not keep Wait from returning.
	child.WaitDelay = time.Second
	if err := child.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	s := &Server{command: child, options: o, argv: argv, done: make(chan struct{})}
	go s.wait()
	return s, nil
}

func (s *Server) wait() {
	// The error repeats the exit state, which is read below.
	_ = s.command.Wait()
	s.code = s.command.ProcessState.ExitCode()
	close(s.done)
}

func (s *Server) awaitReady(ctx context.Context) error {
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	var answer string
	var err error
	for {
		select {
		case <-s.done:
			return fmt.Errorf("%w: exit code %d", ErrNotReady, s.code)
		case <-ctx.Done():
			return fmt.Errorf("%w: last answer %q, last error %v", ErrNotReady, answer, err)
		case <-ticker.C:
		}
		answer, err = s.askMode(ctx)
		if err == nil && strings.Contains(answer, "\nMode: ") {
			return nil
		}
	}
}

// askMode bounds one request by itself: Apache answers nothing, and leaves the socket open, to a
// word that comes between its listening and its loading of the database.
func (s *Server) askMode(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	return FourLetter(ctx, s.Addr(), "srvr")
}

// Restart starts an ended server again: same command, directory, port and settings.
func (s *Server) Restart(ctx context.Context) (*Server, error) {
	return Start(ctx, func(string, Options) []string { return s.argv }, s.options)
}

// Stop sends SIGTERM, waits for the end and returns the exit code (-1 if a signal ended the
// process, as SIGTERM does to one that does not catch it). A server that outlives the stop's
// deadline is killed, and that is an error.
func (s *Server) Stop() (exitCode int, err error) {
	err = s.command.Process.Signal(syscall.SIGTERM)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return -1, fmt.Errorf("stop: %w", err)
	}
	timer := time.NewTimer(stopWithin)
	defer timer.Stop()
	select {
	case <-s.done:
		return s.code, nil
	case <-timer.C:
		s.Kill()
		return s.code, fmt.Errorf("stop: still running after %v, killed", stopWithin)
	}
}

// Kill sends SIGKILL and waits for the end. It may be called more than once.
func (s *Server) Kill() {
	// Only a process that has already ended refuses the signal.
	_ = s.command.Process.Kill()
	<-s.done
}

// Signal sends any other signal, such as SIGSTOP and SIGCONT.
func (s *Server) Signal(sig os.Signal) error { return s.command.Process.Signal(sig) }

// Done is closed when the process has ended.
func (s *Server) Done() <-chan struct{} { return s.done }

// ExitCode waits for the end of the process and returns its exit code, -1 for a signal.
func (s *Server) ExitCode() int { <-s.done; return s.code }

// Addr is where clients connect: host:port.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.options.Port) }

// Port is the client port.
func (s *Server) Port() int { return s.options.Port }

// Pid is the process id.
func (s *Server) Pid() int { return s.command.Process.Pid }

// DataDir is the data directory, absolute.
func (s *Server) DataDir() string { return s.options.DataDir }

// Options are those that the server runs with, with every default filled in.
func (s *Server) Options() Options { return s.options }
