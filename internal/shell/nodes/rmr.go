package nodes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
)

// rmrFlags are the flags of rmr.
type rmrFlags struct {
	max, batch      int
	keepRoot, force bool
	older           time.Duration
}

// Rmr is the verb rmr.
func Rmr() verb.Verb {
	var o rmrFlags
	return verb.Verb{
		Name: "rmr", Aliases: []string{"deleteall"}, Args: "PATH...", Min: 1, Max: verb.Any,
		Writes: true, DryRun: true,
		Short: "Delete nodes and all below them",
		Long: "Counts first, and asks. It is not atomic: after an error it can be called again.\n" +
			"With --older only nodes go that were not written for so long and have no child left.",
		Example: "quoll rmr --dry-run /app/old\nquoll rmr --yes --older 24h --keep-root /jobs",
		Flags: func(f *pflag.FlagSet) {
			f.IntVar(&o.max, "max", 10_000, "`N` nodes at most, unless --force")
			f.IntVarP(&o.batch, "batch", "b", 100, "`N` deletes in one transaction")
			f.BoolVar(&o.keepRoot, "keep-root", false, "delete only what is below")
			f.BoolVar(&o.force, "force", false, "also / and /zookeeper, and more than --max")
			f.DurationVar(&o.older, "older", 0, "only nodes that were not written for this `LONG`")
		},
		Complete: verb.Paths,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if o.batch <= 0 || o.max < 0 || o.older < 0 {
				return fault.Usage("-b, --max and --older cannot be negative, and -b not 0")
			}
			c, paths, err := e.AtAll(ctx, args)
			if err != nil {
				return err
			}
			return o.run(ctx, e, c, paths)
		},
	}
}

func (o *rmrFlags) run(
	ctx context.Context, e *verb.Env, c *client.Client, paths []string,
) error {
	doomed := make([]doom, len(paths))
	total := 0
	for i, path := range paths {
		d, err := o.doomed(ctx, e, c, path)
		if err != nil {
			return err
		}
		doomed[i] = d
		total += d.count
	}
	err := e.Confirm(ctx, verb.Danger{
		What:  fmt.Sprintf("delete %d nodes at %s", total, strings.Join(paths, " ")),
		Paths: paths, Count: total, Max: o.max, Force: o.force,
	})
	if err != nil {
		return err
	}
	if len(paths) > 1 {
		e.Out.List()
	}
	for i, path := range paths {
		n := doomed[i].count
		var err error
		if !e.Set.DryRun {
			n, err = o.delete(ctx, c, path, doomed[i])
		}
		if err != nil {
			return fmt.Errorf("%d of %d nodes deleted: %w", n, doomed[i].count, err)
		}
		r := &deleted{Path: path, Deleted: n, dry: e.Set.DryRun, whole: true}
		if err := e.Out.Item(r); err != nil {
			return err
		}
	}
	return nil
}

// delete deletes what was counted.
func (o *rmrFlags) delete(
	ctx context.Context, c *client.Client, path string, d doom,
) (int, error) {
	if o.older == 0 {
		return c.DeleteAll(ctx, path, client.DeleteAllOptions{KeepRoot: o.keepRoot, Batch: o.batch})
	}
	n := 0
	for _, node := range d.nodes {
		err := c.Delete(ctx, node.Path, node.Stat.Version)
		switch {
		case err == nil:
			n++
		case errors.Is(err, client.ErrNoNode), errors.Is(err, client.ErrNotEmpty),
			errors.Is(err, client.ErrBadVersion): // gone, or used again meanwhile
		default:
			return n, err
		}
	}
	return n, nil
}
