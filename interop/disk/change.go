package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// window is how many requests are in flight while a tree is changed.
const window = 500

// change makes the tree grow to its size and then changes some of it by every kind of write. Every
// write is answered before it returns; the connection is then dropped, so that its session and its
// ephemerals live on.
func (r *relay) change(ctx context.Context, addr string) error {
	c, err := wire.Dial(ctx, addr, wire.Options{Timeout: time.Hour})
	if err != nil {
		return err
	}
	defer c.Abort()
	if err := c.AddAuth(ctx, "digest", []byte("u:p")); err != nil {
		return err
	}
	var asked []*wire.Future
	send := func(op jute.OpCode, body jute.Record) error {
		asked = append(asked, c.Send(op, body))
		if len(asked) < window {
			return nil
		}
		defer func() { asked = asked[:0] }()
		return settle(ctx, asked)
	}
	changes := max(r.nodes-len(r.before), 0) + 3000
	for i := range changes {
		op, body := r.write(i < changes-3000)
		if err := send(op, body); err != nil {
			return err
		}
	}
	return settle(ctx, asked)
}

// settle waits for the answers. Refused writes are fine: they are in the log too.
func settle(ctx context.Context, asked []*wire.Future) error {
	for _, f := range asked {
		_, _, err := f.Wait(ctx)
		var code jute.ErrorCode
		if err != nil && !errors.As(err, &code) {
			return err
		}
	}
	return nil
}

// read-only: the lists that changes use.
var (
	world  = []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
	mine   = []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "auth"}}}
	shared = []jute.ACL{
		{Perms: jute.PermAll, ID: jute.ID{Scheme: "auth"}},
		{Perms: jute.PermRead, ID: jute.ID{Scheme: "ip", ID: "127.0.0.0/8"}},
	}
)

// path is the path of node i: a tree of up to 40 children a node.
func path(i int) string {
	if i <= 0 {
		return ""
	}
	return path((i-1)/40) + fmt.Sprintf("/n%d", i)
}

// write picks one write. While the tree grows it is a create.
func (r *relay) write(grow bool) (jute.OpCode, jute.Record) {
	any := func() []byte { return []byte(path(1 + r.random.IntN(max(r.next, 1)))) }
	dice := r.random.IntN(100)
	switch {
	case grow || dice < 20:
		r.next++
		return jute.OpCreate2, r.create(path(r.next), jute.ModePersistent)
	case dice < 30:
		return jute.OpCreate, r.create(string(any())+"/s-", jute.ModePersistentSequential)
	case dice < 36:
		return jute.OpCreate, r.create(string(any())+"/e", jute.ModeEphemeral)
	case dice < 42:
		p := string(any()) + fmt.Sprintf("/c%d", dice)
		return jute.OpCreateContainer, r.create(p, jute.ModeContainer)
	case dice < 48:
		in := &jute.CreateTTLRequest{TTL: 3_600_000_000}
		in.CreateRequest = *r.create(string(any())+"/t", jute.ModePersistentTTL)
		return jute.OpCreateTTL, in
	case dice < 65:
		return jute.OpSetData, &jute.SetDataRequest{Path: any(), Data: r.data(), Version: -1}
	case dice < 72:
		return jute.OpSetACL, &jute.SetACLRequest{Path: any(), ACL: r.acl(), Version: -1}
	case dice < 85:
		return jute.OpDelete, &jute.PathVersion{Path: any(), Version: -1}
	}
	return jute.OpMulti, r.multi(any)
}

func (r *relay) create(p string, mode jute.CreateMode) *jute.CreateRequest {
	return &jute.CreateRequest{Path: []byte(p), Data: r.data(), ACL: r.acl(), Flags: mode}
}

// multi is a transaction of a few operations; some fail.
func (r *relay) multi(any func() []byte) *jute.MultiRequest {
	p := string(any()) + "/m"
	ops := []jute.MultiOp{
		wire.CreateOp(p, r.data(), world, jute.ModePersistent),
		wire.SetOp(p, r.data(), 0),
		wire.CreateOp(p+"/q-", nil, mine, jute.ModePersistentSequential),
		wire.SetOp(string(any()), r.data(), int32(r.random.IntN(3)-1)),
	}
	if r.random.IntN(3) == 0 {
		ops = append(ops, wire.DeleteOp(p, -1)) // not empty: all of it fails
	}
	return &jute.MultiRequest{Ops: ops}
}

func (r *relay) data() []byte {
	switch r.random.IntN(10) {
	case 0:
		return nil
	case 1:
		return []byte{}
	}
	return []byte(strings.Repeat("x", r.random.IntN(120)))
}

func (r *relay) acl() []jute.ACL {
	switch r.random.IntN(8) {
	case 0:
		return mine
	case 1:
		return shared
	}
	return world
}
