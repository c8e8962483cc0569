package admin

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// DumpEphemerals is the verb dump-ephemerals.
func DumpEphemerals() verb.Verb {
	var each bool
	return verb.Verb{
		Name: "dump-ephemerals", Short: "List the ephemeral nodes of each session (dump)",
		Example: "quoll dump-ephemerals -o jsonl",
		Flags:   func(f *pflag.FlagSet) { eachFlag(f, &each) },
		Run: func(ctx context.Context, e *verb.Env, _ []string) error {
			e.Out.List()
			return askEach(ctx, e, "dump", each, func(host, text string) error {
				for _, o := range parseDump(host, text) {
					if err := e.Out.Item(o); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

// owner is a session and its ephemeral nodes.
type owner struct {
	Server  string   `json:"server"`
	Session string   `json:"session"`
	Paths   []string `json:"paths"`
}

// parseDump reads what follows "Sessions with Ephemerals (2):": a session, "0x10:", and its paths,
// each behind a tab.
func parseDump(host, text string) []*owner {
	_, text, _ = strings.Cut(text, "Sessions with Ephemerals")
	text, _, _ = strings.Cut(text, "Connections dump:")
	var all []*owner
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if path, ok := strings.CutPrefix(line, "\t"); ok && len(all) > 0 {
			last := all[len(all)-1]
			last.Paths = append(last.Paths, path)
		} else if id, ok := strings.CutSuffix(line, ":"); ok && strings.HasPrefix(id, "0x") {
			all = append(all, &owner{Server: host, Session: id, Paths: []string{}})
		}
	}
	return all
}

// Text is a line a node: session and path.
func (r *owner) Text(p *output.Page) {
	for _, path := range r.Paths {
		p.Line(r.Session, "\t", p.Name(path))
	}
}
