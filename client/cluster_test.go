package client_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/zktest"
)

// The server that the client is connected to is killed, again and again. The session goes over to
// another server each time; protected creates happen once, and no change of the watched node is
// left untold.
func TestServersAreKilled(t *testing.T) {
	ctx := testContext(t)
	cl := zktest.StartCluster(t, 3)
	c := cl.Client(client.WithSessionTimeout(20*time.Second),
		client.WithBackoff(time.Millisecond, 20*time.Millisecond))
	session := c.Session()
	_, _, err := c.Create(ctx, "/mine", nil, client.Ephemeral)
	require.NoError(t, err)
	for round := range 4 {
		names, _, watch, err := c.ChildrenW(ctx, "/")
		require.NoError(t, err)
		now, _ := c.Status()
		killed := -1
		for i := range 3 {
			if cl.Server(i).Servers() == now.Server {
				killed = i
			}
		}
		cl.Kill(killed)
		_, _, err = c.Create(ctx, fmt.Sprintf("/n%d", round), nil, client.Protected)
		require.NoError(t, err)
		require.Equal(t, client.ChildrenChanged, next(t, watch).Kind)
		over(t, watch)
		after, _, err := c.Children(ctx, "/")
		require.NoError(t, err)
		require.Len(t, after, len(names)+1)
		cl.Server(killed).Restart()
	}
	require.Equal(t, session.ID(), c.Session().ID())
	_, exists, err := c.Exists(ctx, "/mine")
	require.NoError(t, err)
	require.True(t, exists)
}

func TestConfigOfAnEnsemble(t *testing.T) {
	ctx := testContext(t)
	cl := zktest.StartCluster(t, 3)
	config, err := cl.Client().Chroot("/elsewhere").Config(ctx)
	require.NoError(t, err)
	require.Len(t, config.Members, 3)
	for i, m := range config.Members {
		require.Equal(t, int64(i+1), m.ID)
		require.NotEmpty(t, m.Spec)
	}
}
