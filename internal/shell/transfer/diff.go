package transfer

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"
	"github.com/spf13/pflag"

	"quoll/internal/shell/acl"
	"quoll/internal/shell/dump"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/place"
	"quoll/internal/shell/verb"
)

// diffFlags are the flags of diff.
type diffFlags struct{ data, acl, exitCode bool }

// Diff is the verb diff.
func Diff() verb.Verb {
	var o diffFlags
	return verb.Verb{
		Name: "diff", Args: "A B", Min: 2, Max: 2,
		Short: "Compare two trees: which nodes they have, and their data",
		Long: "A and B are paths; NAME:/path is one on the servers of a context, file:NAME the\n" +
			"file of an export. Ephemeral nodes are compared too.",
		Example: "quoll diff /app staging:/app\nquoll diff --data --acl file:yesterday.jsonl /app",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVar(&o.data, "data", false, "show how the data differs, line by line")
			f.BoolVar(&o.acl, "acl", false, "compare ACLs too")
			f.BoolVar(&o.exitCode, "exit-code", false, "end with 7 if anything differs")
		},
		Complete: place.Complete,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			return place.Both(ctx, e, args, func(a, b *place.Place) error {
				return o.run(ctx, e, a, b)
			})
		},
	}
}

func (o *diffFlags) run(ctx context.Context, e *verb.Env, a, b *place.Place) error {
	e.Out.List()
	differ, no, hidden := false, verb.NewDenied(e), "" // the last node that may not be read
	read := place.Options{Data: true, ACL: o.acl, Denied: true}
	for pair, err := range place.Pairs(a.Nodes(ctx, read), b.Nodes(ctx, read)) {
		if err != nil {
			return err
		}
		if denied := deniedOf(pair, a, b); denied != "" {
			no.Node(denied)
			hidden = pair.Path
			continue
		}
		if hidden != "" && strings.HasPrefix(pair.Path, hidden+"/") {
			continue // what the other one has there is neither more nor less
		}
		for _, d := range o.compare(pair) {
			differ = true
			if err := e.Out.Item(d); err != nil {
				return err
			}
		}
	}
	if err := no.Err(); err != nil {
		return err
	}
	if differ && o.exitCode {
		return fault.Silent(fault.CodeCheck)
	}
	return nil
}

// deniedOf is the node of a pair that may not be read; "" if both may.
func deniedOf(pair place.Pair, a, b *place.Place) string {
	switch {
	case pair.A != nil && pair.A.Denied:
		return a.Name(pair.Path)
	case pair.B != nil && pair.B.Denied:
		return b.Name(pair.Path)
	}
	return ""
}

// compare finds what differs at one path.
func (o *diffFlags) compare(pair place.Pair) []*difference {
	at := func(kind string) *difference {
		return &difference{
			Path: pair.Path, Kind: kind, A: o.side(pair.A), B: o.side(pair.B),
			a: pair.A, b: pair.B, lines: o.data,
		}
	}
	switch {
	case pair.B == nil:
		return []*difference{at("removed")}
	case pair.A == nil:
		return []*difference{at("added")}
	}
	var all []*difference
	if !dump.SameData(pair.A.Data, pair.B.Data) {
		all = append(all, at("data"))
	}
	if o.acl && !slices.Equal(pair.A.ACL, pair.B.ACL) {
		all = append(all, at("acl"))
	}
	return all
}

// difference is what differs at one path. Kind is added (B has it alone), removed (A has it alone),
// data or acl. The path is below A and B; that of the roots is "".
type difference struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
	A    *side  `json:"a"`
	B    *side  `json:"b"`

	a, b  *dump.Node
	lines bool
}

// side is one of the two nodes.
type side struct {
	output.Data
	ACL *string `json:"acl"` // --acl
}

func (o *diffFlags) side(n *dump.Node) *side {
	if n == nil {
		return nil
	}
	s := &side{Data: output.DataOf(n.Data)}
	if o.acl {
		text := acl.Text(n.ACL)
		s.ACL = &text
	}
	return s
}

// Text is a line, and with --data the lines that differ.
func (d *difference) Text(p *output.Page) {
	path := d.Path
	if path == "" {
		path = "." // the roots
	}
	switch d.Kind {
	case "added":
		p.Line(p.Color(output.Green, "+ "+p.Name(path)))
	case "removed":
		p.Line(p.Color(output.Red, "- "+p.Name(path)))
	case "acl":
		p.Line("~ ", p.Name(path), " acl ", p.Name(*d.A.ACL), " -> ", p.Name(*d.B.ACL))
	default:
		p.Line("~ ", p.Name(path), " data")
		if d.lines {
			d.unified(p)
		}
	}
}

// unified shows how the data differs.
func (d *difference) unified(p *output.Page) {
	if !utf8.Valid(d.a.Data) || !utf8.Valid(d.b.Data) {
		p.Line("  it is not text")
		return
	}
	p.Bytes([]byte(udiff.Unified("a"+d.Path, "b"+d.Path, string(d.a.Data), string(d.b.Data))))
}
