package client

import (
	"context"
	"errors"
	"io"
	"iter"

	"quoll/client/internal/calls"
	"quoll/client/internal/watches"
	"quoll/jute"
)

// Event is what a watch tells.
type Event struct {
	Kind EventKind
	Path string
	Zxid Zxid // of the change, where the server tells (3.9); else 0
}

// Watch is a watch on a node. It lives over connections: after a reconnect the server is told of it
// again.
//
// A one-shot watch (GetW, ExistsW, ChildrenW) has one event. After a reconnect it fires at once if
// the node has changed meanwhile; changes that cancel each other out are missed. It ends with
// ErrSessionExpired when the session does.
//
// A watch of AddWatch stays. No server tells what it missed while there was no connection, so each
// reconnect is a Resync event: read again. It lives over sessions.
//
// A watch holds 1,024 events, a Recursive one 16,384. If nobody takes them, they are replaced by
// one Overflow event.
type Watch struct {
	client *Client
	inner  *watches.Watch
}

// WatchMode is the kind of a watch that stays.
type WatchMode uint8

// The modes of AddWatch.
const (
	// Persistent hears what happens to the node and to the set of its children.
	Persistent WatchMode = iota
	// Recursive hears what happens to the node and to every node below it. It gets no
	// ChildrenChanged events.
	Recursive
)

// GetW is Get, and leaves a one-shot watch on the data.
func (c *Client) GetW(ctx context.Context, path string) ([]byte, Stat, *Watch, error) {
	call, w, err := c.watching(jute.OpGetData, path, watches.Data)
	if err != nil {
		return nil, Stat{}, nil, err
	}
	if err := c.do(ctx, call, path); err != nil {
		return nil, Stat{}, nil, err
	}
	data, stat, err := c.data(call, path)
	return data, stat, w, err
}

// ExistsW is Exists, and leaves a one-shot watch on the data of the node, or on its creation.
func (c *Client) ExistsW(ctx context.Context, path string) (Stat, bool, *Watch, error) {
	call, w, err := c.watching(jute.OpExists, path, watches.Data)
	if err != nil {
		return Stat{}, false, nil, err
	}
	stat, exists, err := present(c.stat(ctx, call, path))
	if err != nil {
		w = nil
	}
	return stat, exists, w, err
}

// ChildrenW is Children, and leaves a one-shot watch on the set of children.
func (c *Client) ChildrenW(ctx context.Context, path string) ([]string, Stat, *Watch, error) {
	call, w, err := c.watching(jute.OpGetChildren2, path, watches.Child)
	if err != nil {
		return nil, Stat{}, nil, err
	}
	if err := c.do(ctx, call, path); err != nil {
		return nil, Stat{}, nil, err
	}
	names, stat, err := c.names(call, path)
	return names, stat, w, err
}

// AddWatch leaves a watch that stays. It needs a server of version 3.6: an older one answers
// ErrUnimplemented and hangs up.
func (c *Client) AddWatch(ctx context.Context, path string, mode WatchMode) (*Watch, error) {
	if mode > Recursive {
		return nil, c.fail(jute.OpAddWatch, path, ErrBadArguments)
	}
	call, err := c.call(jute.OpAddWatch, calls.Read, path)
	if err != nil {
		return nil, err
	}
	group := watches.Persistent
	if mode == Recursive {
		group = watches.Recursive
	}
	encode(call, &jute.AddWatchRequest{Path: call.Path, Mode: jute.AddWatchMode(mode)})
	w := c.expect(call, group)
	if err := c.done(ctx, call, path); err != nil {
		return nil, err
	}
	return w, nil
}

// watching makes a read that leaves a one-shot watch.
func (c *Client) watching(
	op jute.OpCode, path string, group watches.Group,
) (*calls.Call, *Watch, error) {
	call, err := c.pathWatch(op, path, true)
	if err != nil {
		return nil, nil, err
	}
	return call, c.expect(call, group), nil
}

// expect arranges that the watch is registered when the reply of the call comes. The server leaves
// the watch of an exists even if there is no such node.
func (c *Client) expect(call *calls.Call, group watches.Group) *Watch {
	w := &Watch{client: c, inner: watches.New(string(call.Path), group)}
	registry, op := c.core.parts.Watches, call.Op
	registry.Expect(w.inner)
	call.Replied = func(code jute.ErrorCode, kept bool) {
		absent := op == jute.OpExists && code == jute.NoNode
		registry.Settle(w.inner, code == jute.OK || absent, kept, absent)
	}
	return w
}

// Fired is closed when Next has something, or the watch has ended. After Next has taken all there
// is, it has to be asked for again.
func (w *Watch) Fired() <-chan struct{} { return w.inner.Fired() }

// Next waits for the next event. io.EOF follows the event of a one-shot watch. Any other error is
// an *Error and says why the watch has ended, or that ctx has.
func (w *Watch) Next(ctx context.Context) (Event, error) {
	e, err := w.inner.Next(ctx)
	if err == io.EOF {
		return Event{}, err
	}
	if err != nil {
		return Event{}, &Error{
			Op: "watch", Path: w.client.relative(w.inner.Path()), Err: err,
		}
	}
	return Event{Kind: EventKind(e.Kind), Path: w.client.relative(e.Path), Zxid: e.Zxid}, nil
}

// Events goes through the events until the watch or ctx ends. The end is the last element, with an
// error, unless it is that of a one-shot watch.
func (w *Watch) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := w.Next(ctx)
			if errors.Is(err, io.EOF) || !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Close ends the watch with ErrClosed. The last one for a node and mode takes it off the server.
// It does not wait.
func (w *Watch) Close() error {
	w.client.core.parts.Watches.Close(w.inner, ErrClosed)
	return nil
}
