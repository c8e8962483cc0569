package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"quoll/internal/shell/fault"
)

// Command is a command to run.
type Command struct {
	Args           []string
	Env            []string // beside that of this process
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Grace          time.Duration // between TERM and KILL
}

// Exit codes of commands that did not run, as shells have them.
const (
	codeNotRun   = 126
	codeNotFound = 127
	codeSignal   = 128 // and the signal's number
)

const (
	pollGroup = 10 * time.Millisecond
	// drain is how long output is waited for that processes outside the group may hold open.
	drain = time.Second
)

// Run runs the command until it ends, or ctx does: then nothing of its group is left when Run
// returns. code is that of the command. err is why it did not run, or the cause of ctx's end.
func (c *Command) Run(ctx context.Context) (code int, err error) {
	if ctx.Err() != nil {
		return codeNotRun, context.Cause(ctx)
	}
	cmd := exec.Command(c.Args[0], c.Args[1:]...) //nolint:gosec // what the user has asked for
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = drain
	back := foreground(cmd, c.Stdin)
	defer back()
	if err := cmd.Start(); err != nil {
		return notRun(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its ProcessState tells
		close(ended)
	}()
	select {
	case <-ended:
		return exitCode(cmd.ProcessState), nil
	case <-ctx.Done():
		c.end(cmd.Process.Pid, ended)
		return exitCode(cmd.ProcessState), context.Cause(ctx)
	}
}

// end ends a process group, and waits for its first process. The others may outlive it, and are
// not to: nobody waits for them, so that they are looked for.
func (c *Command) end(group int, ended <-chan struct{}) {
	_ = syscall.Kill(-group, syscall.SIGTERM) // it may be gone
	grace := time.NewTimer(c.Grace)
	defer grace.Stop()
	poll := time.NewTicker(pollGroup)
	defer poll.Stop()
	for {
		select {
		case <-poll.C:
			if errors.Is(syscall.Kill(-group, 0), syscall.ESRCH) {
				<-ended
				return
			}
		case <-grace.C:
			_ = syscall.Kill(-group, syscall.SIGKILL)
			<-ended
			return
		}
	}
}

func notRun(err error) (int, error) {
	f := &fault.Error{Code: codeNotRun, Name: "NotRun", Err: fmt.Errorf("the command: %w", err)}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		f.Code = codeNotFound
	}
	return f.Code, f
}

// exitCode is the code as shells tell it.
func exitCode(s *os.ProcessState) int {
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return codeSignal + int(status.Signal())
	}
	return s.ExitCode()
}
