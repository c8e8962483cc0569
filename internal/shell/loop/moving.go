package loop

import (
	"context"
	"fmt"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
)

// cd goes to a node that is there. - is where the shell was before.
func cd(ctx context.Context, s *Shell, args []string) error {
	to := "/"
	switch {
	case len(args) > 1:
		return fault.Usage("cd [PATH|-]")
	case len(args) == 1 && args[0] == "-":
		to = s.before
	case len(args) == 1:
		to = args[0]
	}
	env := verb.Env{Host: s.host}
	path, err := env.Path(to)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Settings.Timeout)
	defer cancel()
	c, err := s.session.Client(ctx)
	if err != nil {
		return err
	}
	_, there, err := c.Exists(ctx, path)
	if err == nil && !there {
		err = &client.Error{Op: "cd", Path: path, Err: client.ErrNoNode}
	}
	if err != nil {
		return err
	}
	s.before, s.host.Dir = s.host.Dir, path
	return nil
}

func pwd(_ context.Context, s *Shell, _ []string) error {
	_, err := fmt.Fprintln(s.host.Stdout, s.shown(s.host.Dir))
	return err
}
