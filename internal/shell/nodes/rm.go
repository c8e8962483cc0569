package nodes

import (
	"context"
	"strconv"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// Rm is the verb rm.
func Rm() verb.Verb {
	var version int32
	return verb.Verb{
		Name: "rm", Aliases: []string{"delete"}, Args: "PATH...", Min: 1, Max: verb.Any,
		Writes: true, DryRun: true,
		Short:   "Delete nodes without children",
		Example: "quoll rm /app/old\nquoll rm -v 3 /app/config",
		Flags: func(f *pflag.FlagSet) {
			f.Int32VarP(&version, "version", "v", client.AnyVersion,
				"the `VERSION` they have to have")
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
			for _, path := range paths {
				if err := remove(ctx, e, c, path, version); err != nil {
					return err
				}
				r := &deleted{Path: path, Deleted: 1, dry: e.Set.DryRun}
				if err := e.Out.Item(r); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// remove deletes a node; with --dry-run it only says what would go wrong.
func remove(
	ctx context.Context, e *verb.Env, c *client.Client, path string, version int32,
) error {
	if !e.Set.DryRun {
		return c.Delete(ctx, path, version)
	}
	stat, there, err := c.Exists(ctx, path)
	switch {
	case err != nil:
		return err
	case !there:
		return &client.Error{Op: "delete", Path: path, Err: client.ErrNoNode}
	case version != client.AnyVersion && version != stat.Version:
		return &client.Error{Op: "delete", Path: path, Err: client.ErrBadVersion}
	case stat.NumChildren > 0:
		return &client.Error{Op: "delete", Path: path, Err: client.ErrNotEmpty}
	}
	return nil
}

// deleted is what was deleted at a path, or would be.
type deleted struct {
	Path    string `json:"path"`
	Deleted int    `json:"deleted"`

	dry   bool
	whole bool // with all below it
}

// Text is silent of one node that was asked for, as rm is.
func (r *deleted) Text(p *output.Page) {
	if !r.whole && !r.dry {
		return
	}
	did := "deleted "
	if r.dry {
		did = "would delete "
	}
	p.Line(did, p.Name(r.Path), ": ", strconv.Itoa(r.Deleted), " nodes")
}

// ZkCLI is silent.
func (r *deleted) ZkCLI(*output.Page) {}
