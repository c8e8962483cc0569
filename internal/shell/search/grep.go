package search

import (
	"bytes"
	"context"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/walk"
)

// grepFlags are the flags of grep.
type grepFlags struct {
	fold, names, invert, zero bool

	maxBytes int
	re       *regexp.Regexp
}

// Grep is the verb grep.
func Grep() verb.Verb {
	var o grepFlags
	return verb.Verb{
		Name: "grep", Args: "RE ROOT", Min: 2, Max: 2,
		Short: "List the lines of data below a node that match a regular expression",
		Long: "RE is as of https://pkg.go.dev/regexp/syntax. Of data that is not text, it is\n" +
			"only told that it matches.",
		Example: "quoll grep -i 'jdbc:' /config\nquoll grep -l secret /",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&o.fold, "ignore-case", "i", false, "upper and lower case are the same")
			f.BoolVarP(&o.names, "names", "l", false, "only the paths of nodes with such a line")
			f.BoolVarP(&o.invert, "invert", "v", false, "the lines that do not match")
			f.IntVar(&o.maxBytes, "max-bytes", 1<<20, "nodes with more than `N` bytes are left out")
			f.BoolVarP(&o.zero, "null", "0", false, "with -l: end paths with NUL")
		},
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			pattern := args[0]
			if o.fold {
				pattern = "(?i)" + pattern
			}
			re, err := regexp.Compile(pattern)
			if err != nil {
				return fault.Usage("RE: %w", err)
			}
			o.re = re
			root, err := e.Path(args[1])
			if err != nil {
				return err
			}
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			e.Out.List()
			if o.zero {
				e.Out.Zero()
			}
			return o.run(ctx, e, c, root)
		},
	}
}

func (o *grepFlags) run(ctx context.Context, e *verb.Env, c *client.Client, root string) error {
	large, no := 0, verb.NewDenied(e)
	read := walk.Options{Data: true, Denied: no.Node}
	for node, err := range walk.Sorted(ctx, c, root, read) {
		if err != nil {
			return err
		}
		if len(node.Data) > o.maxBytes {
			large++
			continue
		}
		if err := o.search(e, node); err != nil {
			return err
		}
	}
	if large > 0 {
		e.Note("left out: %d nodes with more than --max-bytes %d", large, o.maxBytes)
	}
	return no.Err()
}

// search writes the lines of one node that match.
func (o *grepFlags) search(e *verb.Env, node walk.Node) error {
	text := utf8.Valid(node.Data) && bytes.IndexByte(node.Data, 0) < 0
	n := 0
	for line := range bytes.Lines(node.Data) {
		n++
		line = bytes.TrimSuffix(line, []byte("\n"))
		if o.re.Match(line) == o.invert {
			continue
		}
		m := &match{Path: node.Path, Line: n, Match: string(line), name: o.names}
		if !text {
			m.Line, m.Match, m.binary = 0, "", true
		}
		if err := e.Out.Item(m); err != nil || o.names || !text {
			return err
		}
	}
	return nil
}

// match is a line that matches. Line is 0 if the data is not text; then Match is empty.
type match struct {
	Path  string `json:"path"`
	Line  int    `json:"line"`
	Match string `json:"match"`

	name, binary bool
}

// Text is path, number and line, as grep -n has them.
func (m *match) Text(p *output.Page) {
	switch {
	case m.name:
		p.NameLine(m.Path)
	case m.binary:
		p.Line(p.Name(m.Path), ": it matches, and is not text")
	default:
		p.Line(p.Name(m.Path), ":", strconv.Itoa(m.Line), ":", p.Name(m.Match))
	}
}
