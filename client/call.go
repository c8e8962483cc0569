package client

import (
	"context"
	"errors"
	"fmt"

	"quoll/client/internal/calls"
	"quoll/client/internal/watches"
	"quoll/jute"
)

// World is the ACL that lets anyone do anything (ZooDefs.Ids.OPEN_ACL_UNSAFE). It is the ACL of
// nodes that are created without one.
func World() []ACL {
	return []ACL{{Perms: jute.PermAll, ID: ID{Scheme: "world", ID: "anyone"}}}
}

// call makes a call for a node. path is checked and put below the chroot.
func (c *Client) call(op jute.OpCode, kind calls.Kind, path string) (*calls.Call, error) {
	call := c.core.queue.New(op, kind)
	call.Path = append(append(call.Path, c.root...), path...)
	if err := c.check(call.Path[len(c.root):]); err != nil {
		c.core.queue.Free(call)
		return nil, &Error{Op: op.String(), Path: path, Err: err}
	}
	if path == "/" && c.root != "" {
		call.Path = call.Path[:len(c.root)]
	}
	return call, nil
}

// check says why no node can have a path, which is below the chroot.
func (c *Client) check(path []byte) error {
	if c.astray {
		return fmt.Errorf("%w: the chroot %q", ErrInvalidPath, c.root)
	}
	if !jute.ValidPath(path) {
		return ErrInvalidPath
	}
	return nil
}

// do sends a call whose request is encoded, and waits for its reply. Without an error the call
// has the reply, and must be given back to the queue; after an error it must not be touched.
func (c *Client) do(ctx context.Context, call *calls.Call, path string) error {
	if err := c.send(ctx, call, path); err != nil {
		return err
	}
	op := call.Op
	select {
	case <-call.Done():
	case <-ctx.Done():
		fate, answered := c.core.queue.Abandon(call)
		if !answered {
			return c.fail(op, path, fateError(fate, ctx.Err()))
		}
		<-call.Done()
	}
	return c.result(call, path)
}

// send puts a call into the queue. After an error the call must not be touched.
func (c *Client) send(ctx context.Context, call *calls.Call, path string) error {
	k := c.core
	op := call.Op
	err := ctx.Err()
	if limit := k.opts.frame.sent; err == nil && call.Bytes() > limit {
		err = fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, call.Bytes(), limit)
	}
	if err == nil {
		_, call.Bounded = ctx.Deadline()
		err = k.queue.Enqueue(ctx, call)
	}
	if err == nil {
		return nil
	}
	if call.Replied != nil {
		call.Replied(jute.ConnectionLoss, false)
	}
	k.queue.Free(call)
	return c.fail(op, path, err)
}

// result is how a completed call ended. After an error the call must not be touched.
func (c *Client) result(call *calls.Call, path string) error {
	k := c.core
	op, code, err := call.Op, call.Header.Err, call.Err
	if k.opts.trace.Answered != nil && err == nil {
		k.opts.trace.Answered(op.String(), path, code, k.parts.Clock.Mono()-call.SentAt())
	}
	switch {
	case err != nil:
		k.queue.Free(call)
		return c.fail(op, path, err)
	case code != jute.OK:
		k.queue.Free(call)
		return &Error{
			Op: op.String(), Path: path, Code: code, Server: k.parts.Board.Server(),
			Err: codeError(code),
		}
	}
	return nil
}

// fail is an error that is not from the server. Of a call that has waited too long it says why
// there was no connection, if that is so.
func (c *Client) fail(op jute.OpCode, path string, err error) error {
	now, _ := c.core.parts.Board.Read()
	if errors.Is(err, context.DeadlineExceeded) && now.Server == "" && now.Err != nil {
		err = fmt.Errorf("%w, while not connected: %v", err, now.Err)
	}
	return &Error{Op: op.String(), Path: path, Server: now.Server, Err: err}
}

// decoded gives the call back to the queue, after its reply was read by d. A reply that does not
// decode is an error.
func (c *Client) decoded(call *calls.Call, path string, d *jute.Coder) error {
	op := call.Op
	c.core.queue.Free(call)
	if d.Failed() {
		return c.fail(op, path, fmt.Errorf("%w: the reply does not decode", ErrProtocol))
	}
	return nil
}

// into sends a call and decodes its reply into r, whose byte slices are copies.
func (c *Client) into(ctx context.Context, call *calls.Call, path string, r jute.Record) error {
	if err := c.do(ctx, call, path); err != nil {
		return err
	}
	return c.decode(call, path, r)
}

func (c *Client) decode(call *calls.Call, path string, r jute.Record) error {
	// The buffer goes with the record, which points into it.
	d := jute.Decoder(call.TakeReply())
	r.Fields(&d)
	return c.decoded(call, path, &d)
}

// encode encodes a request for which speed does not matter.
func encode(call *calls.Call, r jute.Record) {
	enc := call.Begin()
	r.Fields(&enc)
	call.End(enc)
}

// relative takes the chroot off a path that the server sent.
func (c *Client) relative(path string) string {
	if c.root == "" || len(path) < len(c.root) || path[:len(c.root)] != c.root {
		return path
	}
	if path == c.root {
		return "/"
	}
	return path[len(c.root):]
}

// takeOff tells the server that a watch is not needed any more. Without a connection there is no
// such watch.
func (k *core) takeOff(path string, group watches.Group) {
	if k.parts.Board.Server() == "" {
		return
	}
	call := k.queue.New(jute.OpRemoveWatches, calls.Bound)
	encode(call, &jute.PathWatcher{Path: []byte(path), Type: watcherTypes[group]})
	k.queue.Enlist(call)
}

// watcherTypes says how removeWatches calls a group.
//
// read-only: looked up, never changed.
var watcherTypes = [...]jute.WatcherType{
	watches.Data: jute.WatcherData, watches.Child: jute.WatcherChildren,
	watches.Persistent: jute.WatcherPersistent,
	watches.Recursive:  jute.WatcherPersistentRecursive,
}
