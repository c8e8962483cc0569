package access

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// WhoAmI is the verb whoami.
func WhoAmI() verb.Verb {
	return verb.Verb{
		Name:    "whoami",
		Short:   "Show the identities of the connection, as the server sees them",
		Example: "quoll whoami --auth-file ann.auth",
		Run: func(ctx context.Context, e *verb.Env, _ []string) error {
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			ids, err := c.WhoAmI(ctx)
			if err != nil {
				return err
			}
			r := &identities{IDs: []identity{}}
			for _, id := range ids {
				r.IDs = append(r.IDs, identity{id.Scheme, id.ID})
			}
			return e.Out.Item(r)
		},
	}
}

type identities struct {
	IDs []identity `json:"ids"`
}

type identity struct {
	Scheme string `json:"scheme"`
	ID     string `json:"id"`
}

// Text is a line an identity.
func (r *identities) Text(p *output.Page) {
	for _, id := range r.IDs {
		p.Line(p.Name(id.Scheme), ":", p.Name(id.ID))
	}
}

// ZkCLI has a heading.
func (r *identities) ZkCLI(p *output.Page) {
	p.Line("Auth scheme: User")
	for _, id := range r.IDs {
		p.Line(p.Name(id.Scheme), ": ", p.Name(id.ID))
	}
}

// Sync is the verb sync.
func Sync() verb.Verb {
	return verb.Verb{
		Name: "sync", Args: "PATH", Min: 1, Max: 1,
		Short:    "Wait until the server knows all writes that were answered before, by any server",
		Example:  "quoll sync /",
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			c, path, err := e.At(ctx, args[0])
			if err != nil {
				return err
			}
			if err := c.Sync(ctx, path); err != nil {
				return err
			}
			return e.Out.Item(&synced{Path: path})
		},
	}
}

type synced struct {
	Path string `json:"path"`
}

// Text is silent.
func (*synced) Text(*output.Page) {}

// ZkCLI says that it went well.
func (*synced) ZkCLI(p *output.Page) { p.Line("Sync is OK") }

// Count is the verb count.
func Count() verb.Verb {
	return verb.Verb{
		Name: "count", Aliases: []string{"getAllChildrenNumber"}, Args: "PATH", Min: 1, Max: 1,
		Short:    "Count the nodes below a node",
		Example:  "quoll count /app",
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			c, path, err := e.At(ctx, args[0])
			if err != nil {
				return err
			}
			n, err := c.Descendants(ctx, path)
			if err != nil {
				return err
			}
			return e.Out.Item(&counted{Path: path, Count: n})
		},
	}
}

type counted struct {
	Path  string `json:"path"`
	Count int    `json:"count"`
}

// Text is the number.
func (r *counted) Text(p *output.Page) { p.Line(strconv.Itoa(r.Count)) }

// Ephemerals is the verb ephemerals.
func Ephemerals() verb.Verb {
	return verb.Verb{
		Name: "ephemerals", Aliases: []string{"getEphemerals"}, Args: "[PREFIX]", Max: 1,
		Short: "List the ephemeral nodes of this session",
		Long: "Those whose path begins with PREFIX. A process of its own has a session of its\n" +
			"own, and no such nodes; dump-ephemerals lists those of all sessions.",
		Example:  "ephemerals /app",
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			prefix := ""
			if len(args) > 0 {
				var err error
				if prefix, err = e.Path(args[0]); err != nil {
					return err
				}
			}
			c, err := e.Client(ctx)
			if err != nil {
				return err
			}
			paths, err := c.Ephemerals(ctx, prefix)
			if err != nil {
				return err
			}
			slices.Sort(paths)
			return e.Out.Item(&ephemerals{Paths: paths})
		},
	}
}

type ephemerals struct {
	Paths []string `json:"paths"`
}

// Text is a path a line.
func (r *ephemerals) Text(p *output.Page) {
	for _, path := range r.Paths {
		p.NameLine(path)
	}
}

// ZkCLI is Java's list.
func (r *ephemerals) ZkCLI(p *output.Page) {
	shown := make([]string, len(r.Paths))
	for i, path := range r.Paths {
		shown[i] = p.Name(path)
	}
	p.Line("[", strings.Join(shown, ", "), "]")
}
