package client_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/internal/proxy"
	"quoll/jute"
)

// request is one operation of the client on a tree of its own.
type request struct {
	op    jute.OpCode
	write bool
	do    func(ctx context.Context, c *client.Client) error
}

// besides are what the client sends that is no call: TestCutBesideTheCalls.
var besides = []jute.OpCode{
	jute.OpCreateSession, jute.OpAuth, jute.OpSetWatches, jute.OpSetWatches2, jute.OpPing,
	jute.OpRemoveWatches, jute.OpCloseSession,
}

// unsent are what it never sends: the first two have newer forms, and the others are not for clients, or
// only inside a multi. SASL is that of TestSASL.
var unsent = []jute.OpCode{
	jute.OpCreate, jute.OpGetChildren, jute.OpNotification, jute.OpError, jute.OpDeleteContainer,
	jute.OpCheck, jute.OpCheckWatches, jute.OpSASL,
}

// Each operation of the protocol is in one of the tables.
func TestEveryOperationIsCut(t *testing.T) {
	tables := map[jute.OpCode]int{}
	for _, r := range requests() {
		tables[r.op] = 1
	}
	for _, op := range append(besides, unsent...) {
		tables[op]++
	}
	tables[jute.OpAuth]-- // by the calls, and at each connect
	for op := jute.OpCode(-1000); op < 1000; op++ {
		if !strings.HasPrefix(op.String(), "unknown") {
			require.Equal(t, 1, tables[op], op)
		}
	}
}

// requests are all operations that a client sends. Each works on /r, which has a child "old".
func requests() map[string]request {
	type ctx = context.Context
	type cl = *client.Client
	return map[string]request{
		"get": {jute.OpGetData, false, func(x ctx, c cl) error {
			_, _, err := c.Get(x, "/r")
			return err
		}},
		"getW": {jute.OpGetData, false, func(x ctx, c cl) error {
			_, _, w, err := c.GetW(x, "/r")
			return left(w, err)
		}},
		"existsW": {jute.OpExists, false, func(x ctx, c cl) error {
			_, _, w, err := c.ExistsW(x, "/r")
			return left(w, err)
		}},
		"childrenW": {jute.OpGetChildren2, false, func(x ctx, c cl) error {
			_, _, w, err := c.ChildrenW(x, "/r")
			return left(w, err)
		}},
		"exists": {jute.OpExists, false, func(x ctx, c cl) error {
			_, _, err := c.Exists(x, "/r")
			return err
		}},
		"children": {jute.OpGetChildren2, false, func(x ctx, c cl) error {
			_, _, err := c.Children(x, "/r")
			return err
		}},
		"getACL": {jute.OpGetACL, false, func(x ctx, c cl) error {
			_, _, err := c.GetACL(x, "/r")
			return err
		}},
		"sync": {jute.OpSync, false, func(x ctx, c cl) error { return c.Sync(x, "/r") }},
		"descendants": {jute.OpGetAllChildren, false, func(x ctx, c cl) error {
			_, err := c.Descendants(x, "/r")
			return err
		}},
		"ephemerals": {jute.OpGetEphemerals, false, func(x ctx, c cl) error {
			_, err := c.Ephemerals(x, "/r")
			return err
		}},
		"whoAmI": {jute.OpWhoAmI, false, func(x ctx, c cl) error {
			_, err := c.WhoAmI(x)
			return err
		}},
		"readMulti": {jute.OpMultiRead, false, func(x ctx, c cl) error {
			_, err := c.ReadMulti(x, client.ReadData("/r"))
			return err
		}},
		"addWatch": {jute.OpAddWatch, false, func(x ctx, c cl) error {
			return left(c.AddWatch(x, "/r", client.Recursive))
		}},
		"addWatch, persistent": {jute.OpAddWatch, false, func(x ctx, c cl) error {
			return left(c.AddWatch(x, "/r", client.Persistent))
		}},
		"addAuth": {jute.OpAuth, false, func(x ctx, c cl) error {
			return c.AddAuth(x, "digest", []byte("a:b"))
		}},
		"create": {jute.OpCreate2, true, func(x ctx, c cl) error {
			_, _, err := c.Create(x, "/r/n-", nil, client.Sequential)
			return err
		}},
		"createContainer": {jute.OpCreateContainer, true, func(x ctx, c cl) error {
			_, _, err := c.Create(x, "/r/box", nil, client.Container)
			return err
		}},
		"createTTL": {jute.OpCreateTTL, true, func(x ctx, c cl) error {
			_, _, err := c.Create(x, "/r/t-", nil, client.Sequential, client.TTL(time.Hour))
			return err
		}},
		"set": {jute.OpSetData, true, func(x ctx, c cl) error {
			_, err := c.Set(x, "/r", []byte("new"), -1)
			return err
		}},
		"setACL": {jute.OpSetACL, true, func(x ctx, c cl) error {
			_, err := c.SetACL(x, "/r", client.World(), -1)
			return err
		}},
		"delete": {jute.OpDelete, true, func(x ctx, c cl) error { return c.Delete(x, "/r/old", -1) }},
		"reconfig": {jute.OpReconfig, true, func(x ctx, c cl) error {
			_, err := c.Reconfig(x, client.ConfigChange{Leave: []int64{9}}, -1)
			return err
		}},
		"multi": {jute.OpMulti, true, func(x ctx, c cl) error {
			_, err := c.Multi(x, client.OpSet("/r", nil, -1),
				client.OpCreate("/r/m-", nil, client.Sequential))
			return err
		}},
	}
}

