package server_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"quoll/client/wire"
	"quoll/jute"
	"quoll/persistence"
)

// fill starts a server, creates nodes /n0, /n1 and so on, and stops the server.
func fill(t *testing.T, nodes int, defines ...string) {
	t.Helper()
	r := start(t, "", persistence.OS{}, defines...)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c := dial(t, r.addr)
	for i := range nodes {
		_, _, err := c.Create(ctx, fmt.Sprintf("/n%d", i), nil, wire.World(), jute.ModePersistent)
		require.NoError(t, err)
	}
	require.NoError(t, c.Close(ctx))
	r.finish(t)
}

// served starts a server, counts the children of the root without /zookeeper, and stops the server.
func served(t *testing.T, defines ...string) int {
	t.Helper()
	r := start(t, "", persistence.OS{}, defines...)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c := dial(t, r.addr)
	children, _, err := c.Children(ctx, "/", false)
	require.NoError(t, err)
	require.NoError(t, c.Close(ctx))
	r.finish(t)
	return len(children) - 1
}

// A start is refused while the disk of the log directory is not mounted. When it is mounted,
// everything is there.
func TestALogDirectoryThatIsNotMounted(t *testing.T) {
	dir := t.TempDir()
	data, logs, disk := filepath.Join(dir, "data"), filepath.Join(dir, "logs"), filepath.Join(dir, "disk")
	for _, d := range []string{data, logs, disk} {
		require.NoError(t, os.Mkdir(d, 0o755))
	}
	mount := func() {
		err := unix.Mount(disk, logs, "", unix.MS_BIND, "")
		if err == unix.EPERM || err == unix.EACCES {
			t.Skip("it may not mount")
		}
		require.NoError(t, err)
	}
	unmount := func() { require.NoError(t, unix.Unmount(logs, 0)) }
	both := []string{"dataDir=" + data, "dataLogDir=" + logs}
	mount()
	t.Cleanup(func() { _ = unix.Unmount(logs, unix.MNT_DETACH) })
	fill(t, 5, both...)

	unmount()
	before := files(t, dir)
	err := attempt(t, t.Context(), persistence.OS{}, both...)
	require.ErrorIs(t, err, persistence.ErrDamaged)
	require.ErrorContains(t, err, "mount it, or start with quoll.trustMissingLog=true")
	require.True(t, maps.Equal(before, files(t, dir)))
	mount()
	require.Equal(t, 5, served(t, both...))
	unmount()
	require.Zero(t, served(t, append(both, "quoll.trustMissingLog=true")...))
}

// The usual backup, the usual script that removes old files, and a server that begins anew: each
// starts, as with Apache's server.
func TestWhatOperatorsDoToDirectories(t *testing.T) {
	version := func(dir, pattern string) []string {
		found, err := filepath.Glob(filepath.Join(dir, "version-2", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, found)
		return found
	}
	dir := t.TempDir()
	set := []string{"dataDir=" + dir, "snapCount=10"}
	fill(t, 30, set...) // there is a snapshot now, perhaps with transactions above it
	t.Run("snapshots alone", func(t *testing.T) {
		backup := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(backup, "version-2"), 0o755))
		for _, name := range version(dir, "snapshot.*") {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			to := filepath.Join(backup, "version-2", filepath.Base(name))
			require.NoError(t, os.WriteFile(to, text, 0o600))
		}
		require.GreaterOrEqual(t, served(t, "dataDir="+backup), 1)
	})
	t.Run("logs that a snapshot covers", func(t *testing.T) {
		zxid := func(name string) int64 {
			z, err := strconv.ParseInt(filepath.Ext(name)[1:], 16, 64)
			require.NoError(t, err)
			return z
		}
		covered := int64(0)
		for _, name := range version(dir, "snapshot.*") {
			covered = max(covered, zxid(name))
		}
		logs := version(dir, "log.*")
		slices.SortFunc(logs, func(a, b string) int { return cmp.Compare(zxid(a), zxid(b)) })
		removed := 0
		for i := range logs[1:] {
			if zxid(logs[i+1]) <= covered+1 {
				require.NoError(t, os.Remove(logs[i]))
				removed++
			}
		}
		require.NotZero(t, removed)
		require.Equal(t, 30, served(t, set...))
	})
	t.Run("version-2", func(t *testing.T) {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "version-2")))
		require.ErrorContains(t, attempt(t, t.Context(), persistence.OS{},
			append(set, "zookeeper.db.autocreate=false")...), "initialize")
		require.Zero(t, served(t, set...))
	})
}
