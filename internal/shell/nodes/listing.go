package nodes

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"quoll/client"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/walk"
)

// listing is what ls has found of one node.
type listing struct {
	Path     string       `json:"path"`
	Children []string     `json:"children"`
	Entries  []entry      `json:"entries,omitempty"` // --long
	Left     int          `json:"left,omitempty"`    // children beyond --limit
	Stat     *output.Stat `json:"stat"`

	several bool // nodes were asked for
	flags   *lsFlags
}

// entry is a child with its Stat, which is nil if it may not be read.
type entry struct {
	Name string       `json:"name"`
	Stat *output.Stat `json:"stat"`
}

func (e entry) raw() client.Stat {
	if e.Stat == nil {
		return client.Stat{}
	}
	return e.Stat.Raw()
}

// list reads the children of a node.
func (o *lsFlags) list(
	ctx context.Context, c *client.Client, path string, no *verb.Denied,
) (*listing, *client.Watch, error) {
	var (
		names []string
		stat  client.Stat
		w     *client.Watch
		err   error
	)
	if o.watch {
		names, stat, w, err = c.ChildrenW(ctx, path)
	} else {
		names, stat, err = c.Children(ctx, path)
	}
	if err != nil {
		return nil, nil, err
	}
	l := &listing{Path: path, Children: names, Stat: output.StatOf(stat), flags: o}
	slices.Sort(l.Children)
	if o.long || o.sort != "name" {
		if err := l.stats(ctx, c, no); err != nil {
			return nil, nil, err
		}
		l.order(o.sort)
	}
	if o.limit > 0 && len(l.Children) > o.limit {
		l.Left = len(l.Children) - o.limit
		l.Children = l.Children[:o.limit]
		l.Entries = l.Entries[:min(len(l.Entries), o.limit)]
	}
	if !o.long {
		l.Entries = nil
	}
	return l, w, nil
}

// stats asks for the Stat of each child, of all at once. Those that are gone meanwhile are left
// out.
func (l *listing) stats(ctx context.Context, c *client.Client, no *verb.Denied) error {
	futures := make([]*client.Future[*client.Stat], len(l.Children))
	for i, name := range l.Children {
		futures[i] = c.Async().Exists(ctx, walk.Below(l.Path, name))
	}
	for i, f := range futures {
		found, err := f.Wait(ctx)
		switch {
		case errors.Is(err, client.ErrNoAuth):
			no.Node(walk.Below(l.Path, l.Children[i]))
			l.Entries = append(l.Entries, entry{Name: l.Children[i]})
		case err != nil:
			return err
		case found != nil:
			l.Entries = append(l.Entries, entry{l.Children[i], output.StatOf(*found)})
		}
	}
	return nil
}

// order sorts the entries, the newest and the largest last, and the names like them.
func (l *listing) order(by string) {
	slices.SortStableFunc(l.Entries, func(a, b entry) int {
		x, y := a.raw(), b.raw()
		switch by {
		case "czxid":
			return cmp.Compare(x.Czxid, y.Czxid)
		case "mtime":
			return cmp.Compare(x.Mtime, y.Mtime)
		case "size":
			return cmp.Compare(x.DataLength, y.DataLength)
		}
		return strings.Compare(a.Name, b.Name)
	})
	l.Children = l.Children[:0]
	for _, e := range l.Entries {
		l.Children = append(l.Children, e.Name)
	}
}

// Text lists the names; of several nodes on a terminal below a heading, in a pipe as paths.
func (l *listing) Text(p *output.Page) {
	switch {
	case l.flags.count:
		p.Line(strconv.Itoa(len(l.Children) + l.Left))
	case l.flags.long:
		l.long(p)
	case l.several && !p.Terminal():
		for _, name := range l.Children {
			p.NameLine(walk.Below(l.Path, name))
		}
	default:
		if l.several {
			p.Line(p.Name(l.Path), ":")
		}
		p.Grid(l.Children)
	}
	if l.Left > 0 && p.Terminal() {
		p.Line("... and ", strconv.Itoa(l.Left), " more")
	}
	if l.flags.stat {
		p.Stat(l.Stat)
	}
}

// long is a line a child.
func (l *listing) long(p *output.Page) {
	rows := make([][]string, len(l.Entries))
	for i, e := range l.Entries {
		if e.Stat == nil {
			rows[i] = []string{"?", "?", "?", "?", "?", p.Name(e.Name)}
			continue
		}
		s := e.Stat.Raw()
		when := output.Time(s.Mtime)
		if p.Terminal() {
			when = output.Ago(time.Since(time.UnixMilli(s.Mtime)))
		}
		rows[i] = []string{
			kind(s), "v" + strconv.Itoa(int(s.Version)), strconv.Itoa(int(s.DataLength)) + " B",
			strconv.Itoa(int(s.NumChildren)), when, p.Name(e.Name),
		}
	}
	p.Table(rows)
}

// kind tells the kind of a node, as far as a Stat tells it.
func kind(s client.Stat) string {
	if s.EphemeralOwner != 0 {
		return "ephemeral"
	}
	return "-"
}

// ZkCLI is zkCli.sh's list.
func (l *listing) ZkCLI(p *output.Page) {
	shown := make([]string, len(l.Children))
	for i, name := range l.Children {
		shown[i] = p.Name(name)
	}
	p.Line("[", strings.Join(shown, ", "), "]")
	if l.flags.stat {
		p.JavaStat(l.Stat)
	}
}
