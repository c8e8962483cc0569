package nodes

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// Stat is the verb stat.
func Stat() verb.Verb {
	var watch, exitCode bool
	return verb.Verb{
		Name: "stat", Aliases: []string{"exists"}, Args: "PATH", Min: 1, Max: 1,
		Short:   "Show a node's versions, times, owner and sizes",
		Example: "quoll stat /app\nquoll stat --exit-code /app || echo it is not there",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&watch, "watch", "w", false,
				"wait until the node is made, changed or deleted")
			f.BoolVar(&exitCode, "exit-code", false, "a node that is not there is no error: 7")
		},
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			c, path, err := e.At(ctx, args[0])
			if err != nil {
				return err
			}
			return stat(ctx, e, c, path, watch, exitCode)
		},
	}
}

func stat(
	ctx context.Context, e *verb.Env, c *client.Client, path string, watch, exitCode bool,
) error {
	if watch {
		e.Out.List()
	}
	s, there, w, err := existsW(ctx, c, path, watch)
	if err != nil {
		return err
	}
	var missing error
	found := pathStat{Path: path}
	if there {
		found.Stat = output.StatOf(s)
		err = e.Out.Item(&found)
	} else {
		missing = &client.Error{Op: "exists", Path: path, Err: client.ErrNoNode}
		if exitCode {
			missing = fault.Silent(fault.CodeCheck)
			if e.Out.Format().Structured() {
				err = e.Out.Item(&found)
			}
		}
	}
	if err == nil && w != nil {
		err = e.Watch(ctx, path, verb.WatchData, w)
	}
	return errors.Join(err, missing)
}

// existsW asks for a node, and leaves a watch if that is wanted.
func existsW(
	ctx context.Context, c *client.Client, path string, watch bool,
) (client.Stat, bool, *client.Watch, error) {
	if watch {
		return c.ExistsW(ctx, path)
	}
	s, there, err := c.Exists(ctx, path)
	return s, there, nil, err
}

// pathStat is a node and its Stat. Stat is null if the node is not there.
type pathStat struct {
	Path string       `json:"path"`
	Stat *output.Stat `json:"stat"`
}

// Text shows the Stat.
func (r *pathStat) Text(p *output.Page) { p.Stat(r.Stat) }

// ZkCLI shows the Stat as zkCli.sh does.
func (r *pathStat) ZkCLI(p *output.Page) { p.JavaStat(r.Stat) }
