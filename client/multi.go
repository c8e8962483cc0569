package client

import (
	"context"
	"fmt"

	"quoll/client/internal/calls"
	"quoll/jute"
)

// Op is one operation of a Multi.
type Op struct {
	op      jute.OpCode
	path    string
	data    []byte
	version int32
	create  createOptions
}

// OpCreate makes a node. Parents and Protected do not go with it.
func OpCreate(path string, data []byte, opts ...CreateOption) Op {
	return Op{op: jute.OpCreate2, path: path, data: data, create: created(opts)}
}

// OpSet replaces the data of a node, if it has the version.
func OpSet(path string, data []byte, version int32) Op {
	return Op{op: jute.OpSetData, path: path, data: data, version: version}
}

// OpDelete removes a node without children, if it has the version.
func OpDelete(path string, version int32) Op {
	return Op{op: jute.OpDelete, path: path, version: version}
}

// OpCheck makes the Multi fail unless the node exists and has the version.
func OpCheck(path string, version int32) Op {
	return Op{op: jute.OpCheck, path: path, version: version}
}

// Result is what one operation of a Multi has done.
type Result struct {
	Path string // of the node; that of a create as the node got it
	Stat Stat   // after a create and a set
}

// MultiError says which operation made a Multi fail. Nothing of the Multi has happened.
type MultiError struct {
	Index int    // of the operation
	Err   *Error // why
}

func (e *MultiError) Error() string {
	return fmt.Sprintf("zookeeper: multi: operation %d: %v", e.Index, e.Err)
}

// Unwrap returns the error of the operation.
func (e *MultiError) Unwrap() error { return e.Err }

// Multi does all operations, or none. A failure is a *MultiError.
func (c *Client) Multi(ctx context.Context, ops ...Op) ([]Result, error) {
	if len(ops) == 0 {
		return nil, nil
	}
	call, err := c.multiCall(ops)
	if err != nil {
		return nil, err
	}
	if err := c.do(ctx, call, ""); err != nil {
		return nil, err
	}
	return c.results(call, ops)
}

func (c *Client) multiCall(ops []Op) (*calls.Call, error) {
	r := jute.MultiRequest{Ops: make([]jute.MultiOp, len(ops))}
	for i := range ops {
		op, err := c.multiOp(&ops[i])
		if err != nil {
			return nil, &MultiError{Index: i, Err: err}
		}
		r.Ops[i] = op
	}
	call := c.core.queue.New(jute.OpMulti, calls.Write)
	encode(call, &r)
	return call, nil
}

// multiOp is the operation as it is sent.
func (c *Client) multiOp(o *Op) (jute.MultiOp, *Error) {
	refuse := func(err error) (jute.MultiOp, *Error) {
		return jute.MultiOp{}, &Error{Op: o.op.String(), Path: o.path, Err: err}
	}
	check := o.path
	if o.create.sequential {
		check += "0"
	}
	if err := c.check([]byte(check)); err != nil {
		return refuse(err)
	}
	path := []byte(c.absolute(o.path))
	m := jute.MultiOp{MultiHeader: jute.MultiHeader{Type: o.op, Err: -1}}
	switch o.op {
	case jute.OpSetData:
		m.Set = &jute.SetDataRequest{Path: path, Data: o.data, Version: o.version}
	case jute.OpDelete, jute.OpCheck:
		m.Path = &jute.PathVersion{Path: path, Version: o.version}
	default:
		if o.create.parents || o.create.protected {
			return refuse(fmt.Errorf("%w: Parents and Protected are not for a multi",
				ErrBadArguments))
		}
		op, mode, err := o.create.operation()
		if err != nil {
			return refuse(err)
		}
		m.Type = op
		m.Create = &jute.CreateTTLRequest{
			CreateRequest: jute.CreateRequest{
				Path: path, Data: o.data, ACL: o.create.acl, Flags: mode,
			},
			TTL: o.create.ttl.Milliseconds(),
		}
	}
	return m, nil
}

