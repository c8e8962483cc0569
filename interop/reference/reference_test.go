package reference_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client/wire"
	"quoll/internal/reference"
	"quoll/interop/apache"
	"quoll/interop/process"
	"quoll/interop/tree"
	"quoll/jute"
)

// options is what both servers run with.
func options(dir string) process.Options {
	return process.Options{
		DataDir: dir,
		ExtraConfig: map[string]string{
			"maxSessionTimeout": "60000",
		},
		SystemProps: map[string]string{
			"zookeeper.extendedTypesEnabled":  "true",
			"zookeeper.preAllocSize":          "64",
			"znode.container.checkIntervalMs": "3600000",
		},
	}
}

// binary is this repository's server, built once a run.
func binary(t *testing.T) string {
	t.Helper()
	if given := os.Getenv("QUOLL"); given != "" {
		return given
	}
	t.Skip("QUOLL does not name the server's binary")
	return ""
}

func startApache(ctx context.Context, t *testing.T, dir string) *process.Server {
	t.Helper()
	return startApacheWith(ctx, t, options(dir))
}

func startApacheWith(ctx context.Context, t *testing.T, o process.Options) *process.Server {
	t.Helper()
	s, err := apache.Start(ctx, o)
	if errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(s.Kill)
	return s
}

func startQuoll(ctx context.Context, t *testing.T, dir string) *process.Server {
	t.Helper()
	s, err := process.StartQuoll(ctx, binary(t), options(dir))
	require.NoError(t, err)
	t.Cleanup(s.Kill)
	return s
}

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestTablesHoldForBothServers(t *testing.T) {
	ctx := deadline(t, 3*time.Minute)
	for name, start := range map[string]func(context.Context, *testing.T, string) *process.Server{
		"apache": startApache, "quoll": startQuoll,
	} {
		t.Run(name, func(t *testing.T) {
			addr := start(ctx, t, t.TempDir()).Addr()
			for _, table := range reference.Tables() {
				wrong, err := table.Run(ctx, addr)
				require.NoError(t, err, table.Name)
				require.Empty(t, wrong, table.Name)
			}
		})
	}
}

// What the table calls the end of Apache's server is one.
func TestHostileWritesEndApache(t *testing.T) {
	ctx := deadline(t, 8*time.Minute)
	for _, row := range reference.Hostiles() {
		if row.Apache == reference.Lives {
			continue
		}
		t.Run(row.Name, func(t *testing.T) {
			o := options(t.TempDir())
			if row.Apache == reference.EndsLoading {
				// With 1 MB, the default, it depends on what the compiler has come to by then
				// whether a recursion goes as deep as this.
				o.JVM = append(apache.JVMFlags(), "-Xss256k")
			}
			s := startApacheWith(ctx, t, o)
			c, err := wire.Dial(ctx, s.Addr(), wire.Options{})
			require.NoError(t, err)
			defer c.Abort()
			require.NoError(t, reference.Send(ctx, c, row.Before...))
			require.True(t, meters(ctx, t, s))
			err = reference.Send(ctx, c, append([]reference.Write{row.Write}, row.Then...)...)
			switch row.Apache {
			case reference.EndsLive:
				require.Error(t, err)
				var code jute.ErrorCode
				require.False(t, errors.As(err, &code), "answered: %v", err)
				requireEnd(t, s)
			case reference.EndsLoading:
				require.NoError(t, err)
				requireNoStart(ctx, t, s)
			case reference.CannotMeter:
				require.NoError(t, err)
				require.False(t, meters(ctx, t, s), "mntr prints its metrics")
			case reference.ReadsAnother:
				require.NoError(t, err)
			}
		})
	}
}

// meters says whether mntr goes on behind the server's values, to the metrics.
func meters(ctx context.Context, t *testing.T, s *process.Server) bool {
	t.Helper()
	text, err := process.FourLetter(ctx, s.Addr(), "mntr")
	require.NoError(t, err)
	return strings.Contains(text, "zk_digest_mismatches_count")
}

func requireEnd(t *testing.T, s *process.Server) {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("Apache's server lives")
	}
}

// requireNoStart restarts Apache's server twice: from its log, with a snapshot at the end, and from
// that snapshot.
func requireNoStart(ctx context.Context, t *testing.T, s *process.Server) {
	t.Helper()
	_, err := s.Stop()
	require.NoError(t, err)
	again, err := s.Restart(ctx)
	if err == nil {
		_, err = again.Stop()
		require.NoError(t, err)
		_, err = again.Restart(ctx)
	}
	require.ErrorIs(t, err, process.ErrNotReady)
}

// Apache's server takes over a directory in which this server was asked for every hostile write.
func TestApacheTakesOverAHostileDirectory(t *testing.T) {
	ctx := deadline(t, 3*time.Minute)
	dir := t.TempDir()
	ours := startQuoll(ctx, t, dir)
	for _, table := range reference.Tables() {
		_, err := table.Run(ctx, ours.Addr())
		require.NoError(t, err, table.Name)
	}
	wrong, err := reference.RefuseHostiles(ctx, ours.Addr())
	require.NoError(t, err)
	require.Empty(t, wrong)
	want := read(ctx, t, ours)
	_, err = ours.Stop()
	require.NoError(t, err)
	for range 2 {
		s := startApache(ctx, t, dir)
		require.NoError(t, want.Compare(read(ctx, t, s)))
		_, err = s.Stop()
		require.NoError(t, err)
	}
	snapshots, err := filepath.Glob(filepath.Join(dir, "version-2", "snapshot.*"))
	require.NoError(t, err)
	require.NotEmpty(t, snapshots)
	back := startQuoll(ctx, t, dir)
	require.NoError(t, want.Compare(read(ctx, t, back)))
}

// read is a server's tree without the texts that a server counts anew, in an order of its own, when
// it loads a snapshot.
func read(ctx context.Context, t *testing.T, s *process.Server) tree.Tree {
	t.Helper()
	all, err := tree.Read(ctx, s.Addr(), reference.Admin)
	require.NoError(t, err)
	for path, n := range all {
		if strings.HasSuffix(path, "/zookeeper_stats") {
			n.Data, n.Stat.DataLength = nil, 0
		}
	}
	return all
}
