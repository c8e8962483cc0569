package mirror

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"quoll/client"
	"quoll/internal/shell/dump"
	"quoll/internal/shell/place"
	"quoll/internal/shell/progress"
)

// pass makes DST like SRC.
func (m *mirror) pass(ctx context.Context) error {
	doomed, newest, err := m.count(ctx)
	if err != nil {
		return err
	}
	if err := m.permitted(ctx, doomed); err != nil {
		return err
	}
	if newest < m.known {
		m.known = 0 // SRC was restored from a backup: its zxids mean something else now
	}
	r := report{Kind: "pass", Path: m.src.Path}
	gone, err := m.write(ctx, &r)
	if err != nil {
		return fmt.Errorf("%d nodes written: %w", r.Written, err)
	}
	if r.Deleted, err = m.remove(ctx, gone); err != nil {
		return err
	}
	if !m.e.Set.DryRun {
		m.known = newest
		if err := m.save(); err != nil {
			return err
		}
	}
	return m.report(r)
}

// count counts the nodes that --delete would delete, and finds the newest change of SRC: all that
// is older has happened before now.
func (m *mirror) count(ctx context.Context) (doomed int, newest client.Zxid, err error) {
	for pair, err := range m.pairs(ctx, place.Options{}) {
		if err != nil {
			return 0, 0, err
		}
		if pair.A != nil {
			newest = max(newest, pair.A.Stat.Czxid, pair.A.Stat.Mzxid, pair.A.Stat.Pzxid)
		} else if m.mayGo(pair) {
			doomed++
		}
	}
	return doomed, newest, nil
}

// pairs goes through both trees. In a dry run DST may lack its root.
func (m *mirror) pairs(ctx context.Context, o place.Options) iter.Seq2[place.Pair, error] {
	dst := func(yield func(dump.Node, error) bool) {
		for n, err := range m.dst.Nodes(ctx, o) {
			if m.e.Set.DryRun && errors.Is(err, client.ErrNoNode) || !yield(n, err) {
				return
			}
		}
	}
	return place.Pairs(m.src.Nodes(ctx, o), dst)
}

// mayGo reports whether a node that DST has alone is deleted.
func (m *mirror) mayGo(p place.Pair) bool {
	return m.delete && p.A == nil && p.B.Stat.EphemeralOwner == 0
}

// permitted asks once whether nodes may be deleted.
func (m *mirror) permitted(ctx context.Context, doomed int) error {
	if !m.delete || m.asked {
		return nil
	}
	m.asked = true
	d := m.dst.Danger(fmt.Sprintf("delete %d nodes at %s", doomed, m.dst.Arg))
	d.Count, d.Max, d.Force = doomed, m.max, m.force
	return m.e.Confirm(ctx, d)
}

// write writes what differs, and returns the paths that have to be deleted.
func (m *mirror) write(ctx context.Context, r *report) (gone []string, err error) {
	line := progress.New(m.e, "mirrored")
	defer line.End()
	w := m.writer()
	read := place.Options{Data: m.known == 0, ACL: m.acl}
	for pair, err := range m.pairs(ctx, read) {
		if err != nil {
			return nil, err
		}
		line.Step()
		switch {
		case pair.A == nil && m.mayGo(pair):
			gone = append(gone, dump.Join(m.dst.Path, pair.Path))
		case pair.A == nil || pair.A.Stat.EphemeralOwner != 0:
		default:
			r.Nodes++
			if err := m.one(ctx, w, pair, r); err != nil {
				return nil, err
			}
		}
	}
	return gone, w.Flush(ctx)
}

func (m *mirror) writer() *place.Writer {
	return &place.Writer{
		Client: m.dst.Client, Root: m.dst.Path, Mode: place.Overwrite, ACL: m.acl,
	}
}

// one writes a node if it differs.
func (m *mirror) one(
	ctx context.Context, w *place.Writer, pair place.Pair, r *report,
) error {
	same, err := m.same(ctx, pair)
	if err != nil || same {
		return err
	}
	r.Written++
	if m.e.Set.DryRun {
		return nil
	}
	if err := m.pace.wait(ctx); err != nil {
		return err
	}
	return w.Put(ctx, *pair.A)
}

// same compares the two nodes. What SRC has not changed since the last run is not read.
func (m *mirror) same(ctx context.Context, pair place.Pair) (bool, error) {
	a, b := pair.A, pair.B
	if b != nil && m.acl && !slices.Equal(a.ACL, b.ACL) {
		b = nil
	}
	if m.known == 0 {
		return b != nil && dump.SameData(a.Data, b.Data), nil
	}
	if b != nil && a.Stat.Mzxid <= m.known && a.Stat.DataLength == b.Stat.DataLength {
		return true, nil
	}
	data, _, err := m.src.Client.Get(ctx, dump.Join(m.src.Path, a.Path))
	if errors.Is(err, client.ErrNoNode) {
		return true, nil // the next pass deletes it
	}
	a.Data = data
	if err != nil || b == nil {
		return false, err
	}
	data, _, err = m.dst.Client.Get(ctx, dump.Join(m.dst.Path, a.Path))
	if errors.Is(err, client.ErrNoNode) {
		return false, nil
	}
	return dump.SameData(a.Data, data), err
}

// remove deletes nodes, children first. One that has got children of others meanwhile stays.
func (m *mirror) remove(ctx context.Context, paths []string) (int, error) {
	n := 0
	for _, p := range slices.Backward(paths) {
		if m.e.Set.DryRun {
			n++
			continue
		}
		if err := m.pace.wait(ctx); err != nil {
			return n, err
		}
		err := m.dst.Client.Delete(ctx, p, client.AnyVersion)
		switch {
		case err == nil:
			n++
		case !errors.Is(err, client.ErrNoNode) && !errors.Is(err, client.ErrNotEmpty):
			return n, err
		}
	}
	return n, nil
}
