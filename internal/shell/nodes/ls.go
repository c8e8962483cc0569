package nodes

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/walk"
)

// lsFlags are the flags of ls.
type lsFlags struct {
	stat, recursive, watch, long, count, zero bool

	limit int
	sort  string
}

// Ls is the verb ls.
func Ls() verb.Verb {
	var o lsFlags
	return verb.Verb{
		Name: "ls", Aliases: []string{"list"}, Args: "PATH...", Max: verb.Any,
		Short: "List the children of nodes",
		Example: "quoll ls /\nquoll ls --long --sort mtime /app\n" +
			"quoll ls -R -0 /app | xargs -0 -n1 echo",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&o.stat, "stat", "s", false, "show the Stat of each PATH too")
			f.BoolVarP(&o.recursive, "recursive", "R", false,
				"all paths below, the node's own first")
			f.BoolVarP(&o.watch, "watch", "w", false, "wait until the set of children changes")
			f.BoolVar(&o.long, "long", false,
				"a line a child: kind, version, bytes, children, time")
			f.BoolVar(&o.count, "count", false, "only how many children there are")
			f.IntVar(&o.limit, "limit", 0,
				"`N` children at most, and a word on how many are left out")
			f.StringVar(&o.sort, "sort", "name", "`BY` name, czxid, mtime or size")
			f.BoolVarP(&o.zero, "null", "0", false, "end names with NUL: they may have newlines")
		},
		Values:   map[string][]string{"sort": {"name", "czxid", "mtime", "size"}},
		Complete: verb.Paths,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{e.Dir}
			}
			c, paths, err := e.AtAll(ctx, args)
			if err != nil {
				return err
			}
			return o.run(ctx, e, c, paths)
		},
	}
}

func (o *lsFlags) check() error {
	switch {
	case o.sort != "name" && o.sort != "czxid" && o.sort != "mtime" && o.sort != "size":
		return fault.Usage("--sort %s: name, czxid, mtime or size", o.sort)
	case o.recursive && (o.watch || o.long || o.count || o.sort != "name"):
		return fault.Usage("-R lists paths by name, and nothing else; find has more")
	case o.limit < 0:
		return fault.Usage("--limit %d is negative", o.limit)
	}
	return nil
}

func (o *lsFlags) run(
	ctx context.Context, e *verb.Env, c *client.Client, paths []string,
) error {
	if len(paths) > 1 || o.recursive || o.watch {
		e.Out.List()
	}
	if o.zero {
		e.Out.Zero()
	}
	var watches []*client.Watch
	no := verb.NewDenied(e)
	for _, path := range paths {
		if o.recursive {
			if err := o.below(ctx, e, c, path); err != nil {
				return err
			}
			continue
		}
		l, w, err := o.list(ctx, c, path, no)
		if err != nil {
			return err
		}
		l.several = len(paths) > 1
		if err := e.Out.Item(l); err != nil {
			return err
		}
		if l.Left > 0 && e.Out.Format() == output.Text && !e.Out.Terminal() && !o.count {
			e.Note("%s has %d more", path, l.Left) // on a terminal the list says so
		}
		if w != nil {
			watches = append(watches, w)
		}
	}
	for i, w := range watches {
		if err := e.Watch(ctx, paths[i], verb.WatchChildren, w); err != nil {
			return err
		}
	}
	return no.Err()
}

// below lists a node and all below it.
func (o *lsFlags) below(ctx context.Context, e *verb.Env, c *client.Client, root string) error {
	if e.ZkCLI() {
		if _, _, err := c.Get(ctx, root); err != nil {
			return err
		}
		if err := e.Out.Item(&listed{Path: root}); err != nil {
			return err
		}
		return asZkCLI(ctx, e, c, root)
	}
	n, no := 0, verb.NewDenied(e)
	for node, err := range walk.Sorted(ctx, c, root, walk.Options{Denied: no.Node}) {
		if err != nil {
			return err
		}
		if n++; o.limit > 0 && n > o.limit {
			e.Note("there are more than %d", o.limit)
			return nil
		}
		r := &listed{Path: node.Path, Stat: output.StatOf(node.Stat), shown: o.stat}
		if err := e.Out.Item(r); err != nil {
			return err
		}
	}
	return no.Err()
}

// asZkCLI lists what is below a node in the order of zkCli.sh: all children, and then what is below
// each of them. A node that may not be read ends it.
func asZkCLI(ctx context.Context, e *verb.Env, c *client.Client, path string) error {
	names, _, err := c.Children(ctx, path)
	if errors.Is(err, client.ErrNoNode) {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if err := e.Out.Item(&listed{Path: walk.Below(path, name)}); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := asZkCLI(ctx, e, c, walk.Below(path, name)); err != nil {
			return err
		}
	}
	return nil
}

// listed is a node that ls -R has found.
type listed struct {
	Path string       `json:"path"`
	Stat *output.Stat `json:"stat"`

	shown bool // the Stat
}

// Text is the path, and the Stat if it is wanted.
func (r *listed) Text(p *output.Page) {
	p.NameLine(r.Path)
	if r.shown {
		p.Stat(r.Stat)
	}
}

// ZkCLI is the path alone: zkCli.sh does not show the Stat here.
func (r *listed) ZkCLI(p *output.Page) { p.Line(p.Name(r.Path)) }
