package access

import (
	"context"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/acl"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// ACL is the verb acl, which has subcommands.
func ACL() verb.Verb {
	return verb.Verb{Name: "acl", Short: "Show and change who may do what with a node"}
}

// ACLGet is the verb acl get.
func ACLGet() verb.Verb {
	var stat bool
	return verb.Verb{
		Name: "acl get", Aliases: []string{"getAcl"}, Args: "PATH", Min: 1, Max: 1,
		Short:   "Show the ACL of a node",
		Example: "quoll acl get /app",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&stat, "stat", "s", false, "show the Stat too")
		},
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			c, path, err := e.At(ctx, args[0])
			if err != nil {
				return err
			}
			list, s, err := c.GetACL(ctx, path)
			if err != nil {
				return err
			}
			return e.Out.Item(result(path, list, s, stat))
		},
	}
}

// nodeACL is a node's ACL.
type nodeACL struct {
	Path string       `json:"path"`
	ACL  []allowed    `json:"acl"`
	Stat *output.Stat `json:"stat"`

	list    []client.ACL
	quiet   bool // the ACL was set, and is known
	several bool // nodes
	stat    bool // the Stat is shown
}

// allowed is an entry of an ACL.
type allowed struct {
	Scheme string `json:"scheme"`
	ID     string `json:"id"`
	Perms  string `json:"perms"`
}

func result(path string, list []client.ACL, s client.Stat, stat bool) *nodeACL {
	r := &nodeACL{
		Path: path, ACL: make([]allowed, len(list)), Stat: output.StatOf(s), list: list, stat: stat,
	}
	for i, a := range list {
		r.ACL[i] = allowed{a.ID.Scheme, a.ID.ID, acl.Perms(a.Perms)}
	}
	return r
}

// Text is an entry a line, as acl set reads it.
func (r *nodeACL) Text(p *output.Page) {
	if !r.quiet {
		for i := range r.list {
			entry := p.Name(acl.Text(r.list[i : i+1]))
			if r.several {
				entry = p.Name(r.Path) + "\t" + entry
			}
			p.Line(entry)
		}
	}
	if r.stat {
		p.Stat(r.Stat)
	}
}

// ZkCLI is two lines an entry.
func (r *nodeACL) ZkCLI(p *output.Page) {
	if !r.quiet {
		for _, a := range r.ACL {
			p.Line("'", p.Name(a.Scheme), ",'", p.Name(a.ID))
			p.Line(": ", a.Perms)
		}
	}
	if r.stat {
		p.JavaStat(r.Stat)
	}
}
