package loop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"quoll/client"
	"quoll/internal/shell/editor"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/lines"
	"quoll/internal/shell/output"
	"quoll/internal/shell/session"
	"quoll/internal/shell/settings"
	"quoll/internal/shell/verb"
)

// Options say how a shell behaves.
type Options struct {
	Table       []verb.Maker
	Host        *verb.Host        // the terminal; the shell fills in the rest
	Settings    settings.Settings // resolved
	ZkCLI       bool              // lines are divided as zkCli.sh does
	WaitForever bool              // do nothing before there is a connection
	Version     string
}

// Shell is a running shell.
type Shell struct {
	o       Options
	host    *verb.Host
	session *session.Session
	editor  editor.Editor
	past    *lines.History // of the file
	typed   []string       // in this shell, for history and redo
	before  string         // the directory before the present one

	silent atomic.Bool // printwatches off
	quit   bool
	code   int // of the last line
}

// firstPrompt is how long the first prompt waits for a connection, so that it can tell of it.
const firstPrompt = 500 * time.Millisecond

// New makes a shell. It begins to connect.
func New(o Options) *Shell {
	s := &Shell{o: o, host: o.Host, before: "/"}
	h := s.host
	h.Shell, h.Dir, h.Settings = true, "/", o.Settings
	env := verb.Env{Host: h}
	s.session = session.New(o.Settings, settings.Console{Stderr: h.Stderr, Ask: env.AskSecret},
		s.tell)
	h.Client, h.Children = s.session.Client, s.session.Children
	h.Watched, h.Unwatch = s.session.Watched, s.session.Unwatch
	return s
}

// Once runs one command, as zkCli.sh does with the rest of its arguments, and returns its exit
// code.
func (s *Shell) Once(ctx context.Context, words []string) int {
	defer s.session.Close()
	s.silent.Store(true) // the command's output is all that is wanted
	if lines.Credentials(words) && !s.o.Settings.Quiet {
		_, _ = fmt.Fprintln(s.host.Stderr, "whoever lists processes sees the secret of "+words[0])
	}
	if s.o.ZkCLI {
		s.greet()
		s.tellConnected()
	}
	if s.waited(ctx) {
		s.line(ctx, words)
	}
	return s.code
}

// Loop reads lines from a terminal or a script until the end of it, and returns the exit code.
func (s *Shell) Loop(ctx context.Context, in, out *os.File) int {
	defer s.session.Close()
	var err error
	if s.past, err = lines.OpenHistory(lines.HistoryPath(s.host.Getenv)); err != nil {
		s.complain(err)
	}
	s.editor = editor.New(in, out, editor.Options{
		Getenv: s.host.Getenv, History: s.past, Complete: s.complete,
	})
	defer s.restoreOnSignal(in)()
	if s.o.ZkCLI {
		s.greet()
		s.print("Welcome to ZooKeeper!")
	}
	if !s.waited(ctx) {
		return s.code
	}
	first, cancel := context.WithTimeout(ctx, firstPrompt)
	_, _ = s.session.Client(first) // what is wrong the prompt tells
	cancel()
	for !s.quit {
		line, err := s.editor.ReadLine(s.prompt())
		if errors.Is(err, editor.ErrInterrupted) {
			continue
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.complain(err)
			}
			break
		}
		s.typedLine(ctx, line)
	}
	if !s.quit {
		s.silent.Store(true) // nobody has asked for an end that could be told
	}
	if s.host.InTerminal {
		return fault.CodeDone // whoever leaves a shell has seen what went wrong
	}
	return s.code
}

// greet begins as zkCli.sh does: scripts take its first lines away.
func (s *Shell) greet() { s.print("Connecting to " + s.shown(s.o.Settings.Servers)) }

func (s *Shell) print(line string) {
	_, _ = fmt.Fprintln(s.host.Stdout, line) // nobody may read it
}

// tellConnected prints the event of the connection before the output of a command.
func (s *Shell) tellConnected() {
	connect, told := s.host.Client, false
	s.host.Client = func(ctx context.Context) (*client.Client, error) {
		c, err := connect(ctx)
		if err == nil && !told {
			told = true
			_, err = s.host.Stdout.Write(s.rendered(s.session.Change()))
		}
		return c, err
	}
}

// typedLine runs a line that was typed, and keeps it.
func (s *Shell) typedLine(ctx context.Context, line string) {
	words, err := s.split(line)
	if err != nil {
		s.failed(err)
		return
	}
	if len(words) == 0 {
		return
	}
	if s.host.InTerminal {
		if err := s.past.Add(line); err != nil {
			s.complain(err)
		}
	}
	s.typed = append(s.typed, line)
	s.line(ctx, words)
}

// split divides a line into words.
func (s *Shell) split(line string) ([]string, error) {
	if s.o.ZkCLI {
		return lines.SplitZkCLI(line), nil
	}
	words, err := lines.Split(line)
	if err != nil {
		err = fault.Usage("%w", err)
	}
	return words, err
}

// waited waits for a connection if that is wanted. false means that there is none.
func (s *Shell) waited(ctx context.Context) bool {
	if !s.o.WaitForever {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Settings.SessionTimeout)
	defer cancel()
	if _, err := s.host.Client(ctx); err != nil {
		s.failed(err)
		return false
	}
	return true
}

// tell prints a result that no verb waits for: the event of a watch, or a change of the state.
func (s *Shell) tell(r output.Result) {
	_, change := r.(session.Change)
	beside := change && !s.host.OutTerminal && !s.o.ZkCLI // a script reads results alone
	if s.silent.Load() || beside {
		return
	}
	if text := s.rendered(r); len(text) > 0 && s.editor != nil {
		s.editor.Above(string(text))
	}
}

// rendered is a result as it is printed; nothing of one that cannot be.
func (s *Shell) rendered(r output.Result) []byte {
	var b bytes.Buffer
	p := output.NewPrinter(&b, output.Style{
		Format: output.Format(s.o.Settings.Output), Terminal: s.host.OutTerminal,
		Width: s.host.Width, Color: s.colored(),
	})
	if p.Item(r) != nil || p.End() != nil {
		return nil
	}
	return b.Bytes()
}

func (s *Shell) colored() bool {
	set := s.o.Settings
	return set.Color == "always" || set.Color == "auto" && s.host.OutTerminal
}

// restoreOnSignal ends the shell when it is asked to, with the terminal as it was.
func (s *Shell) restoreOnSignal(in *os.File) func() {
	state, err := term.GetState(int(in.Fd()))
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		if _, ok := <-asked; !ok {
			return
		}
		if err == nil {
			_ = term.Restore(int(in.Fd()), state)
		}
		s.session.Disconnect()
		os.Exit(fault.CodeTerminated)
	}()
	return func() {
		signal.Stop(asked)
		close(asked)
	}
}
