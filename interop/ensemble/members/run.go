package members

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"quoll/interop/process"
)

// ErrRunning: a member that must be down for this runs, or the other way round.
var ErrRunning = errors.New("wrong state of a member")

// Start runs members and waits for none of them.
func (e *Ensemble) Start(ids ...int) error {
	for _, id := range ids {
		if err := e.start(e.Member(id)); err != nil {
			return fmt.Errorf("start member %d: %w", id, err)
		}
	}
	return nil
}

func (e *Ensemble) start(m *Member) error {
	if e.Running(m.ID) {
		return fmt.Errorf("%w: it runs", ErrRunning)
	}
	log, err := os.OpenFile(m.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	// The child has a copy of the file.
	defer log.Close()
	m.starts++
	fmt.Fprintf(log, "---- start %d\n", m.starts)
	command := e.apache
	if m.Kind == Quoll {
		command = process.Quoll(e.options.Binary)
	}
	server, err := process.Launch(command, process.Options{
		DataDir: m.Home, Port: m.Client, ExtraConfig: e.settings(m), SystemProps: e.props(m),
		JVM: e.options.JVM, Log: log,
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	m.server, m.paused = server, false
	return nil
}

// process is the member's, nil when it does not run.
func (e *Ensemble) process(id int) *process.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.Member(id).server
}

// Running says whether a member was started and not ended by us. A process that ended by itself
// counts as running: see Died.
func (e *Ensemble) Running(id int) bool { return e.process(id) != nil }

// Died names the running members whose process has ended by itself.
func (e *Ensemble) Died() (ids []int) {
	for _, m := range e.Members {
		if s := e.process(m.ID); s != nil {
			select {
			case <-s.Done():
				ids = append(ids, m.ID)
			default:
			}
		}
	}
	return ids
}

// Kill ends members by SIGKILL, all at once.
func (e *Ensemble) Kill(ids ...int) {
	var all []*process.Server
	for _, id := range ids {
		if s := e.forget(id); s != nil {
			// Only a process that has already ended refuses the signal.
			_ = s.Signal(syscall.SIGKILL)
			all = append(all, s)
		}
	}
	for _, s := range all {
		s.Kill()
	}
}

// Stop ends members by SIGTERM.
func (e *Ensemble) Stop(ids ...int) error {
	var problems []error
	for _, id := range ids {
		if s := e.forget(id); s != nil {
			_, err := s.Stop()
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func (e *Ensemble) forget(id int) *process.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.Member(id)
	s := m.server
	m.server, m.paused = nil, false
	return s
}

// Pause stops a member by SIGSTOP, as a machine does that hangs.
func (e *Ensemble) Pause(id int) error { return e.signal(id, syscall.SIGSTOP, true) }

// Continue ends a Pause.
func (e *Ensemble) Continue(id int) error { return e.signal(id, syscall.SIGCONT, false) }

func (e *Ensemble) signal(id int, s syscall.Signal, paused bool) error {
	p := e.process(id)
	if p == nil {
		return fmt.Errorf("%w: member %d is down", ErrRunning, id)
	}
	if err := p.Signal(s); err != nil {
		return fmt.Errorf("member %d: %w", id, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.Member(id).paused = paused
	return nil
}

// Close kills whatever runs.
func (e *Ensemble) Close() {
	for _, m := range e.Members {
		e.Kill(m.ID)
	}
	for _, t := range e.taps {
		t.Close()
	}
}

// IDs are those of all members that fit.
func (e *Ensemble) IDs(fits func(*Member) bool) (ids []int) {
	for _, m := range e.Members {
		if fits(m) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// All are the ids of all members.
func (e *Ensemble) All() []int { return e.IDs(func(*Member) bool { return true }) }

// Up are the ids of those that run and are not paused.
func (e *Ensemble) Up() []int {
	return e.IDs(func(m *Member) bool { return e.Running(m.ID) && !m.paused })
}

// Addrs are the client addresses of members.
func (e *Ensemble) Addrs(ids ...int) (addrs []string) {
	for _, id := range ids {
		addrs = append(addrs, e.Member(id).Addr())
	}
	return addrs
}

// Context bounds a wait by the default deadline.
func Context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, within)
}

// Signal9 sends SIGKILL and waits for nothing; Kill is due behind it.
func (e *Ensemble) Signal9(id int) {
	if s := e.process(id); s != nil {
		// Only a process that has already ended refuses the signal.
		_ = s.Signal(syscall.SIGKILL)
	}
}

// Pid is the process id of a member that runs, 0 of another.
func (e *Ensemble) Pid(id int) int {
	if s := e.process(id); s != nil {
		return s.Pid()
	}
	return 0
}

// Paused says whether the member stands still.
func (m *Member) Paused() bool { return m.paused }
