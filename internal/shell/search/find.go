package search

import (
	"context"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/walk"
)

// Find is the verb find.
func Find() verb.Verb {
	var t tests
	var zero bool
	return verb.Verb{
		Name: "find", Args: "ROOT", Min: 1, Max: 1,
		Short: "List the nodes below a node that pass all tests",
		Example: "quoll find --name 'lock-*' /app\nquoll find --owner 0x1000 /\n" +
			"quoll find --super-nodes 1000 /",
		Flags: func(f *pflag.FlagSet) {
			t.flags(f)
			f.BoolVarP(&zero, "null", "0", false, "end paths with NUL: they may have newlines")
		},
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if err := t.prepare(); err != nil {
				return err
			}
			c, root, err := e.At(ctx, args[0])
			if err != nil {
				return err
			}
			e.Out.List()
			if zero {
				e.Out.Zero()
			}
			return t.run(ctx, e, c, root)
		},
	}
}

func (t *tests) run(ctx context.Context, e *verb.Env, c *client.Client, root string) error {
	var batch []walk.Node // that have passed all but the test of the ACL
	no := verb.NewDenied(e)
	for node, err := range walk.Sorted(ctx, c, root, walk.Options{Denied: no.Node}) {
		if err != nil {
			return err
		}
		if !t.pass(node) {
			continue
		}
		if batch = append(batch, node); t.acl == nil || len(batch) == aclsAtOnce {
			if err := t.show(ctx, e, c, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := t.show(ctx, e, c, batch); err != nil {
		return err
	}
	return no.Err()
}

// show writes those of a batch whose ACL passes too.
func (t *tests) show(
	ctx context.Context, e *verb.Env, c *client.Client, batch []walk.Node,
) error {
	passed, err := t.passACL(ctx, c, batch)
	if err != nil {
		return err
	}
	for i, node := range batch {
		if !passed[i] {
			continue
		}
		err := e.Out.Item(&found{Path: node.Path, Stat: output.StatOf(node.Stat)})
		if err != nil {
			return err
		}
	}
	return nil
}

// found is a node that has passed.
type found struct {
	Path string       `json:"path"`
	Stat *output.Stat `json:"stat"`
}

// Text is the path.
func (r *found) Text(p *output.Page) { p.NameLine(r.Path) }
