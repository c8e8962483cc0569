package wire

import (
	"context"

	"quoll/jute"
)

// The methods here send one request and wait for its reply. A reply that reports failure is
// returned as its jute.ErrorCode. Paths go out as they are given: nothing is checked here.

// World is the ACL that lets anyone do anything (ZooDefs.Ids.OPEN_ACL_UNSAFE).
func World() []jute.ACL {
	return []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
}

// Create makes a node of any kind but TTL. A nil acl means World. It returns the path that the
// node got, which has a number at its end when mode is sequential.
func (c *Conn) Create(
	ctx context.Context, path string, data []byte, acl []jute.ACL, mode jute.CreateMode,
) (string, jute.Stat, error) {
	op := jute.OpCreate2
	if mode == jute.ModeContainer {
		op = jute.OpCreateContainer
	}
	return c.create(ctx, op, createRequest(path, data, acl, mode))
}

// CreateTTL makes a node that goes when it had no children and no change for ttlMillis.
func (c *Conn) CreateTTL(
	ctx context.Context, path string, data []byte, acl []jute.ACL, mode jute.CreateMode,
	ttlMillis int64,
) (string, jute.Stat, error) {
	return c.create(ctx, jute.OpCreateTTL, &jute.CreateTTLRequest{
		CreateRequest: *createRequest(path, data, acl, mode), TTL: ttlMillis,
	})
}

func (c *Conn) create(
	ctx context.Context, op jute.OpCode, body jute.Record,
) (string, jute.Stat, error) {
	var r jute.PathStat
	_, err := c.Send(op, body).Into(ctx, &r)
	return string(r.Path), r.Stat, err
}

func createRequest(
	path string, data []byte, acl []jute.ACL, mode jute.CreateMode,
) *jute.CreateRequest {
	if acl == nil {
		acl = World()
	}
	return &jute.CreateRequest{Path: []byte(path), Data: data, ACL: acl, Flags: mode}
}

// Get returns a node's data and Stat; watch leaves a one-shot watch on both.
func (c *Conn) Get(ctx context.Context, path string, watch bool) ([]byte, jute.Stat, error) {
	var r jute.DataStat
	_, err := c.Send(jute.OpGetData, pathWatch(path, watch)).Into(ctx, &r)
	return r.Data, r.Stat, err
}

// Set replaces a node's data if it has the version, or if version is -1.
func (c *Conn) Set(
	ctx context.Context, path string, data []byte, version int32,
) (jute.Stat, error) {
	var stat jute.Stat
	_, err := c.Send(jute.OpSetData, &jute.SetDataRequest{
		Path: []byte(path), Data: data, Version: version,
	}).Into(ctx, &stat)
	return stat, err
}

// Delete removes a childless node if it has the version, or if version is -1.
func (c *Conn) Delete(ctx context.Context, path string, version int32) error {
	_, err := c.Send(jute.OpDelete, pathVersion(path, version)).Into(ctx, nil)
	return err
}

// Exists returns a node's Stat, jute.NoNode when there is none; watch leaves a one-shot watch
// either way.
func (c *Conn) Exists(ctx context.Context, path string, watch bool) (jute.Stat, error) {
	var stat jute.Stat
	_, err := c.Send(jute.OpExists, pathWatch(path, watch)).Into(ctx, &stat)
	return stat, err
}

// Children returns the names of a node's children, in no order, and its Stat; watch leaves a
// one-shot watch on the set of children.
func (c *Conn) Children(
	ctx context.Context, path string, watch bool,
) ([]string, jute.Stat, error) {
	var r jute.NamesStat
	_, err := c.Send(jute.OpGetChildren2, pathWatch(path, watch)).Into(ctx, &r)
	names := make([]string, len(r.Names))
	for i, name := range r.Names {
		names[i] = string(name)
	}
	return names, r.Stat, err
}

// GetACL returns a node's ACL and Stat.
func (c *Conn) GetACL(ctx context.Context, path string) ([]jute.ACL, jute.Stat, error) {
	var r jute.ACLStat
	_, err := c.Send(jute.OpGetACL, &jute.PathOnly{Path: []byte(path)}).Into(ctx, &r)
	return r.ACL, r.Stat, err
}

