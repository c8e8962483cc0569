package place

import (
	"context"
	"errors"
	"iter"
	"os"

	"golang.org/x/sync/errgroup"

	"quoll/client"
	"quoll/internal/shell/dump"
	"quoll/internal/shell/walk"
)

// Options says what is read of a server's nodes. A file has it all.
type Options struct {
	Data, ACL bool
	After     string // leaves out the nodes up to this one, in order
	// Denied gives nodes that may not be read too, as such; else they are an error.
	Denied bool
}

// atOnce is how many ACLs are asked for, and how many writes are on their way, at a time.
const atOnce = 64

// Nodes goes through the tree, in order. /zookeeper below / is left out: it is the server's own.
func (p *Place) Nodes(ctx context.Context, o Options) iter.Seq2[dump.Node, error] {
	if p.File != "" {
		return p.fromFile()
	}
	return func(yield func(dump.Node, error) bool) {
		var batch []dump.Node
		flush := func() bool {
			if err := p.acls(ctx, batch, o); err != nil {
				yield(dump.Node{}, err)
				return false
			}
			for _, n := range batch {
				if (n.ACL != nil || n.Denied || !o.ACL) && !yield(n, nil) {
					return false
				}
			}
			batch = batch[:0]
			return true
		}
		read := walk.Options{Data: o.Data, After: o.After, Skip: p.system()}
		if o.Denied {
			read.Denied = func(path string) {
				batch = append(batch, dump.Node{Path: p.Relative(path), Denied: true})
			}
		}
		for n, err := range walk.Sorted(ctx, p.Client, p.Path, read) {
			if err != nil {
				yield(dump.Node{}, err)
				return
			}
			batch = append(batch, dump.Node{
				Path: p.Relative(n.Path), Data: n.Data, Stat: n.Stat,
			})
			if (!o.ACL || len(batch) >= atOnce) && !flush() {
				return
			}
		}
		flush()
	}
}

func (p *Place) system() string {
	if p.Path == "/" && p.root == "" {
		return "/zookeeper"
	}
	return ""
}

// Relative is a path of the server below the root of the tree.
func (p *Place) Relative(path string) string {
	switch p.Path {
	case path:
		return ""
	case "/":
		return path
	}
	return path[len(p.Path):]
}

// acls asks for the ACLs of nodes. That of a node that is gone meanwhile stays nil.
func (p *Place) acls(ctx context.Context, nodes []dump.Node, o Options) error {
	if !o.ACL {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	for i := range nodes {
		if nodes[i].Denied {
			continue
		}
		group.Go(func() error {
			list, _, err := p.Client.GetACL(ctx, dump.Join(p.Path, nodes[i].Path))
			if errors.Is(err, client.ErrNoNode) {
				return nil
			}
			nodes[i].ACL = list
			return err
		})
	}
	return group.Wait()
}

// Header is the first line of a file.
func (p *Place) Header() (dump.Header, error) {
	f, err := os.Open(p.File)
	if err != nil {
		return dump.Header{}, err
	}
	defer f.Close()
	r, err := dump.NewReader(f, p.File)
	if err != nil {
		return dump.Header{}, err
	}
	return r.Header, nil
}

func (p *Place) fromFile() iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		f, err := os.Open(p.File)
		if err != nil {
			yield(dump.Node{}, err)
			return
		}
		defer f.Close()
		r, err := dump.NewReader(f, p.File)
		if err != nil {
			yield(dump.Node{}, err)
			return
		}
		r.All()(yield)
	}
}
