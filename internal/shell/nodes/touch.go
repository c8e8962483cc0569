package nodes

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// Touch is the verb touch.
func Touch() verb.Verb {
	var parents bool
	return verb.Verb{
		Name: "touch", Args: "PATH...", Min: 1, Max: verb.Any, Writes: true,
		Short: "Write the data of nodes again as it is, or make them",
		Long: "That moves mtime and version, and puts off the end of a node with a TTL. Data\n" +
			"that somebody else writes meanwhile is not lost.",
		Example: "quoll touch /app/alive",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&parents, "parents", "p", false, "make the missing nodes above them")
		},
		Complete: verb.Paths,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			c, paths, err := e.AtAll(ctx, args)
			if err != nil {
				return err
			}
			if len(paths) > 1 {
				e.Out.List()
			}
			var opts []client.CreateOption
			if parents {
				opts = append(opts, client.Parents)
			}
			for _, path := range paths {
				stat, err := touch(ctx, c, path, opts)
				if err != nil {
					return err
				}
				if err := e.Out.Item(&written{Path: path, Stat: output.StatOf(stat)}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func touch(
	ctx context.Context, c *client.Client, path string, opts []client.CreateOption,
) (client.Stat, error) {
	same := func(old []byte) ([]byte, error) { return old, nil }
	stat, err := client.Update(ctx, c, path, same)
	if !errors.Is(err, client.ErrNoNode) {
		return stat, err
	}
	_, stat, err = c.Create(ctx, path, nil, opts...)
	return stat, err
}