// absolute puts a path below the chroot.
func (c *Client) absolute(path string) string {
	if path == "/" && c.root != "" {
		return c.root
	}
	return c.root + path
}

// results decodes the reply of a multi.
func (c *Client) results(call *calls.Call, ops []Op) ([]Result, error) {
	var r jute.MultiResponse
	if err := c.decode(call, "", &r); err != nil {
		return nil, err
	}
	if len(r.Results) != len(ops) {
		return nil, c.fail(jute.OpMulti, "", fmt.Errorf("%w: %d results of %d operations",
			ErrProtocol, len(r.Results), len(ops)))
	}
	results := make([]Result, len(ops))
	for i := range r.Results {
		res := &r.Results[i]
		if code := res.Error.Err; res.Type == jute.OpError && code != jute.OK {
			// Operations before the one that failed have OK, those behind it have
			// RUNTIMEINCONSISTENCY.
			return nil, &MultiError{Index: i, Err: &Error{
				Op: ops[i].op.String(), Path: ops[i].path, Code: code,
				Server: c.core.parts.Board.Server(), Err: codeError(code),
			}}
		}
		results[i].Path = ops[i].path
		switch {
		case res.PathStat != nil:
			results[i] = Result{c.relative(string(res.PathStat.Path)), res.PathStat.Stat}
		case res.Path != nil:
			results[i].Path = c.relative(string(res.Path.Path))
		case res.DataStat != nil:
			results[i].Stat = res.DataStat.Stat
		}
	}
	return results, nil
}

// Read is one read of a ReadMulti.
type Read struct {
	op   jute.OpCode
	path string
}

// ReadData reads the data and the Stat of a node.
func ReadData(path string) Read { return Read{jute.OpGetData, path} }

// ReadChildren reads the names of a node's children.
func ReadChildren(path string) Read { return Read{jute.OpGetChildren, path} }

// ReadResult is what one read of a ReadMulti found.
type ReadResult struct {
	Path     string
	Data     []byte   // of ReadData
	Stat     Stat     // of ReadData
	Children []string // of ReadChildren
	Err      error    // an *Error; the other reads are answered nevertheless
}

// ReadMulti does all reads at one moment (3.6). Each has an error of its own.
func (c *Client) ReadMulti(ctx context.Context, reads ...Read) ([]ReadResult, error) {
	if len(reads) == 0 {
		return nil, nil
	}
	r := jute.MultiRequest{Ops: make([]jute.MultiOp, len(reads))}
	for i, read := range reads {
		if err := c.check([]byte(read.path)); err != nil {
			return nil, c.fail(read.op, read.path, err)
		}
		r.Ops[i] = jute.MultiOp{
			MultiHeader: jute.MultiHeader{Type: read.op, Err: -1},
			Read:        &jute.PathWatch{Path: []byte(c.absolute(read.path))},
		}
	}
	call := c.core.queue.New(jute.OpMultiRead, calls.Read)
	encode(call, &r)
	var answer jute.MultiResponse
	if err := c.into(ctx, call, "", &answer); err != nil {
		return nil, err
	}
	if len(answer.Results) != len(reads) {
		return nil, c.fail(jute.OpMultiRead, "", fmt.Errorf("%w: %d results of %d reads",
			ErrProtocol, len(answer.Results), len(reads)))
	}
	results := make([]ReadResult, len(reads))
	for i := range reads {
		results[i] = c.readResult(reads[i], &answer.Results[i])
	}
	return results, nil
}

func (c *Client) readResult(read Read, from *jute.MultiResult) ReadResult {
	r := ReadResult{Path: read.path}
	switch {
	case from.Type == jute.OpError:
		r.Err = &Error{
			Op: read.op.String(), Path: read.path, Code: from.Error.Err,
			Server: c.core.parts.Board.Server(), Err: codeError(from.Error.Err),
		}
	case from.DataStat != nil:
		r.Data, r.Stat = from.DataStat.Data, from.DataStat.Stat
	case from.Names != nil:
		r.Children = texts(from.Names.Names)
	}
	return r
}
