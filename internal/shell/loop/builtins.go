package loop

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/lines"
	"quoll/internal/shell/session"
)

// builtin is a command of the shell that no process of its own has.
type builtin struct {
	names []string
	args  string
	short string
	run   func(ctx context.Context, s *Shell, args []string) error
}

// builtins are the shell's own commands.
func builtins() []builtin {
	return []builtin{
		{[]string{"cd"}, "[PATH|-]", "go to a node; relative paths begin there", cd},
		{[]string{"pwd"}, "", "show where that is", pwd},
		{[]string{"history"}, "", "show the lines of this shell", history},
		{[]string{"redo"}, "N", "run the line N of the history again", redo},
		{[]string{"connect"}, "[SERVERS]", "connect, to other servers or again", connect},
		{[]string{"close"}, "", "end the session with the servers", disconnect},
		{[]string{"printwatches"}, "on|off", "print events of watches, or not", printWatches},
		{[]string{"loop"}, "N DELAY VERB...", "run a verb N times, 0: until Ctrl-C", repeat},
		{[]string{"help", "h", "?"}, "[VERB]", "show this, or how a verb is used", help},
		{[]string{"version"}, "", "show the version", version},
		{[]string{"quit", "exit"}, "", "leave", leave},
	}
}

// builtin is a command of the shell by its name; nil if there is none.
func (s *Shell) builtin(name string) *builtin {
	for _, b := range builtins() {
		for _, n := range b.names {
			if n == name {
				return &b
			}
		}
	}
	return nil
}

// shownHistory is how many lines zkCli.sh shows.
const shownHistory = 11

func history(_ context.Context, s *Shell, _ []string) error {
	from := 0
	if s.o.ZkCLI {
		from = max(0, len(s.typed)-shownHistory)
	}
	for i := from; i < len(s.typed); i++ {
		line := s.typed[i]
		if lines.Secret(line) && !s.o.ZkCLI {
			line = "(a secret)"
		}
		if _, err := fmt.Fprintf(s.host.Stdout, "%d - %s\n", i, line); err != nil {
			return err
		}
	}
	return nil
}

// redo runs a line again. In the history it stands as that line, so that a redo of it is no redo
// of a redo.
func redo(ctx context.Context, s *Shell, args []string) error {
	if len(args) != 1 {
		return fault.Usage("redo N: the number of a line, which history shows")
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 0 || n >= len(s.typed)-1 {
		return fault.Usage("Command index out of range")
	}
	words, err := s.split(s.typed[n])
	if err != nil {
		return err
	}
	if words[0] == "redo" {
		return fault.Usage("No redoing redos")
	}
	s.typed[len(s.typed)-1] = s.typed[n]
	s.line(ctx, words)
	return nil
}

func connect(ctx context.Context, s *Shell, args []string) error {
	if len(args) > 1 {
		return fault.Usage("connect [SERVERS]")
	}
	s.host.Dir = "/"
	ctx, cancel := context.WithTimeout(ctx, s.o.Settings.Timeout)
	defer cancel()
	return s.session.Connect(ctx, strings.Join(args, ""))
}

func disconnect(_ context.Context, s *Shell, _ []string) error {
	if err := s.deaf(); err != nil {
		return err
	}
	s.session.Disconnect()
	return nil
}

// deaf is the error of zkCli.sh behind a close: it does nothing then that another shell could do
// without a connection.
func (s *Shell) deaf() error {
	if s.o.ZkCLI && s.session.State().Mode == "closed" {
		return session.NotConnected()
	}
	return nil
}

func printWatches(_ context.Context, s *Shell, args []string) error {
	switch {
	case len(args) == 0:
		on := "on"
		if s.silent.Load() {
			on = "off"
		}
		_, err := fmt.Fprintln(s.host.Stdout, "printwatches is "+on)
		return err
	case args[0] == "on" || args[0] == "off":
		s.silent.Store(args[0] == "off")
		return nil
	}
	return fault.Usage("printwatches on|off")
}

func version(_ context.Context, s *Shell, _ []string) error {
	if err := s.deaf(); err != nil {
		return err
	}
	text := "quoll " + s.o.Version
	if s.o.ZkCLI {
		text = "ZooKeeper CLI version: " + s.o.Version
	}
	_, err := fmt.Fprintln(s.host.Stdout, text)
	return err
}

func leave(_ context.Context, s *Shell, _ []string) error {
	s.quit = true
	return nil
}
