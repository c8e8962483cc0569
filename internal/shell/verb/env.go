package verb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/term"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/settings"
	"quoll/internal/shell/zkcli"
)

// Host is where verbs run: a process that does one, or the shell.
type Host struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(name string) string

	InTerminal, OutTerminal, ErrTerminal bool // somebody sits at the other end
	Width                                int  // columns of the terminal; 0: not known

	Args     []string          // the command line: an error of it has the format that it asks for
	Shell    bool              // verbs share a connection, and have no flags for it
	Settings settings.Settings // what flags begin with
	Dir      string            // what relative paths are relative to
	// Client gives the shell's connection. nil: each run connects for itself.
	Client func(ctx context.Context) (*client.Client, error)
	// Children gives names for Tab, a little old perhaps. nil: they are asked for.
	Children func(ctx context.Context, path string) ([]string, error)
	// Watched takes over a watch that a verb has left, and prints its events. nil: the verb waits
	// for it. Unwatch ends those on a path, of some kinds or of all, and returns how many.
	Watched func(path string, kind WatchKind, w *client.Watch)
	Unwatch func(path string, kinds []WatchKind) int
}

// NewHost is the host of a process that does one verb.
func NewHost() *Host {
	h := &Host{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Dir: "/",
		InTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Settings:    settings.Default(),
	}
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		h.Width = width
	}
	return h
}

// Env is what one run of a verb has to work with.
type Env struct {
	*Host
	Set settings.Settings // as they hold for this run
	Out *output.Printer

	given     func(flag string) bool
	own       *client.Client // made for this run
	confirmed bool
	untimed   context.Context // that of the run, without --timeout
}

// Client is a client that is connected.
func (e *Env) Client(ctx context.Context) (*client.Client, error) {
	if e.Host.Client != nil {
		return e.Host.Client(ctx)
	}
	if e.own == nil {
		if e.given("auth") {
			e.warnOfSecrets()
		}
		c, err := e.Set.Client(settings.Console{Stderr: e.Stderr, Ask: e.AskSecret})
		if err != nil {
			return nil, err
		}
		e.own = c
	}
	defer e.noteWaiting(e.own)()
	return e.own, e.own.WaitConnected(ctx)
}

// noteAfter is how long a person waits before they are told what for.
const noteAfter = 2 * time.Second

// noteWaiting tells a person why nothing happens, if it takes long. What it returns ends that.
func (e *Env) noteWaiting(c *client.Client) func() {
	if !e.ErrTerminal {
		return func() {}
	}
	timer := time.AfterFunc(noteAfter, func() {
		now, _ := c.Status()
		e.Note("waiting for %s: %v", e.Set.Servers, now.Err)
	})
	return func() { timer.Stop() }
}

// warnOfSecrets tells that a secret of the command line is seen by others.
func (e *Env) warnOfSecrets() {
	for _, line := range e.Set.Auth {
		if strings.Count(line, ":") > 1 {
			e.Note("the secret of --auth is seen by whoever lists processes; --auth-file hides it")
			return
		}
	}
}

// ZkCLI reports whether the run has to read and write as zkCli.sh does.
func (e *Env) ZkCLI() bool { return e.Out != nil && e.Out.Format() == output.ZkCLI }

// Given reports whether a flag was given.
func (e *Env) Given(flag string) bool { return e.given(flag) }

// Path is the path that an argument means. In the shell it may be relative, but not in zkCli's.
func (e *Env) Path(arg string) (string, error) {
	if e.ZkCLI() {
		return arg, zkcli.CheckPath(arg)
	}
	if arg == "" {
		return "", fault.Usage("an empty path")
	}
	if strings.IndexByte(arg, 0) >= 0 {
		return "", fault.Usage("path %q: no node has NUL in its name", arg)
	}
	if !strings.HasPrefix(arg, "/") {
		arg = path.Join(e.Dir, arg)
	}
	return path.Clean(arg), nil
}

// Paths is Path of several arguments.
func (e *Env) Paths(args []string) ([]string, error) {
	paths := make([]string, len(args))
	for i, arg := range args {
		p, err := e.Path(arg)
		if err != nil {
			return nil, err
		}
		paths[i] = p
	}
	return paths, nil
}

// At is Client, and the path that an argument means there.
func (e *Env) At(ctx context.Context, arg string) (*client.Client, string, error) {
	at, err := e.Path(arg)
	if err != nil {
		return nil, "", err
	}
	c, err := e.Client(ctx)
	return c, at, err
}

// AtAll is At of several arguments.
func (e *Env) AtAll(ctx context.Context, args []string) (*client.Client, []string, error) {
	paths, err := e.Paths(args)
	if err != nil {
		return nil, nil, err
	}
	c, err := e.Client(ctx)
	return c, paths, err
}

// Data is the data that an argument means: - is standard input, @FILE a file, @@ a literal @. zkCli
// knows none of that.
func (e *Env) Data(arg string) ([]byte, error) {
	switch {
	case e.ZkCLI():
	case arg == "-":
		data, err := io.ReadAll(e.Stdin)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		return data, nil
	case strings.HasPrefix(arg, "@@"):
		return []byte(arg[1:]), nil
	case strings.HasPrefix(arg, "@"):
		return os.ReadFile(arg[1:])
	}
	return []byte(arg), nil
}

// Note tells something beside the results, unless --quiet.
func (e *Env) Note(format string, args ...any) {
	if !e.Set.Quiet {
		e.Say(fmt.Sprintf(format, args...))
	}
}

// Say writes a line that --quiet does not drop, to standard error: errors, and what zkCli prints
// there. On a terminal it cannot do harm: it may have names of nodes in it.
func (e *Env) Say(line string) {
	if e.ErrTerminal {
		line = output.Escape(line, true)
	}
	_, _ = fmt.Fprintln(e.Stderr, line) // nobody may read it
}

// AskSecret reads a secret from the terminal, without echo.
func (e *Env) AskSecret(prompt string) ([]byte, error) {
	file, ok := e.Stdin.(*os.File)
	if !ok || !e.InTerminal {
		return nil, fault.Usage("%sthere is no terminal to ask; --auth-file does without", prompt)
	}
	_, _ = fmt.Fprint(e.Stderr, prompt)
	secret, err := term.ReadPassword(int(file.Fd()))
	_, _ = fmt.Fprintln(e.Stderr)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	return secret, nil
}
