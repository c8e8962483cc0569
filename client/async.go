package client

import (
	"context"
	"sync"

	"quoll/client/internal/calls"
	"quoll/jute"
)

// Async has calls that do not wait for their answer. They are sent in the order of the calls. A
// call waits only if WithMaxPending leaves no room for it.
type Async struct{ client *Client }

// Async returns the asynchronous calls of the client.
func (c *Client) Async() Async { return Async{c} }

// Node is a node, as far as a call tells of it.
type Node struct {
	Path string
	Data []byte
	Stat Stat
}

// Listing is the children of a node.
type Listing struct {
	Names []string // in no order
	Stat  Stat     // of the node
}

// Future is the answer to a call, now or later.
type Future[T any] struct {
	done  chan struct{}
	value T
	err   error // with value: written before done is closed, read after

	mu   sync.Mutex
	over bool        // the call is completed, and must not be touched any more
	stop func() bool // unregisters from the call's context; may be nil
}

// Done is closed when the answer is there, or will not come.
func (f *Future[T]) Done() <-chan struct{} { return f.done }

// Wait returns the answer. The error is that of the call, or that ctx has ended: then the call goes
// on, and can be waited for again.
func (f *Future[T]) Wait(ctx context.Context) (T, error) {
	select {
	case <-f.done:
		return f.value, f.err
	default:
	}
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (f *Future[T]) settle(value T, err error) {
	f.value, f.err = value, err
	close(f.done)
}

// start sends a call. decode is called with its reply, and gives the call back to the queue.
func start[T any](
	ctx context.Context, c *Client, call *calls.Call, failed error, path string,
	decode func(*calls.Call) (T, error),
) *Future[T] {
	f := &Future[T]{done: make(chan struct{})}
	var none T
	if failed != nil {
		f.settle(none, failed)
		return f
	}
	op := call.Op
	call.Then = func(call *calls.Call) {
		f.mu.Lock()
		f.over = true
		stop := f.stop
		f.mu.Unlock()
		if stop != nil {
			stop()
		}
		if err := c.result(call, path); err != nil {
			f.settle(none, err)
			return
		}
		f.settle(decode(call))
	}
	if err := c.send(ctx, call, path); err != nil {
		f.settle(none, err)
		return f
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over || ctx.Done() == nil {
		return f
	}
	f.stop = context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.over {
			return
		}
		if fate, answered := c.core.queue.Abandon(call); !answered {
			f.over = true
			f.settle(none, c.fail(op, path, fateError(fate, ctx.Err())))
		}
	})
	return f
}

// Get is Client.Get.
func (a Async) Get(ctx context.Context, path string) *Future[Node] {
	c := a.client
	call, err := c.pathWatch(jute.OpGetData, path, false)
	return start(ctx, c, call, err, path, func(call *calls.Call) (Node, error) {
		data, stat, err := c.data(call, path)
		return Node{path, data, stat}, err
	})
}

// Exists is Client.Exists. A nil Stat says that there is no such node.
func (a Async) Exists(ctx context.Context, path string) *Future[*Stat] {
	c := a.client
	call, err := c.pathWatch(jute.OpExists, path, false)
	if err == nil {
		// That there is no such node is an answer.
		call.Replied = func(code jute.ErrorCode, kept bool) {
			if kept && code == jute.NoNode {
				call.Header.Err, call.Reply = jute.OK, call.Reply[:0]
			}
		}
	}
	return start(ctx, c, call, err, path, func(call *calls.Call) (*Stat, error) {
		if len(call.Reply) == 0 {
			c.core.queue.Free(call)
			return nil, nil
		}
		stat, err := c.statOf(call, path)
		return &stat, err
	})
}

// Children is Client.Children.
func (a Async) Children(ctx context.Context, path string) *Future[Listing] {
	c := a.client
	call, err := c.pathWatch(jute.OpGetChildren2, path, false)
	return start(ctx, c, call, err, path, func(call *calls.Call) (Listing, error) {
		names, stat, err := c.names(call, path)
		return Listing{names, stat}, err
	})
}

// Create is Client.Create, without Parents and Protected. The Node has the path that the node got.
func (a Async) Create(
	ctx context.Context, path string, data []byte, opts ...CreateOption,
) *Future[Node] {
	c := a.client
	o := created(opts)
	var call *calls.Call
	err := error(nil)
	if o.parents || o.protected {
		err = c.fail(jute.OpCreate2, path, ErrBadArguments)
	} else {
		call, err = c.createCall(path, data, &o)
	}
	return start(ctx, c, call, err, path, func(call *calls.Call) (Node, error) {
		name, stat, err := c.made(call, path)
		return Node{name, data, stat}, err
	})
}

// Set is Client.Set.
func (a Async) Set(
	ctx context.Context, path string, data []byte, version int32,
) *Future[Stat] {
	c := a.client
	call, err := c.setData(path, data, version)
	return start(ctx, c, call, err, path, func(call *calls.Call) (Stat, error) {
		return c.statOf(call, path)
	})
}

// Delete is Client.Delete.
func (a Async) Delete(ctx context.Context, path string, version int32) *Future[struct{}] {
	c := a.client
	call, err := c.delete(path, version)
	return start(ctx, c, call, err, path, func(call *calls.Call) (struct{}, error) {
		c.core.queue.Free(call)
		return struct{}{}, nil
	})
}

// Multi is Client.Multi.
func (a Async) Multi(ctx context.Context, ops ...Op) *Future[[]Result] {
	c := a.client
	if len(ops) == 0 {
		f := &Future[[]Result]{done: make(chan struct{})}
		f.settle(nil, ctx.Err())
		return f
	}
	call, err := c.multiCall(ops)
	return start(ctx, c, call, err, "", func(call *calls.Call) ([]Result, error) {
		return c.results(call, ops)
	})
}
