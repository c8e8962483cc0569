package loop

import (
	"context"
	"fmt"
	"strings"

	"quoll/internal/shell/fault"
)

// help lists the commands, or shows how one is used.
func help(_ context.Context, s *Shell, args []string) error {
	root := s.root()
	if len(args) == 0 {
		return s.listCommands()
	}
	if own := s.builtin(args[0]); own != nil {
		_, err := fmt.Fprintf(s.host.Stdout, "%s %s: %s\n", own.names[0], own.args, own.short)
		return err
	}
	cmd, _, err := root.Find(args)
	if err != nil || cmd == root {
		return fault.Usage("there is no verb %q", args[0])
	}
	return cmd.Help()
}

// listCommands writes a line a command: all have the same form, so that grep finds them.
func (s *Shell) listCommands() error {
	var b strings.Builder
	line := func(use, short string) { fmt.Fprintf(&b, "  %-34s %s\n", use, short) }
	for _, cmd := range s.root().Commands() {
		if cmd.Hidden || cmd.Name() == "" {
			continue
		}
		line(cmd.Use, cmd.Short)
		for _, sub := range cmd.Commands() {
			line("  "+cmd.Name()+" "+sub.Use, sub.Short)
		}
	}
	b.WriteByte('\n')
	for _, own := range builtins() {
		line(strings.TrimSpace(strings.Join(own.names, ", ")+" "+own.args), own.short)
	}
	_, err := fmt.Fprint(s.host.Stdout, b.String())
	return err
}
