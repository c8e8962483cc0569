package search

import (
	"context"
	"path"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/walk"
)

// treeFlags are the flags of tree.
type treeFlags struct {
	depth, limit          int
	data, size, ephemeral bool
}

// Tree is the verb tree.
func Tree() verb.Verb {
	var o treeFlags
	return verb.Verb{
		Name: "tree", Args: "[PATH]", Max: 1,
		Short: "Show a node and all below it as a tree",
		Long:  "Each node is written out as soon as it is known: a tree may be of any size.",
		Example: "quoll tree --depth 2 /\nquoll tree --ephemeral-only /app\n" +
			"quoll tree -o jsonl /app",
		Flags: func(f *pflag.FlagSet) {
			f.IntVar(&o.depth, "depth", 0, "`N` levels below PATH at most")
			f.BoolVar(&o.data, "data", false, "show the data too")
			f.BoolVar(&o.size, "size", false, "show how many bytes of data each node has")
			f.IntVar(&o.limit, "limit", 0, "`N` nodes at most")
			f.BoolVar(&o.ephemeral, "ephemeral-only", false,
				"ephemeral nodes alone, and those above them")
		},
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if o.depth < 0 || o.limit < 0 {
				return fault.Usage("--depth and --limit cannot be negative")
			}
			root := e.Dir
			if len(args) > 0 {
				var err error
				if root, err = e.Path(args[0]); err != nil {
					return err
				}
			}
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			e.Out.List()
			return o.run(ctx, e, c, root)
		},
	}
}

func (o *treeFlags) run(ctx context.Context, e *verb.Env, c *client.Client, root string) error {
	var above []*branch // with --ephemeral-only: nodes on the way that are not shown yet
	shown, no := 0, verb.NewDenied(e)
	for node, err := range walk.Sorted(ctx, c, root, walk.Options{
		Data: o.data, MaxDepth: o.depth, Denied: no.Node,
	}) {
		if err != nil {
			return err
		}
		for len(above) > 0 && above[len(above)-1].Depth >= node.Depth {
			above = above[:len(above)-1]
		}
		above = append(above, o.branch(node))
		if o.ephemeral && node.Stat.EphemeralOwner == 0 {
			continue
		}
		for _, b := range above {
			if shown++; o.limit > 0 && shown > o.limit {
				e.Note("there are more than %d", o.limit)
				return nil
			}
			if err := e.Out.Item(b); err != nil {
				return err
			}
		}
		above = above[:0]
	}
	return no.Err()
}

func (o *treeFlags) branch(node walk.Node) *branch {
	b := &branch{
		Path: node.Path, Depth: node.Depth, Stat: output.StatOf(node.Stat), flags: o,
	}
	if o.data {
		data := output.DataOf(node.Data)
		b.Data, b.bytes = &data, node.Data
	}
	return b
}

// branch is a node of a tree.
type branch struct {
	Path         string       `json:"path"`
	Depth        int          `json:"depth"`
	*output.Data              // --data
	Stat         *output.Stat `json:"stat"`

	bytes []byte
	flags *treeFlags
}

// Text is the name, behind as many bars as there are levels above. Whether a node is the last one
// of its parent is not known when it is written out, so there are no corners.
func (b *branch) Text(p *output.Page) {
	name := b.Path
	if b.Depth > 0 {
		name = path.Base(b.Path)
	}
	line := p.Name(name)
	if b.Depth > 0 {
		line = strings.Repeat("│   ", b.Depth-1) + "├── " + line
	}
	raw := b.Stat.Raw()
	if raw.EphemeralOwner != 0 {
		line += " " + p.Color(output.Dim, "(ephemeral "+b.Stat.EphemeralOwner+")")
	}
	if b.flags.size {
		line += " " + strconv.Itoa(int(raw.DataLength)) + " B"
	}
	if b.Data != nil && len(b.bytes) > 0 {
		line += " = " + output.Escape(string(b.bytes), false) // in one line, in a pipe too
	}
	p.Line(line)
}
