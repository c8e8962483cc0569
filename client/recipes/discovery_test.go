package recipes_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/discovery"
	"quoll/internal/proxy"
	"quoll/jute"
)

// busy is a payload that tells a load and a weight.
type busy struct{ Calls int }

func (b busy) Load() float64 { return float64(b.Calls) }
func (b busy) Weight() int   { return 1 }

// billing is an instance of the service of these tests, whose nodes are below path.
func billing(id string, calls int) discovery.Instance[busy] {
	return discovery.Instance[busy]{
		Name: "leases", ID: id, Address: "10.0.0.7", Port: 80, Payload: busy{calls},
	}
}

func instanceIDs(list []discovery.Instance[busy]) []string {
	ids := []string{}
	for i := range list {
		ids = append(ids, fmt.Sprint(list[i].ID, list[i].Payload.Calls))
	}
	return ids
}

func TestDiscovery(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	s, err := discovery.Open[busy](ctx, other, "/app", "leases")
	require.NoError(t, err)
	defer s.Close()
	require.Empty(t, s.Instances())
	_, _, err = s.Pick(discovery.Random())
	require.ErrorIs(t, err, client.ErrNoNode)
	next, stop := iter.Pull2(s.Watch(ctx))
	defer stop()
	sees := func(ids ...string) discovery.View[busy] {
		t.Helper()
		for {
			view, err, ok := next()
			require.True(t, ok)
			require.NoError(t, err)
			if got := instanceIDs(view.Instances); len(ids) == len(got) &&
				fmt.Sprint(ids) == fmt.Sprint(got) {
				return view
			}
		}
	}
	sees()
	b, err := discovery.Register(ctx, c, "/app", billing("b", 1))
	require.NoError(t, err)
	a, err := discovery.Register(ctx, c, "/app", billing("a", 2))
	require.NoError(t, err)
	view := sees("a2", "b1")
	require.Equal(t, a.Instance(), view.Instances[0])
	stat, _, err := other.Exists(ctx, a.Path())
	require.NoError(t, err)
	require.Equal(t, c.Session().ID(), stat.EphemeralOwner)

	in, done, err := s.Pick(discovery.LeastLoaded())
	require.NoError(t, err)
	require.Equal(t, "b", in.ID)
	done(nil)
	require.NoError(t, b.Update(ctx, billing("b", 3)))
	sees("a2", "b3")
	require.ErrorIs(t, b.Update(ctx, billing("c", 3)), client.ErrBadArguments)

	again := a.Reregistered()
	w.expire(c)
	closed(t, again, "it is registered again")
	sees("a2", "b3")
	// A node that is no instance hides no other one.
	_, _, err = other.Create(ctx, path+"/odd", []byte("?"))
	require.NoError(t, err)
	for len(view.Bad) == 0 {
		view, err, _ = next()
		require.NoError(t, err)
	}
	require.ErrorIs(t, view.Bad[0], recipes.ErrLayout)
	require.ErrorContains(t, view.Bad[0], path+"/odd")
	require.NoError(t, a.Close(ctx))
	sees("b3")
	require.NoError(t, s.Close())
	for err == nil {
		_, err, _ = next()
	}
	require.ErrorIs(t, err, recipes.ErrStopped)
	_, err = discovery.Open[busy](ctx, other, "/app", "a/b")
	require.ErrorIs(t, err, client.ErrBadArguments)
}

// An instance that fails twice, or is marked, is not picked unless all are like that. One that is
// disabled is never picked.
func TestInstancesThatAreDown(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	off := billing("off", 0)
	off.Disabled = true
	for _, in := range []discovery.Instance[busy]{billing("a", 1), billing("b", 2), off} {
		_, err := discovery.Register(ctx, c, "/app", in)
		require.NoError(t, err)
	}
	s, err := discovery.Open[busy](ctx, c, "/app", "leases")
	require.NoError(t, err)
	defer s.Close()
	require.Len(t, s.Instances(), 3)
	failed := errors.New("failed")
	picks := func(want string, outcome error) {
		t.Helper()
		in, done, err := s.Pick(discovery.LeastLoaded())
		require.NoError(t, err)
		require.Equal(t, want, in.ID)
		done(outcome)
		done(failed) // a second call does nothing
	}
	picks("a", failed)
	picks("a", nil)
	picks("a", failed)
	picks("a", failed) // two in a row
	picks("b", nil)
	s.MarkDown("b", time.Minute)
	picks("a", nil) // all are down; and it works
	picks("a", nil)
	s.MarkDown("a", time.Minute)
	s.MarkDown("b", 0)
	picks("b", nil)

	// Calls that are not done count where loads are equal.
	_, _, err = c.Create(ctx, "/app/plain/1", []byte(`{"name":"plain","id":"1"}`), client.Parents)
	require.NoError(t, err)
	_, _, err = c.Create(ctx, "/app/plain/2", []byte(`{"name":"plain","id":"2"}`))
	require.NoError(t, err)
	plain, err := discovery.Open[any](ctx, c, "/app", "plain")
	require.NoError(t, err)
	defer plain.Close()
	one, _, err := plain.Pick(discovery.LeastLoaded())
	require.NoError(t, err)
	two, _, err := plain.Pick(discovery.PowerOfTwo())
	require.NoError(t, err)
	require.NotEqual(t, one.ID, two.ID)
}

// A process that was started again replaces its own old node. The old one does not fight for it.
func TestRegisterReplacesTheOldSession(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	old, err := discovery.Register(ctx, c, "/app", billing("a", 1))
	require.NoError(t, err)
	w.Cut(jute.OpDelete, proxy.After)
	second := w.client()
	_, err = discovery.Register(ctx, second, "/app", billing("a", 2))
	require.NoError(t, err)
	short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	for err == nil { // until it has heard of the loss
		err = old.Update(short, billing("a", 1))
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	stat, _, err := other.Exists(ctx, old.Path())
	require.NoError(t, err)
	require.Equal(t, second.Session().ID(), stat.EphemeralOwner)
	require.NoError(t, old.Close(ctx))
	waitChildren(t, other, 1)

	for _, bad := range []discovery.Instance[busy]{
		{}, {Name: "a/b"}, {Name: "a", ID: "b/c"}, {Name: "a", Port: -1}, {Name: "a", URI: "{"},
		{Name: "a", Type: discovery.DynamicSequential},
	} {
		_, err := discovery.Register(ctx, c, "/app", bad)
		require.ErrorIs(t, err, client.ErrBadArguments, "%+v", bad)
	}
}
