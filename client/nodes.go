package client

import (
	"bytes"
	"context"
	"errors"

	"quoll/client/internal/calls"
	"quoll/jute"
)

// AnyVersion as a version means that any will do.
const AnyVersion int32 = -1

// Get returns the data and the Stat of a node. Data that is null is nil, and empty data is empty.
func (c *Client) Get(ctx context.Context, path string) ([]byte, Stat, error) {
	call, err := c.pathWatch(jute.OpGetData, path, false)
	if err != nil {
		return nil, Stat{}, err
	}
	if err := c.do(ctx, call, path); err != nil {
		return nil, Stat{}, err
	}
	return c.data(call, path)
}

// data decodes the reply of getData.
func (c *Client) data(call *calls.Call, path string) ([]byte, Stat, error) {
	var (
		data []byte
		stat Stat
	)
	d := jute.Decoder(call.Reply)
	d.Buffer("data", &data)
	stat.Fields(&d)
	data = bytes.Clone(data)
	return data, stat, c.decoded(call, path, &d)
}

// Exists returns the Stat of a node, and whether it exists.
func (c *Client) Exists(ctx context.Context, path string) (Stat, bool, error) {
	call, err := c.pathWatch(jute.OpExists, path, false)
	if err != nil {
		return Stat{}, false, err
	}
	return present(c.stat(ctx, call, path))
}

// present makes "no such node" an answer.
func present(stat Stat, err error) (Stat, bool, error) {
	if errors.Is(err, ErrNoNode) {
		return Stat{}, false, nil
	}
	return stat, err == nil, err
}

// Children returns the names of a node's children, in no order, and its Stat.
func (c *Client) Children(ctx context.Context, path string) ([]string, Stat, error) {
	call, err := c.pathWatch(jute.OpGetChildren2, path, false)
	if err != nil {
		return nil, Stat{}, err
	}
	if err := c.do(ctx, call, path); err != nil {
		return nil, Stat{}, err
	}
	return c.names(call, path)
}

// names decodes the reply of getChildren2.
func (c *Client) names(call *calls.Call, path string) ([]string, Stat, error) {
	var r jute.NamesStat
	d := jute.Decoder(call.Reply)
	r.Fields(&d)
	names := texts(r.Names)
	return names, r.Stat, c.decoded(call, path, &d)
}

func texts(from [][]byte) []string {
	to := make([]string, len(from))
	for i, text := range from {
		to[i] = string(text)
	}
	return to
}

// Set replaces the data of a node, if it has the version.
func (c *Client) Set(
	ctx context.Context, path string, data []byte, version int32,
) (Stat, error) {
	call, err := c.setData(path, data, version)
	if err != nil {
		return Stat{}, err
	}
	return c.stat(ctx, call, path)
}

func (c *Client) setData(path string, data []byte, version int32) (*calls.Call, error) {
	call, err := c.call(jute.OpSetData, calls.Write, path)
	if err != nil {
		return nil, err
	}
	r := jute.SetDataRequest{Path: call.Path, Data: data, Version: version}
	enc := call.Begin()
	r.Fields(&enc)
	call.End(enc)
	return call, nil
}

// stat sends a call whose reply is a Stat.
func (c *Client) stat(ctx context.Context, call *calls.Call, path string) (Stat, error) {
	if err := c.do(ctx, call, path); err != nil {
		return Stat{}, err
	}
	return c.statOf(call, path)
}

func (c *Client) statOf(call *calls.Call, path string) (Stat, error) {
	var stat Stat
	d := jute.Decoder(call.Reply)
	stat.Fields(&d)
	return stat, c.decoded(call, path, &d)
}

// Delete removes a node without children, if it has the version.
func (c *Client) Delete(ctx context.Context, path string, version int32) error {
	call, err := c.delete(path, version)
	if err != nil {
		return err
	}
	return c.done(ctx, call, path)
}

func (c *Client) delete(path string, version int32) (*calls.Call, error) {
	call, err := c.call(jute.OpDelete, calls.Write, path)
	if err != nil {
		return nil, err
	}
	encode(call, &jute.PathVersion{Path: call.Path, Version: version})
	return call, nil
}

// done sends a call whose reply has nothing to say.
func (c *Client) done(ctx context.Context, call *calls.Call, path string) error {
	err := c.do(ctx, call, path)
	if err == nil {
		c.core.queue.Free(call)
	}
	return err
}

// pathWatch makes a read of a node, which may leave a one-shot watch.
func (c *Client) pathWatch(op jute.OpCode, path string, watch bool) (*calls.Call, error) {
	call, err := c.call(op, calls.Read, path)
	if err != nil {
		return nil, err
	}
	r := jute.PathWatch{Path: call.Path, Watch: watch}
	enc := call.Begin()
	r.Fields(&enc)
	call.End(enc)
	return call, nil
}

// pathOnly makes a read whose request is the path.
func (c *Client) pathOnly(op jute.OpCode, path string) (*calls.Call, error) {
	call, err := c.call(op, calls.Read, path)
	if err != nil {
		return nil, err
	}
	encode(call, &jute.PathOnly{Path: call.Path})
	return call, nil
}
