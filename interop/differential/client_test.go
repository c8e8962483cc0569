package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"quoll/client/wire"
	"quoll/interop/apache"
	"quoll/jute"
)

// The client against the server that it must agree with.
func TestApache(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := apache.Start(ctx, apache.Options{DataDir: t.TempDir()})
	if errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer server.Kill()
	events := make(chan wire.Event, 100)
	c, err := wire.Dial(ctx, server.Addr(), wire.Options{
		OnEvent: func(e wire.Event) { events <- e },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Abort()
	try := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	everyCall(ctx, t, c, try)
	moved, err := c.Reattach(ctx, c.Session(), c.LastZxid())
	try("reattach", err)
	if moved.Session().ID != c.Session().ID {
		t.Errorf("another session: %v", moved.Session().ID)
	}
	select {
	case <-c.Done():
	case <-ctx.Done():
		t.Error("the old connection lives after its session moved")
	}
	try("close", moved.Close(ctx))
	_, err = c.Reattach(ctx, c.Session(), c.LastZxid())
	if !errors.Is(err, wire.ErrExpired) {
		t.Errorf("want ErrExpired, got %v", err)
	}
	first := <-events
	if first.Type != jute.EventDataChanged || first.Path != "/a" {
		t.Errorf("event %v", first)
	}
}

func everyCall(ctx context.Context, t *testing.T, c *wire.Conn, try func(string, error)) {
	t.Helper()
	_, _, err := c.Create(ctx, "/a", []byte("1"), nil, jute.ModePersistent)
	try("create", err)
	if _, _, err = c.Create(ctx, "/a", nil, nil, 0); !errors.Is(err, jute.NodeExists) {
		t.Errorf("want NodeExists, got %v", err)
	}
	data, stat, err := c.Get(ctx, "/a", true)
	try("get", err)
	if string(data) != "1" || stat.DataLength != 1 {
		t.Errorf("get: %q, %+v", data, stat)
	}
	if stat, err = c.Set(ctx, "/a", []byte("22"), 0); err != nil || stat.Version != 1 {
		t.Errorf("set: %+v, %v", stat, err)
	}
	path, _, err := c.Create(ctx, "/a/s-", nil, nil, jute.ModeEphemeralSequential)
	if err != nil || path != "/a/s-0000000000" {
		t.Errorf("sequential: %q, %v", path, err)
	}
	names, _, err := c.Children(ctx, "/a", false)
	if err != nil || !slices.Equal(names, []string{"s-0000000000"}) {
		t.Errorf("children: %q, %v", names, err)
	}
	try("auth", c.AddAuth(ctx, "digest", []byte("me:secret")))
	who, err := c.WhoAmI(ctx)
	if err != nil || len(who) != 2 || !slices.Contains(who, jute.ClientInfo{
		AuthScheme: "digest", User: "me",
	}) {
		t.Errorf("whoAmI: %+v, %v", who, err)
	}
	_, err = c.SetACL(ctx, "/a", wire.World(), -1)
	try("setACL", err)
	acl, _, err := c.GetACL(ctx, "/a")
	if err != nil || !slices.Equal(acl, wire.World()) {
		t.Errorf("getACL: %+v, %v", acl, err)
	}
	try("sync", c.Sync(ctx, "/a"))
	try("addWatch", c.AddWatch(ctx, "/a", jute.AddWatchRecursive))
	try("removeWatches", c.RemoveWatches(ctx, "/a", jute.WatcherPersistentRecursive))
	results, err := c.Multi(ctx, wire.CreateOp("/m", nil, nil, jute.ModePersistent),
		wire.SetOp("/m", []byte("x"), 0), wire.CheckOp("/m", 1), wire.DeleteOp("/m", 1))
	if err != nil || len(results) != 4 || string(results[0].PathStat.Path) != "/m" {
		t.Errorf("multi: %+v, %v", results, err)
	}
	results, err = c.Multi(ctx, wire.DeleteOp("/none", -1), wire.SetOp("/a", nil, -1))
	if !errors.Is(err, jute.NoNode) || results[1].Error.Err != jute.RuntimeInconsistency {
		t.Errorf("multi that fails: %+v, %v", results, err)
	}
}