// SetACL replaces a node's ACL if its ACL has the version, or if version is -1.
func (c *Conn) SetACL(
	ctx context.Context, path string, acl []jute.ACL, version int32,
) (jute.Stat, error) {
	var stat jute.Stat
	_, err := c.Send(jute.OpSetACL, &jute.SetACLRequest{
		Path: []byte(path), ACL: acl, Version: version,
	}).Into(ctx, &stat)
	return stat, err
}

// Sync waits until the server has caught up with all writes that were acknowledged before.
func (c *Conn) Sync(ctx context.Context, path string) error {
	_, err := c.Send(jute.OpSync, &jute.PathOnly{Path: []byte(path)}).Into(ctx, nil)
	return err
}

// AddAuth adds an identity to the connection. A server hangs up after it refused one.
func (c *Conn) AddAuth(ctx context.Context, scheme string, proof []byte) error {
	_, err := c.SendXid(jute.XidAuth, jute.OpAuth, &jute.AuthPacket{
		Scheme: []byte(scheme), Auth: proof,
	}).Into(ctx, nil)
	return err
}

// AddWatch leaves a watch that stays, on the node or on all below it too.
func (c *Conn) AddWatch(ctx context.Context, path string, mode jute.AddWatchMode) error {
	_, err := c.Send(jute.OpAddWatch, &jute.AddWatchRequest{
		Path: []byte(path), Mode: mode,
	}).Into(ctx, nil)
	return err
}

// RemoveWatches takes this connection's watches of a type off a path.
func (c *Conn) RemoveWatches(ctx context.Context, path string, t jute.WatcherType) error {
	_, err := c.Send(jute.OpRemoveWatches, &jute.PathWatcher{
		Path: []byte(path), Type: t,
	}).Into(ctx, nil)
	return err
}

// WhoAmI returns the connection's identities.
func (c *Conn) WhoAmI(ctx context.Context) ([]jute.ClientInfo, error) {
	var r jute.WhoAmIResponse
	_, err := c.Send(jute.OpWhoAmI, nil).Into(ctx, &r)
	return r.ClientInfo, err
}

// Multi does all operations or none. When one fails, the error is its jute.ErrorCode, and the
// results say which it was.
func (c *Conn) Multi(ctx context.Context, ops ...jute.MultiOp) ([]jute.MultiResult, error) {
	var r jute.MultiResponse
	_, err := c.Send(jute.OpMulti, &jute.MultiRequest{Ops: ops}).Into(ctx, &r)
	if err != nil {
		return nil, err
	}
	for i := range r.Results {
		code := r.Results[i].Error.Err
		if r.Results[i].Type == jute.OpError && code != jute.OK {
			return r.Results, code
		}
	}
	return r.Results, nil
}

// CreateOp is a create as part of a Multi. A nil acl means World.
func CreateOp(path string, data []byte, acl []jute.ACL, mode jute.CreateMode) jute.MultiOp {
	op := jute.OpCreate2
	if mode == jute.ModeContainer {
		op = jute.OpCreateContainer
	}
	return jute.MultiOp{
		MultiHeader: multiHeader(op),
		Create: &jute.CreateTTLRequest{
			CreateRequest: *createRequest(path, data, acl, mode),
		},
	}
}

// SetOp is a setData as part of a Multi.
func SetOp(path string, data []byte, version int32) jute.MultiOp {
	return jute.MultiOp{
		MultiHeader: multiHeader(jute.OpSetData),
		Set:         &jute.SetDataRequest{Path: []byte(path), Data: data, Version: version},
	}
}

// DeleteOp is a delete as part of a Multi.
func DeleteOp(path string, version int32) jute.MultiOp {
	return jute.MultiOp{
		MultiHeader: multiHeader(jute.OpDelete), Path: pathVersion(path, version),
	}
}

// CheckOp makes a Multi fail unless the node has the version.
func CheckOp(path string, version int32) jute.MultiOp {
	return jute.MultiOp{
		MultiHeader: multiHeader(jute.OpCheck), Path: pathVersion(path, version),
	}
}

func multiHeader(op jute.OpCode) jute.MultiHeader { return jute.MultiHeader{Type: op, Err: -1} }

func pathWatch(path string, watch bool) *jute.PathWatch {
	return &jute.PathWatch{Path: []byte(path), Watch: watch}
}

func pathVersion(path string, version int32) *jute.PathVersion {
	return &jute.PathVersion{Path: []byte(path), Version: version}
}
