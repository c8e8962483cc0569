package place

import (
	"context"
	"fmt"

	"quoll/client"
	"quoll/internal/shell/dump"
)

// raisedAtOnce is by how much one transaction raises a counter.
const raisedAtOnce = 250

// Count remembers the sequence counter of a node, for Raise.
func (w *Writer) Count(n dump.Node) {
	if next := n.Sequence(); next > 0 {
		if w.sequences == nil {
			w.sequences = map[string]int32{}
		}
		w.sequences[dump.Join(w.Root, n.Path)] = next
	}
}

// Raise lets the sequential children of all nodes go on where those of the copied ones were: a name
// that was given once is not given again. No operation of ZooKeeper sets the counter, so children
// are made and deleted in transactions, which nobody sees but by events of the parent.
func (w *Writer) Raise(ctx context.Context) error {
	for path, next := range w.sequences {
		for {
			stat, there, err := w.Client.Exists(ctx, path)
			if err != nil || !there {
				return err
			}
			now := dump.Node{Stat: stat}
			missing := min(next-now.Sequence(), raisedAtOnce)
			if missing <= 0 {
				break
			}
			if err := w.raise(ctx, path, int(missing)); err != nil {
				return err
			}
		}
	}
	return nil
}

// raise makes and deletes n children.
func (w *Writer) raise(ctx context.Context, path string, n int) error {
	child := dump.Join(path, "/quoll-sequence")
	var ops []client.Op
	for range n {
		ops = append(ops, client.OpCreate(child, nil), client.OpDelete(child, client.AnyVersion))
	}
	if _, err := w.Client.Multi(ctx, ops...); err != nil {
		return fmt.Errorf("raise the sequence counter of %s: %w", path, err)
	}
	return nil
}
