package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"quoll/client/wire"
	"quoll/jute"
)

// play goes through everything that servers say to each other.
func play(ctx context.Context, dir string, t *tape) error {
	e, err := newServers(filepath.Join(dir, "main"), t, false, 1, 2, 3, observer)
	if err != nil {
		return err
	}
	defer e.close()
	for _, scene := range []func(context.Context, *servers) error{
		election, writes, snapshots, differences, truncation,
	} {
		if err := scene(ctx, e); err != nil {
			return err
		}
	}
	e.kill(1, 2, 3, observer)
	several, err := newServers(filepath.Join(dir, "several"), t, true, 1, 2)
	if err != nil {
		return err
	}
	defer several.close()
	return several.start(ctx, 1, 2)
}

// election starts servers 1 and 2: the second leads, because both know nothing.
func election(ctx context.Context, e *servers) error { return e.start(ctx, 1, 2) }

// writes sends each kind of request through the follower.
func writes(ctx context.Context, e *servers) error {
	c, err := e.dial(ctx, 1, wire.Session{})
	if err != nil {
		return fmt.Errorf("follower: %w", err)
	}
	auth := &jute.AuthPacket{Scheme: []byte("digest"), Auth: []byte("bob:secret")}
	if _, _, err := c.SendXid(jute.XidAuth, jute.OpAuth, auth).Wait(ctx); err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	path := []byte("/é")
	acl := []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "auth"}}}
	for _, step := range []struct {
		op   jute.OpCode
		body jute.Record
	}{
		{jute.OpCreate, &jute.CreateRequest{Path: path, Data: []byte("data"), ACL: wire.World()}},
		{jute.OpCreate2, &jute.CreateRequest{Path: []byte("/e"), ACL: acl,
			Flags: jute.ModeEphemeralSequential}},
		{jute.OpSetData, &jute.SetDataRequest{Path: path, Data: []byte{0, 1, 0xff}, Version: -1}},
		{jute.OpSetACL, &jute.SetACLRequest{Path: path, ACL: wire.World(), Version: -1}},
		{jute.OpDelete, &jute.PathVersion{Path: []byte("/none"), Version: -1}},
		{jute.OpMulti, &jute.MultiRequest{Ops: []jute.MultiOp{
			{
				MultiHeader: jute.MultiHeader{Type: jute.OpCheck, Err: -1},
				Path:        &jute.PathVersion{Path: path, Version: 1},
			},
			{
				MultiHeader: jute.MultiHeader{Type: jute.OpDelete, Err: -1},
				Path:        &jute.PathVersion{Path: path, Version: 1},
			},
		}}},
		{jute.OpSync, &jute.PathOnly{Path: []byte("/")}},
	} {
		h, _, err := c.Send(step.op, step.body).Wait(ctx)
		if err != nil || h.Err != jute.OK && h.Err != jute.NoNode {
			return fmt.Errorf("%v: %v, %w", step.op, h.Err, err)
		}
	}
	s := c.Session()
	c.Abort()
	if c, err = e.dial(ctx, 1, s); err != nil {
		return fmt.Errorf("session taken over: %w", err)
	}
	if err := c.Close(ctx); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	gone, err := e.dial(ctx, 1, s)
	if !errors.Is(err, wire.ErrExpired) {
		if err == nil {
			gone.Abort()
		}
		return fmt.Errorf("a session that was closed: %w", err)
	}
	return nil
}

// create makes a node through one of the servers.
func create(ctx context.Context, e *servers, id int, path string) error {
	c, err := e.dial(ctx, id, wire.Session{})
	if err != nil {
		return fmt.Errorf("server %d: %w", id, err)
	}
	if _, _, err := c.Create(ctx, path, []byte(path), nil, jute.ModePersistent); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	return c.Close(ctx)
}

// snapshots lets a follower and an observer come with nothing.
func snapshots(ctx context.Context, e *servers) error {
	if err := e.start(ctx, 3, observer); err != nil {
		return err
	}
	for _, id := range []int{1, 2, 3, observer} {
		if err := create(ctx, e, id, fmt.Sprintf("/through-%d", id)); err != nil {
			return err
		}
	}
	return nil
}

// differences lets them come back after they have missed writes.
func differences(ctx context.Context, e *servers) error {
	e.kill(3, observer)
	for i := range 3 {
		if err := create(ctx, e, 1, fmt.Sprintf("/missed-%d", i)); err != nil {
			return err
		}
	}
	return e.start(ctx, 3, observer)
}

// truncation gives the leader a write that nobody else has, and kills it. Its successor must not
// have written anything when it comes back, or it would be sent a snapshot.
func truncation(ctx context.Context, e *servers) error {
	c, err := e.dial(ctx, 2, wire.Session{})
	if err != nil {
		return fmt.Errorf("leader: %w", err)
	}
	defer c.Abort()
	e.tape.hold(2)
	c.Send(jute.OpCreate, &jute.CreateRequest{Path: []byte("/lost"), ACL: wire.World()})
	if err := e.logged(ctx, 2, "/lost"); err != nil {
		return err
	}
	e.kill(2)
	e.tape.release()
	if err := e.leads(ctx, 3); err != nil {
		return err
	}
	if err := e.start(ctx, 2); err != nil {
		return err
	}
	return create(ctx, e, 2, "/after")
}
