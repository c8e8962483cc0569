package recipes_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/group"
)

// ids are the ids and the data of members.
func ids(peers []group.Peer) []string {
	list := []string{}
	for _, p := range peers {
		list = append(list, p.ID+"="+string(p.Data))
	}
	return list
}

func TestGroup(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	w := newWorld(t)
	c, other := w.client(), w.beside()
	view, err := group.Members(ctx, other, path)
	require.NoError(t, err)
	require.Empty(t, view.Members)
	next, stop := iter.Pull2(group.Watch(ctx, other, path))
	defer stop()
	sees := func(members, joined, left []string) {
		t.Helper()
		view, err, ok := next()
		require.True(t, ok)
		require.NoError(t, err)
		require.Equal(t, members, ids(view.Members))
		require.Equal(t, joined, ids(view.Joined))
		require.Equal(t, left, ids(view.Left))
	}
	none := []string{}
	sees(none, none, none)
	b, err := group.Join(ctx, c, path, "b", []byte("1"))
	require.NoError(t, err)
	sees([]string{"b=1"}, []string{"b=1"}, none)
	_, err = group.Join(ctx, c, path, "b", nil)
	require.ErrorIs(t, err, recipes.ErrBusy)
	_, err = group.Join(ctx, c, path, "b/c", nil)
	require.ErrorIs(t, err, client.ErrBadArguments)
	a, err := group.Join(ctx, other, path, "a", nil)
	require.NoError(t, err)
	sees([]string{"b=1", "a="}, []string{"a="}, none)

	require.NoError(t, b.Update(ctx, []byte("2")))
	view, err = group.Members(ctx, other, path)
	require.NoError(t, err)
	require.Equal(t, []string{"b=2", "a="}, ids(view.Members))
	stat, _, err := other.Exists(ctx, path)
	require.NoError(t, err)
	require.Equal(t, stat.Pzxid, view.Zxid)

	rejoined := b.Rejoined()
	w.expire(c)
	closed(t, rejoined, "it joins again")
	require.NoError(t, b.Update(ctx, []byte("3")))
	for { // a member that is away for a moment may be seen as such, or not
		view, err, _ := next()
		require.NoError(t, err)
		if len(view.Members) == 2 {
			require.Equal(t, "a", view.Members[0].ID, "b is the younger one now")
			break
		}
	}
	rejoined = b.Rejoined()
	require.NoError(t, other.Delete(ctx, b.Path(), client.AnyVersion))
	closed(t, rejoined, "it joins again")
	view, err = group.Members(ctx, c, path)
	require.NoError(t, err)
	require.Equal(t, []string{"a=", "b=3"}, ids(view.Members))

	require.NoError(t, b.Leave(ctx))
	require.NoError(t, b.Leave(ctx))
	require.ErrorIs(t, b.Update(ctx, nil), recipes.ErrStopped)
	require.NoError(t, a.Leave(ctx))
	waitChildren(t, other, 0)
	cancel()
	for {
		if _, err, ok := next(); err != nil {
			require.True(t, ok)
			require.ErrorIs(t, err, context.Canceled)
			break
		}
	}
}

// An id of a session that is not over yet is waited for. Whoever does not wait so long leaves
// nothing.
func TestGroupWaitsForTheOldSession(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	_, err := group.Join(ctx, c, path, "a", []byte("old"))
	require.NoError(t, err)
	short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	_, err = group.Join(short, other, path, "a", nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	joined := make(chan error, 1)
	var m *group.Member
	go func() {
		var err error
		m, err = group.Join(ctx, other, path, "a", []byte("new"))
		joined <- err
	}()
	require.NoError(t, c.Close())
	require.NoError(t, <-joined)
	view, err := group.Members(ctx, other, path)
	require.NoError(t, err)
	require.Equal(t, []string{"a=new"}, ids(view.Members))
	require.NoError(t, other.Close())
	closed(t, m.Done(), "no session, no member")
	require.ErrorIs(t, m.Update(ctx, nil), client.ErrClosed)
	require.NoError(t, m.Leave(ctx))
}

// A leave without a connection goes on in the background.
func TestGroupLeaveWithoutAConnection(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	m, err := group.Join(ctx, c, path, "a", nil)
	require.NoError(t, err)
	w.Target("")
	w.Drop(0)
	short, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, m.Leave(short), context.Canceled)
	waitChildren(t, other, 1)
	w.Target(w.server)
	waitChildren(t, other, 0)
	require.NoError(t, m.Leave(ctx))
}

// A node of another member with the same id is nobody's to change or to delete but its own.
func TestGroupIDTakenByAnother(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	m, err := group.Join(ctx, c, path, "a", []byte("mine"))
	require.NoError(t, err)
	_, err = other.Multi(ctx, client.OpDelete(m.Path(), client.AnyVersion),
		client.OpCreate(m.Path(), []byte("theirs"), client.Ephemeral))
	require.NoError(t, err)
	short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	// Perhaps it has not heard of the loss yet: then the second one waits.
	for err == nil {
		err = m.Update(short, []byte("changed"))
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, m.Leave(ctx))
	data, stat, err := other.Get(ctx, m.Path())
	require.NoError(t, err)
	require.Equal(t, other.Session().ID(), stat.EphemeralOwner)
	require.Equal(t, "theirs", string(data))
}
