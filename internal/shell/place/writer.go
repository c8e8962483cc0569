package place

import (
	"context"
	"errors"

	"quoll/client"
	"quoll/internal/shell/dump"
)

// Mode says what a Writer does when a node is there already.
type Mode uint8

// The modes.
const (
	Create    Mode = iota // it is an error
	Overwrite             // its data is replaced
	Skip                  // it stays as it is
)

// Writer writes nodes of a tree below a node of a server. Many writes are on their way at a time:
// the server carries them out in the order in which they were sent, a parent before its children.
type Writer struct {
	Client *client.Client
	Root   string
	Mode   Mode
	ACL    bool // the nodes' ACLs too
	Resume bool // in mode Create: a node that has the same data already is no error

	Written int // nodes that were made or replaced
	Kept    int // nodes that stayed as they were

	begun     bool
	sent      []sent
	sequences map[string]int32 // the next number of each node that had children
}

// sent is a node that was sent.
type sent struct {
	node dump.Node
	path string
	made *client.Future[client.Node]
}

// Put sends a node. The root of all paths is always there.
func (w *Writer) Put(ctx context.Context, n dump.Node) error {
	path := dump.Join(w.Root, n.Path)
	var opts []client.CreateOption
	if w.ACL {
		opts = append(opts, client.WithACL(n.ACL...))
	}
	w.sent = append(w.sent, sent{n, path, w.Client.Async().Create(ctx, path, n.Data, opts...)})
	first := !w.begun // a root that is there must not get children before that is known
	w.begun = true
	if first || len(w.sent) == atOnce {
		return w.settle(ctx, 1)
	}
	return nil
}

// Flush waits for all that was sent.
func (w *Writer) Flush(ctx context.Context) error { return w.settle(ctx, len(w.sent)) }

// settle waits for the first n that were sent.
func (w *Writer) settle(ctx context.Context, n int) error {
	for range n {
		s := w.sent[0]
		w.sent = w.sent[1:]
		_, err := s.made.Wait(ctx)
		if errors.Is(err, client.ErrNodeExists) {
			err = w.exists(ctx, &s, err)
		} else if err == nil {
			w.Written++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exists does what the mode says of a node that is there.
func (w *Writer) exists(ctx context.Context, s *sent, why error) error {
	switch {
	case w.Mode == Skip, w.Mode == Create && s.path == "/":
		w.Kept++
		return nil
	case w.Mode == Create && !w.Resume:
		return why
	}
	data, _, err := w.Client.Get(ctx, s.path)
	if err != nil {
		return err
	}
	same := dump.SameData(data, s.node.Data)
	switch {
	case w.Mode == Create && same:
		w.Kept++
		return nil
	case w.Mode == Create:
		return why
	case !same:
		_, err = w.Client.Set(ctx, s.path, s.node.Data, client.AnyVersion)
	}
	if err == nil && w.ACL {
		_, err = w.Client.SetACL(ctx, s.path, s.node.ACL, client.AnyVersion)
	}
	if err == nil {
		w.Written++
	}
	return err
}
