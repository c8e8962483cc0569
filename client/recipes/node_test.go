package recipes_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/node"
)

// modes are those of a kept node.
func modes() map[string]node.Mode {
	return map[string]node.Mode{
		"ephemeral": node.Ephemeral(), "permanent": node.Permanent(),
		"TTL": node.WithTTL(time.Minute),
	}
}

// hasData says that path has data, as another client sees it.
func hasData(t *testing.T, c *client.Client, want string) client.Stat {
	t.Helper()
	data, stat, err := c.Get(testContext(t), path)
	require.NoError(t, err)
	require.Equal(t, want, string(data))
	return stat
}

func TestPersistentNode(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			w := newWorld(t)
			c, other := w.client(), w.beside()
			n, err := node.Persistent(ctx, c, path, []byte("1"), mode)
			require.NoError(t, err)
			stat := hasData(t, other, "1")
			require.Equal(t, mode == node.Ephemeral(), stat.EphemeralOwner == c.Session().ID())
			require.NoError(t, n.Update(ctx, []byte("2")))
			hasData(t, other, "2")

			remade := n.Remade()
			require.NoError(t, other.Delete(ctx, path, client.AnyVersion))
			closed(t, remade, "it is made again")
			hasData(t, other, "2")
			remade = n.Remade()
			w.expire(c)
			if mode == node.Ephemeral() {
				closed(t, remade, "it is made again")
			}
			require.NoError(t, n.Update(ctx, []byte("3")))
			require.Equal(t, mode == node.Ephemeral(),
				hasData(t, other, "3").EphemeralOwner == c.Session().ID())

			require.NoError(t, n.Close(ctx))
			require.NoError(t, n.Close(ctx))
			require.ErrorIs(t, n.Update(ctx, nil), recipes.ErrStopped)
			_, exists, err := other.Exists(ctx, path)
			require.NoError(t, err)
			require.Equal(t, name == "TTL", exists, "a TTL takes care of itself")
		})
	}
}

// A TTL is kept from running out by writes to a child. Whoever watches the node hears nothing.
func TestTTLIsTouched(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	begun := time.Now()
	n, err := node.Persistent(ctx, c, path, nil, node.WithTTL(300*time.Millisecond))
	require.NoError(t, err)
	_, _, quiet, err := other.GetW(ctx, path)
	require.NoError(t, err)
	touch := path + "/touch"
	losses := 0 // behind each the outcome of a write may be unknown: it is written once more
	for _, lose := range []func(){nil, nil, func() { w.Drop(0) }, func() { w.expire(c) }} {
		if lose != nil {
			lose()
			losses++
		}
		stat, made, changed, err := other.ExistsW(ctx, touch)
		require.NoError(t, err)
		_, err = changed.Next(ctx)
		require.NoError(t, err)
		later, _, err := other.Exists(ctx, touch)
		require.NoError(t, err)
		require.True(t, !made || later.Version > stat.Version)
		require.LessOrEqual(t, int(later.Version), int(time.Since(begun)/(100*time.Millisecond))+losses,
			"it is written each third of the TTL, not more often")
	}
	require.True(t, isOpen(quiet.Fired()))
	require.NoError(t, n.Close(ctx))
	stat, _, err := other.Exists(ctx, path)
	require.NoError(t, err)
	require.EqualValues(t, 1, stat.NumChildren, "the child is left to its TTL too")
}

// An ephemeral node of another session is waited for, and what has children is not deleted.
func TestPersistentNodeThatIsThere(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	_, err := node.Persistent(ctx, other, path, []byte("other"), node.Ephemeral())
	require.NoError(t, err)
	_, err = node.Persistent(ctx, other, path, nil, node.Ephemeral())
	require.ErrorIs(t, err, recipes.ErrBusy)
	short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	_, err = node.Persistent(short, c, path, nil, node.Ephemeral())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, other.Close())
	n, err := node.Persistent(ctx, c, path, []byte("mine"), node.Ephemeral())
	require.NoError(t, err)
	require.NoError(t, n.Close(ctx))

	_, _, err = c.Create(ctx, path+"/below", nil, client.Parents)
	require.NoError(t, err)
	n, err = node.Persistent(ctx, c, path, []byte("mine"), node.Permanent())
	require.NoError(t, err)
	hasData(t, c, "mine")
	require.ErrorIs(t, n.Close(ctx), client.ErrNotEmpty)
}
