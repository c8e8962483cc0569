package group

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Peer is a member, as others see it.
type Peer struct {
	ID      string
	Data    []byte
	Session client.SessionID
	Token   client.Zxid // of its joining: another one means that it was away in between
	Since   time.Time   // of its joining, by the server's clock
}

// View is who is there at one moment. Nobody is in it who was not a member then, and nobody is
// missing. The data may be younger.
type View struct {
	Members []Peer      // who has joined first comes first
	Joined  []Peer      // not in the view before. Of Watch only
	Left    []Peer      // in the view before, and not in this one. Of Watch only
	Zxid    client.Zxid // of the last joining or leaving (pzxid); 0 if there is no such node
}

// Members returns who is there. A group that nobody has joined has no members.
func Members(ctx context.Context, c *client.Client, path string) (View, error) {
	view, w, err := look(ctx, c, path)
	if err == nil {
		_ = w.Close()
	}
	return view, hold.Wrap("members of", path, err)
}

// Watch tells who is there now, and then each time that somebody has joined or left. Quick changes
// may come as one, and a member that was away in between is in Left and Joined both; a change of
// data alone is not told. It goes on over lost connections and sessions. When ctx ends, or the
// client has no session any more, the last element has the error.
func Watch(ctx context.Context, c *client.Client, path string) iter.Seq2[View, error] {
	return func(yield func(View, error) bool) {
		var last View
		for first := true; ; {
			view, w, err := look(ctx, c, path)
			if err == nil {
				view.Joined, view.Left = without(&view, &last), without(&last, &view)
				if first || len(view.Joined) > 0 || len(view.Left) > 0 {
					first, last = false, view
					if !yield(view, nil) {
						_ = w.Close()
						return
					}
				}
				_, err = w.Next(ctx)
				_ = w.Close()
			}
			if err != nil {
				if err = hold.Again(ctx, c, err); err != nil {
					yield(View{}, hold.Wrap("watch", path, err))
					return
				}
			}
		}
	}
}

// without has the members of a view that are not in another one.
func without(view, other *View) []Peer {
	var rest []Peer
	for _, p := range view.Members {
		if !slices.ContainsFunc(other.Members, func(o Peer) bool {
			return o.ID == p.ID && o.Token == p.Token
		}) {
			rest = append(rest, p)
		}
	}
	return rest
}

// look reads a view, with a watch that fires when it has changed.
func look(
	ctx context.Context, c *client.Client, path string,
) (View, *client.Watch, error) {
	for {
		names, stat, w, err := c.ChildrenW(ctx, path)
		if errors.Is(err, client.ErrNoNode) {
			var exists bool
			if _, exists, w, err = c.ExistsW(ctx, path); err == nil && exists {
				_ = w.Close()
				continue
			}
			return View{}, w, err
		}
		if err != nil {
			return View{}, nil, err
		}
		peers, err := read(ctx, c, path, names, stat.Pzxid)
		if err == nil {
			return View{Members: peers, Zxid: stat.Pzxid}, w, nil
		}
		_ = w.Close()
		if err != errMoved {
			return View{}, nil, err
		}
	}
}

// errMoved: the list of names is old already.
var errMoved = errors.New("moved on")

// read reads the nodes of a listing, if all of them still are what they were then.
func read(
	ctx context.Context, c *client.Client, path string, names []string, at client.Zxid,
) ([]Peer, error) {
	nodes := make([]*client.Future[client.Node], len(names))
	for i, name := range names {
		nodes[i] = c.Async().Get(ctx, hold.Join(path, name))
	}
	peers := make([]Peer, len(names))
	for i := range nodes {
		node, err := nodes[i].Wait(ctx)
		if errors.Is(err, client.ErrNoNode) || err == nil && node.Stat.Czxid > at {
			return nil, errMoved
		}
		if err != nil {
			return nil, err
		}
		peers[i] = Peer{
			ID: names[i], Data: node.Data, Session: node.Stat.EphemeralOwner,
			Token: node.Stat.Czxid, Since: time.UnixMilli(node.Stat.Ctime),
		}
	}
	slices.SortFunc(peers, func(a, b Peer) int { return cmp.Compare(a.Token, b.Token) })
	return peers, nil
}