// left closes the watch that a read has left.
func left(w *client.Watch, err error) error {
	if err != nil {
		return err
	}
	return w.Close()
}

// footprint counts the changes that were made to /r: every write of requests changes it by one.
func footprint(t *testing.T, c *client.Client) int32 {
	t.Helper()
	stat, exists, err := c.Exists(testContext(t), "/r")
	require.NoError(t, err)
	require.True(t, exists)
	// cversion counts creates and deletes of children. A multi changes it and the version at once.
	return max(stat.Version, stat.Cversion-1, stat.Aversion)
}

// The connection is cut at each boundary of each operation. A read is sent again and answered. A
// write is never sent again: its outcome is unknown, and its effect is there exactly if the server
// has got it.
func TestCutAtEveryBoundary(t *testing.T) {
	w := newWorld(t)
	c, other := w.client(), w.beside()
	for name, r := range requests() {
		for place, where := range map[string]proxy.Where{
			"before": proxy.Before, "after": proxy.After, "inside": proxy.Inside,
		} {
			t.Run(name+" "+place, func(t *testing.T) {
				ctx := testContext(t)
				_, err := other.DeleteAll(ctx, "/r", client.DeleteAllOptions{})
				require.NoError(t, err)
				_, _, err = other.Create(ctx, "/r/old", nil, client.Parents)
				require.NoError(t, err)
				require.NoError(t, c.Sync(ctx, "/"))

				cut := w.Cut(r.op, where)
				err = r.do(ctx, c)
				closed(t, cut, "the connection was cut")
				if !r.write {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, client.ErrUnknownOutcome)
				require.ErrorIs(t, err, client.ErrConnectionLoss)
				require.NoError(t, c.Sync(ctx, "/"), "the session goes on")
				effects := int32(1)
				if where == proxy.Before || r.op == jute.OpReconfig { // which is refused
					effects = 0
				}
				require.Equal(t, effects, footprint(t, other))
			})
		}
	}
}

// A caller whose context ends leaves at once, wherever the request is. The client goes on.
func TestCancelAtEveryBoundary(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	_, _, err := c.Create(testContext(t), "/r/old", nil, client.Parents)
	require.NoError(t, err)
	for name, r := range requests() {
		for _, connected := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " connected ", connected), func(t *testing.T) {
				if connected {
					w.Pause()
					defer w.Resume()
				} else {
					w.Target("")
					w.Drop(0)
					waitState(t, c, client.Suspended)
					defer func() {
						w.Target(w.server)
						waitState(t, c, client.Connected)
					}()
				}
				ctx, cancel := context.WithCancel(testContext(t))
				seen := make(chan struct{})
				w.Seen(r.op, func() { close(seen) })
				defer w.Seen(r.op, nil)
				failed := make(chan error, 1)
				go func() { failed <- r.do(ctx, c) }()
				if connected {
					closed(t, seen, "the request was sent")
				}
				begin := time.Now()
				cancel()
				err := <-failed
				require.Less(t, time.Since(begin), *cancelBound)
				require.ErrorIs(t, err, context.Canceled)
				if connected && r.write {
					require.ErrorIs(t, err, client.ErrUnknownOutcome)
				} else {
					require.NotErrorIs(t, err, client.ErrUnknownOutcome)
				}
			})
		}
	}
	require.NoError(t, c.Sync(testContext(t), "/"))
}

// A protected create whose answer gets lost happens once, and its name comes back.
func TestProtectedCreate(t *testing.T) {
	for _, where := range []proxy.Where{proxy.Before, proxy.After, proxy.Inside} {
		for _, opts := range [][]client.CreateOption{
			{client.Protected}, {client.Protected, client.Ephemeral, client.Sequential},
			{client.Protected, client.Sequential, client.Parents},
		} {
			ctx := testContext(t)
			w := newWorld(t)
			c := w.client()
			cut := w.Cut(jute.OpCreate2, where)
			name, stat, err := c.Create(ctx, "/n-", []byte("d"), opts...)
			require.NoError(t, err)
			closed(t, cut, "the connection was cut")
			require.Regexp(t, `^/_c_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-`+
				`[0-9a-f]{12}-n-(\d{10})?$`, name)
			names, _, err := c.Children(ctx, "/")
			require.NoError(t, err)
			require.Equal(t, []string{name[1:]}, names)
			_, got, err := c.Get(ctx, name)
			require.NoError(t, err)
			require.Equal(t, got, stat)
		}
	}
}

// The session ends before the outcome can be settled: nobody can know it any more.
func TestProtectedCreateAndExpiry(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	w.Pause()
	failed := make(chan error, 1)
	sent := make(chan struct{})
	w.Seen(jute.OpCreate2, func() { close(sent) })
	go func() {
		_, _, err := c.Create(testContext(t), "/n-", nil, client.Protected, client.Ephemeral)
		failed <- err
	}()
	closed(t, sent, "it was sent")
	w.expire(c)
	w.Resume()
	err := <-failed
	require.ErrorIs(t, err, client.ErrUnknownOutcome)
	require.ErrorIs(t, err, client.ErrSessionExpired)
}
