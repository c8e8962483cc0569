package place

import (
	"context"
	"path"
	"strings"

	"quoll/client"
	"quoll/internal/shell/dump"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/settings"
	"quoll/internal/shell/verb"
)

// Place is where nodes are. It has a Client and a Path, or a File.
type Place struct {
	Arg    string // as it was written
	Client *client.Client
	Path   string
	File   string
	// Context is the context whose servers these are; "" of the verb's own.
	Context string

	own       *client.Client // a connection of its own
	root      string         // of all paths there: the chroot
	where     string         // the servers, and root
	protected bool           // each write is confirmed
}

// Open finds out what an argument means, and connects to it.
func Open(ctx context.Context, e *verb.Env, arg string) (*Place, error) {
	p := &Place{Arg: arg}
	if file, ok := strings.CutPrefix(arg, "file:"); ok {
		if file == "" {
			return nil, fault.Usage("file: has no name")
		}
		p.File = file
		return p, nil
	}
	var err error
	name, inContext := contextOf(arg)
	if !inContext {
		if p.Path, err = e.Path(arg); err != nil {
			return nil, err
		}
		p.root = e.Set.Root()
		p.where = e.Set.Servers + p.root
		p.Client, err = e.Client(ctx)
		return p, err
	}
	p.Context, p.Path = name, path.Clean(arg[len(name)+1:])
	if err := p.connect(ctx, e, name); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// contextOf is the name of the context before a path.
func contextOf(arg string) (string, bool) {
	at := strings.Index(arg, ":/")
	if at <= 0 || strings.Contains(arg[:at], "/") {
		return "", false
	}
	return arg[:at], true
}

// Complete completes every argument as a place: a path, or what begins one elsewhere.
func Complete(ctx context.Context, e *verb.Env, args []string, word string) []string {
	found := verb.Paths(ctx, e, args, word)
	if word == "" || strings.Contains(word, "/") {
		return found
	}
	for _, name := range append(verb.ContextNames(e), "file") {
		begin := name + ":"
		if name != "file" {
			begin += "/"
		}
		if strings.HasPrefix(begin, word) {
			found = append(found, begin)
		}
	}
	return found
}

// connect connects to the servers of a context.
func (p *Place) connect(ctx context.Context, e *verb.Env, name string) error {
	s := settings.Default()
	s.Context = name
	s.SessionTimeout, s.Debug = e.Set.SessionTimeout, e.Set.Debug
	named := func(flag string) bool { return flag == "context" }
	if err := s.Resolve(named, e.Getenv); err != nil {
		return err
	}
	c, err := s.Client(settings.Console{Stderr: e.Stderr, Ask: e.AskSecret})
	if err != nil {
		return err
	}
	p.Client, p.own = c, c
	p.root, p.protected = s.Root(), s.Protected
	p.where = s.Servers + p.root
	return c.WaitConnected(ctx)
}

// Close ends a connection of its own. The session ends with its timeout if that is not answered.
func (p *Place) Close() {
	if p.own != nil {
		_ = p.own.Close()
		p.own = nil
	}
}

// Writable asks before a write to a context that is protected. The verb has asked for that of its
// own servers.
func (p *Place) Writable(ctx context.Context, e *verb.Env, what string) error {
	if !p.protected || e.Set.DryRun {
		return nil
	}
	return e.Confirm(ctx, verb.Danger{What: what, On: p.Context, Force: true})
}

// Server makes an error of a place that is a file.
func (p *Place) Server() error {
	if p.File != "" {
		return fault.Usage("%s is a file; export and import are for whole trees", p.Arg)
	}
	return nil
}

// Holds reports whether another place is this one, or below it.
func (p *Place) Holds(other *Place) bool {
	if p.File != "" || p.where != other.where {
		return false
	}
	return other.Path == p.Path ||
		strings.HasPrefix(other.Path, strings.TrimSuffix(p.Path, "/")+"/")
}

// System reports whether it is ZooKeeper's own, or below that.
func (p *Place) System() bool { return verb.System(path.Join("/", p.root, p.Path)) }

// Danger is a change here that people may regret, as Confirm wants to know it.
func (p *Place) Danger(what string) verb.Danger {
	return verb.Danger{What: what, On: p.Context, Root: p.root, Paths: []string{p.Path}}
}

// Both opens two places, and closes them behind what is done with them.
func Both(
	ctx context.Context, e *verb.Env, args []string, do func(a, b *Place) error,
) error {
	a, err := Open(ctx, e, args[0])
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := Open(ctx, e, args[1])
	if err != nil {
		return err
	}
	defer b.Close()
	return do(a, b)
}

// Name is a node below the root, as it would be an argument.
func (p *Place) Name(path string) string {
	if p.File != "" {
		return p.Arg + ":" + path
	}
	return dump.Join(p.Arg, path)
}

// String tells where it is, whatever the argument was.
func (p *Place) String() string { return p.where + " " + p.Path }
