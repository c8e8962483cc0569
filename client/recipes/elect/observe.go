package elect

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Leader is who leads, as an observer sees it. What an observer sees may be old: a leader may have
// been deposed already.
type Leader struct {
	Path    string           // of its node; "" if there is no leader
	Session client.SessionID // that its term depends on
	Token   client.Zxid      // of its term: a leader with a higher one has come later
	Data    []byte           // its id, or what it has proclaimed
	Since   time.Time        // when it became a candidate, by the server's clock
}

// Leader returns who leads. The error is client.ErrNoNode if nobody does.
func (e *Election) Leader(ctx context.Context) (Leader, error) {
	leader, w, err := e.leader(ctx)
	if err == nil {
		_ = w.Close()
		if leader.Path == "" {
			err = client.ErrNoNode
		}
	}
	return leader, hold.Wrap("leader of", e.line.Path, err)
}

// Observe tells who leads now, and then each other leader, each proclamation, and each time without
// a leader (Path is ""). Quick changes may be left out; the last one is not. It goes on over lost
// connections and sessions. When ctx ends, or the client has no session any more, the last element
// has the error.
//
// Observers watch the leader's node alone. A change of leader wakes all of them.
func (e *Election) Observe(ctx context.Context) iter.Seq2[Leader, error] {
	return func(yield func(Leader, error) bool) {
		var last Leader
		for first := true; ; {
			leader, w, err := e.leader(ctx)
			if err == nil && (first || !leader.same(&last)) {
				first, last = false, leader
				if !yield(leader, nil) {
					_ = w.Close()
					return
				}
			}
			if err == nil {
				_, err = w.Next(ctx)
				_ = w.Close()
			}
			if err != nil {
				if err = hold.Again(ctx, e.line.Client, err); err != nil {
					yield(Leader{}, hold.Wrap("observe", e.line.Path, err))
					return
				}
			}
		}
	}
}

func (l *Leader) same(other *Leader) bool {
	return l.Path == other.Path && l.Token == other.Token && bytes.Equal(l.Data, other.Data)
}

// leader finds the leader, with a watch that fires when it may be another one, or says another
// thing.
func (e *Election) leader(ctx context.Context) (Leader, *client.Watch, error) {
	c := e.line.Client
	for {
		names, err := e.line.Names(ctx)
		if err != nil {
			return Leader{}, nil, err
		}
		if len(names) == 0 {
			w, err := e.vacancy(ctx)
			if w != nil || err != nil {
				return Leader{}, w, err
			}
			continue
		}
		path := hold.Join(e.line.Path, names[0])
		data, stat, w, err := c.GetW(ctx, path)
		if errors.Is(err, client.ErrNoNode) {
			continue
		}
		return Leader{
			Path: path, Session: stat.EphemeralOwner, Token: stat.Czxid, Data: data,
			Since: time.UnixMilli(stat.Ctime),
		}, w, err
	}
}

// vacancy watches for the first candidate. It returns no watch if there is one by now.
func (e *Election) vacancy(ctx context.Context) (*client.Watch, error) {
	c := e.line.Client
	names, _, w, err := c.ChildrenW(ctx, e.line.Path)
	if errors.Is(err, client.ErrNoNode) {
		_, exists, w, err := c.ExistsW(ctx, e.line.Path)
		if err == nil && exists {
			_ = w.Close()
			return nil, nil
		}
		return w, err
	}
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if e.line.Has(name) {
			_ = w.Close()
			return nil, nil
		}
	}
	return w, nil
}
