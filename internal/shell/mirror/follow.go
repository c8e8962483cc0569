package mirror

import (
	"context"
	"errors"

	"quoll/client"
	"quoll/internal/shell/dump"
)

// goOn makes a pass, and then follows the events of SRC. The watch is set before the pass, so that
// no change falls between both.
func (m *mirror) goOn(ctx context.Context) error {
	w, err := m.src.Client.AddWatch(ctx, m.src.Path, client.Recursive)
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }() // it never fails
	err = m.pass(ctx)
	for {
		if err != nil {
			if err = m.recover(ctx, err); err != nil {
				return err
			}
			err = m.pass(ctx)
			continue
		}
		event, gone := w.Next(ctx)
		if gone != nil {
			return gone
		}
		if event.Kind == client.Resync || event.Kind == client.Overflow {
			err = m.pass(ctx)
		} else {
			err = m.change(ctx, event)
		}
	}
}

// recover waits for a connection after an error that a lost one explains, or that comes of a change
// that was heard of in another order. Another pass puts both right.
func (m *mirror) recover(ctx context.Context, err error) error {
	passing := errors.Is(err, client.ErrConnectionLoss) || errors.Is(err, client.ErrNoNode) ||
		errors.Is(err, client.ErrNotEmpty)
	if !passing || ctx.Err() != nil {
		return err
	}
	m.e.Note("another pass: %v", err)
	return errors.Join(m.src.Client.WaitConnected(ctx), m.dst.Client.WaitConnected(ctx),
		m.root(ctx))
}

// change writes what is at a path now.
func (m *mirror) change(ctx context.Context, event client.Event) error {
	r := report{Kind: event.Kind.String(), Path: event.Path, Nodes: 1}
	n, there, err := m.read(ctx, event.Path)
	switch {
	case err != nil:
		return err
	case there && n.Stat.EphemeralOwner != 0, !there && !m.delete:
		return nil
	}
	if err := m.pace.wait(ctx); err != nil {
		return err
	}
	if there {
		w := m.writer()
		if err := w.Put(ctx, n); err != nil {
			return err
		}
		if err := w.Flush(ctx); err != nil {
			return err
		}
		r.Written = 1
		return m.report(r)
	}
	err = m.dst.Client.Delete(ctx, dump.Join(m.dst.Path, n.Path), client.AnyVersion)
	if errors.Is(err, client.ErrNoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	r.Deleted = 1
	return m.report(r)
}

// read reads what is at a path of SRC.
func (m *mirror) read(ctx context.Context, path string) (n dump.Node, there bool, err error) {
	n.Path = m.src.Relative(path)
	n.Data, n.Stat, err = m.src.Client.Get(ctx, path)
	if err == nil && m.acl {
		n.ACL, _, err = m.src.Client.GetACL(ctx, path)
	}
	if errors.Is(err, client.ErrNoNode) {
		return n, false, nil
	}
	return n, err == nil, err
}
