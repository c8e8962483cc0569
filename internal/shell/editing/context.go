package editing

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"quoll/internal/shell/contexts"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// Context is the group of verbs of contexts.
func Context() verb.Verb {
	return verb.Verb{
		Name:  "context",
		Short: "Names for servers and all that belongs to them",
		Long: "Contexts are in $XDG_CONFIG_HOME/quoll/contexts.yaml. The current one holds\n" +
			"unless --context, $QUOLL_CONTEXT or --server say otherwise.",
		Example: "quoll context set prod servers=zk1,zk2 protected=true\nquoll context use prod",
	}
}

// opened is the file of contexts.
type opened struct {
	*contexts.File
	path string
}

func open(e *verb.Env) (*opened, error) {
	path := contexts.Path(e.Getenv)
	f, err := contexts.Load(path)
	return &opened{f, path}, err
}

// named is a context of the file.
func (o *opened) named(name string) (contexts.Context, error) {
	c, ok := o.Contexts[name]
	if !ok {
		return c, fault.Usage("there is no context %q in %s", name, o.path)
	}
	return c, nil
}

// names completes the name of a context.
func names(ctx context.Context, e *verb.Env, args []string, word string) []string {
	return verb.OneOf(verb.ContextNames(e)...)(ctx, e, args, word)
}

// ContextList is the verb context list.
func ContextList() verb.Verb {
	return verb.Verb{
		Name: "context list", Short: "List the contexts", Local: true,
		Example: "quoll context list",
		Run: func(_ context.Context, e *verb.Env, _ []string) error {
			o, err := open(e)
			if err != nil {
				return err
			}
			e.Out.List()
			for _, name := range slices.Sorted(maps.Keys(o.Contexts)) {
				if err := e.Out.Item(show(o, name, true)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// ContextShow is the verb context show.
func ContextShow() verb.Verb {
	return verb.Verb{
		Name: "context show", Args: "[NAME]", Max: 1, Local: true,
		Short:   "Show a context, the current one without NAME; secrets are left out",
		Example: "quoll context show prod", Complete: names,
		Run: func(_ context.Context, e *verb.Env, args []string) error {
			o, err := open(e)
			if err != nil {
				return err
			}
			name := o.Current
			if len(args) > 0 {
				name = args[0]
			}
			if _, err := o.named(name); err != nil {
				return err
			}
			return e.Out.Item(show(o, name, false))
		},
	}
}

// ContextUse is the verb context use.
func ContextUse() verb.Verb {
	return verb.Verb{
		Name: "context use", Args: "NAME", Min: 1, Max: 1, Local: true,
		Short:   "Make a context the current one",
		Example: "quoll context use prod", Complete: names,
		Run: func(_ context.Context, e *verb.Env, args []string) error {
			return changed(e, args[0], func(o *opened) error {
				_, err := o.named(args[0])
				o.Current = args[0]
				return err
			})
		},
	}
}

// ContextSet is the verb context set.
func ContextSet() verb.Verb {
	return verb.Verb{
		Name: "context set", Args: "NAME KEY=VALUE...", Min: 2, Max: verb.Any, Local: true,
		Short: "Make a context, or change one",
		Long: "KEY is that of the file: servers, chroot, tls.ca, tls.cert, tls.key,\n" +
			"tls.server_name, auth_file, auth_command, read_only, protected, color. No VALUE\n" +
			"takes it away. Secrets (auth) are written with an editor: whoever lists processes\n" +
			"would see them here.",
		Example: "quoll context set prod servers=zk1:2181,zk2:2181 protected=true", Complete: names,
		Run: func(_ context.Context, e *verb.Env, args []string) error {
			if !canName(args[0]) {
				return fault.Usage(
					"%q is no NAME: it has no blanks, no : and no /, and is not file", args[0])
			}
			return changed(e, args[0], func(o *opened) error {
				c := o.Contexts[args[0]]
				for _, pair := range args[1:] {
					if err := set(&c, pair); err != nil {
						return err
					}
				}
				if c.Servers == "" {
					return fault.Usage("a context has servers=LIST")
				}
				o.Contexts[args[0]] = c
				return nil
			})
		},
	}
}

// canName says that a word can be the name of a context, behind which stands a path of its servers.
func canName(word string) bool {
	return word != "" && word != "file" && !strings.ContainsFunc(word, func(r rune) bool {
		return r == ':' || r == '/' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// ContextRm is the verb context rm.
func ContextRm() verb.Verb {
	return verb.Verb{
		Name: "context rm", Args: "NAME", Min: 1, Max: 1, Local: true,
		Short:   "Delete a context",
		Example: "quoll context rm prod", Complete: names,
		Run: func(_ context.Context, e *verb.Env, args []string) error {
			return changed(e, "", func(o *opened) error {
				_, err := o.named(args[0])
				delete(o.Contexts, args[0])
				if o.Current == args[0] {
					o.Current = ""
				}
				return err
			})
		},
	}
}

// changed changes the file, and shows the context that was changed; "" shows nothing.
func changed(e *verb.Env, name string, change func(o *opened) error) error {
	o, err := open(e)
	if err == nil {
		err = change(o)
	}
	if err == nil {
		err = o.Save(o.path)
	}
	if err != nil || name == "" || !e.Out.Format().Structured() {
		return err
	}
	return e.Out.Item(show(o, name, false))
}

// shown is a context as programs read it. Field names are frozen.
type shown struct {
	Name    string `json:"name"`
	Current bool   `json:"current"`
	Servers string `json:"servers"`

	Chroot        string `json:"chroot"`
	TLSCA         string `json:"tls_ca"`
	TLSCert       string `json:"tls_cert"`
	TLSKey        string `json:"tls_key"`
	TLSServerName string `json:"tls_server_name"`
	AuthFile      string `json:"auth_file"`
	AuthCommand   string `json:"auth_command"`
	Identities    int    `json:"identities"` // with secrets, in the file
	ReadOnly      bool   `json:"read_only"`
	Protected     bool   `json:"protected"`
	Color         string `json:"color"`

	brief bool
	keys  []pair
}

func show(o *opened, name string, brief bool) *shown {
	c := o.Contexts[name]
	return &shown{
		Name: name, Current: name == o.Current, Servers: c.Servers, Chroot: c.Chroot,
		TLSCA: c.TLS.CA, TLSCert: c.TLS.Cert, TLSKey: c.TLS.Key, TLSServerName: c.TLS.ServerName,
		AuthFile: c.AuthFile, AuthCommand: c.AuthCommand, Identities: len(c.Auth),
		ReadOnly: c.ReadOnly, Protected: c.Protected, Color: c.Color,
		brief: brief, keys: pairs(&c),
	}
}

// Text is a line a context in a list, with a star before the current one; else a line a key, as
// context set reads them.
func (r *shown) Text(p *output.Page) {
	if r.brief {
		mark := "  "
		if r.Current {
			mark = "* "
		}
		p.Line(mark, p.Name(r.Name), "\t", p.Name(r.Servers+r.Chroot))
		return
	}
	for _, k := range r.keys {
		p.Line(k.key, "=", p.Name(k.value))
	}
}
