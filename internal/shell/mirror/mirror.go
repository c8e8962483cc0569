package mirror

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/place"
	"quoll/internal/shell/verb"
)

// flags are the flags of mirror.
type flags struct {
	once, follow, delete, acl, force bool

	rate, max int
	state     string
}

// mirror is one run of the verb.
type mirror struct {
	flags
	e        *verb.Env
	src, dst *place.Place
	pace     pace
	known    client.Zxid // changes of SRC up to here are in DST; 0: not known

	asked bool // whether nodes may be deleted
}

// Mirror is the verb mirror.
func Mirror() verb.Verb {
	var o flags
	return verb.Verb{
		Name: "mirror", Args: "SRC DST", Min: 2, Max: 2, Writes: true, DryRun: true, Endless: true,
		Short: "Make a tree like another one, on another server too",
		Long: "SRC and DST are paths; NAME:/path is one on the servers of a context. Without\n" +
			"--delete, nodes that only DST has stay. Ephemeral nodes are left out.",
		Example: "quoll mirror --once --delete --yes /app standby:/app\n" +
			"quoll mirror --follow --rate 500 --state app.state /app standby:/app",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVar(&o.once, "once", false, "end when they are alike; the default")
			f.BoolVar(&o.follow, "follow", false, "go on as SRC changes")
			f.BoolVar(&o.delete, "delete", false, "delete what SRC does not have")
			f.BoolVar(&o.acl, "acl", false, "with ACLs")
			f.IntVar(&o.rate, "rate", 0, "`N` writes a second at most")
			f.StringVar(&o.state, "state", "",
				"`FILE` that says how far it has come: the next run reads less")
			f.IntVar(&o.max, "max", 10_000, "with --delete: `N` nodes at most, unless --force")
			f.BoolVar(&o.force, "force", false, "also / and /zookeeper, and more than --max")
		},
		Complete: place.Complete,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			if o.once && o.follow || o.follow && e.Set.DryRun || o.rate < 0 {
				return fault.Usage("--once or --follow; --dry-run is once, and --rate not negative")
			}
			return place.Both(ctx, e, args, func(src, dst *place.Place) error {
				m := &mirror{flags: o, e: e, src: src, dst: dst, pace: pace{rate: o.rate}}
				if err := m.check(ctx); err != nil {
					return err
				}
				e.Out.List()
				if o.follow {
					return m.goOn(ctx)
				}
				return m.pass(ctx)
			})
		},
	}
}

// check refuses what cannot go well, and reads the state.
func (m *mirror) check(ctx context.Context) error {
	if err := errors.Join(m.src.Server(), m.dst.Server()); err != nil {
		return err
	}
	switch {
	case m.src.Holds(m.dst), m.dst.Holds(m.src):
		return fault.Usage("one of %s and %s is in the other", m.src.Arg, m.dst.Arg)
	case m.dst.System() && !m.force:
		return fault.Usage("%s needs --force", m.dst.Path)
	}
	if err := m.load(); err != nil {
		return err
	}
	if err := m.dst.Writable(ctx, m.e, "mirror to "+m.dst.Arg); err != nil || m.e.Set.DryRun {
		return err
	}
	return m.root(ctx)
}

// root makes the root of DST, and the nodes above it. Its data is written with all other.
func (m *mirror) root(ctx context.Context) error {
	_, there, err := m.src.Client.Exists(ctx, m.src.Path)
	if err == nil && !there {
		err = &client.Error{Op: "mirror", Path: m.src.Path, Err: client.ErrNoNode}
	}
	if err != nil {
		return err
	}
	for _, p := range []string{path.Dir(m.dst.Path), m.dst.Path} {
		if p == "/" {
			continue
		}
		_, _, err := m.dst.Client.Create(ctx, p, nil, client.Parents)
		if err != nil && !errors.Is(err, client.ErrNodeExists) {
			return err
		}
	}
	return nil
}

// report is how far a mirror has come. Field names are frozen.
type report struct {
	Time    string `json:"time"`
	Kind    string `json:"kind"` // pass, or that of an event
	Path    string `json:"path"` // of SRC
	Nodes   int    `json:"nodes"`
	Written int    `json:"written"`
	Deleted int    `json:"deleted"`

	dry bool
}

func (m *mirror) report(r report) error {
	r.Time, r.dry = output.Time(time.Now().UnixMilli()), m.e.Set.DryRun
	if err := m.e.Out.Item(&r); err != nil {
		return err
	}
	return m.e.Out.Flush()
}

// Text is one line.
func (r *report) Text(p *output.Page) {
	would := ""
	if r.dry {
		would = "would be "
	}
	p.Line(fmt.Sprintf("%s %s: %d nodes, %s %swritten, %d deleted", r.Kind, p.Name(r.Path), r.Nodes,
		strconv.Itoa(r.Written), would, r.Deleted))
}
