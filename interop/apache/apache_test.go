package apache_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quoll/interop/apache"
	"quoll/interop/process"
)

func start(t *testing.T, o apache.Options) (context.Context, *apache.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	server, err := apache.Start(ctx, o)
	if errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	return ctx, server
}

func TestServerServesAndLeavesFilesThatTheToolsRead(t *testing.T) {
	ctx, server := start(t, apache.Options{DataDir: t.TempDir()})
	out, err := apache.ZKCli(ctx, server.Addr(), "create /a hello\nget /a\nquit\n")
	if err != nil || !strings.Contains(out, "Created /a") || !strings.Contains(out, "hello") {
		t.Fatalf("zkCli: %v\n%s", err, out)
	}
	code, err := server.Stop()
	if err != nil || code != 143 {
		t.Fatalf("exit code %d, %v", code, err)
	}
	again, err := server.Restart(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Kill()
	if got, err := process.FourLetter(ctx, again.Addr(), "ruok"); got != "imok" {
		t.Fatalf("ruok: %q, %v", got, err)
	}
	if again.Kill(); again.ExitCode() != -1 {
		t.Fatalf("exit code after SIGKILL: %d", again.ExitCode())
	}
	logs, _ := filepath.Glob(filepath.Join(server.DataDir(), "version-2", "log.*"))
	snapshots, _ := filepath.Glob(filepath.Join(server.DataDir(), "version-2", "snapshot.*"))
	if len(logs) == 0 || len(snapshots) == 0 {
		t.Fatalf("logs %q, snapshots %q", logs, snapshots)
	}
	dump, err := apache.DumpTxnLog(ctx, logs[0])
	if err != nil || !strings.Contains(dump, "/a") {
		t.Errorf("log dump: %v\n%s", err, dump)
	}
	nodes, err := apache.FormatSnapshot(ctx, snapshots[len(snapshots)-1], true)
	if err != nil || !strings.Contains(nodes, "/zookeeper/quota") {
		t.Errorf("snapshot: %v\n%s", err, nodes)
	}
}

func TestStartReportsAServerThatEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := apache.Start(ctx, apache.Options{
		DataDir:     t.TempDir(),
		ExtraConfig: map[string]string{"tickTime": "abc"},
	})
	if errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	if !errors.Is(err, process.ErrNotReady) || !strings.Contains(err.Error(), "exit code 2") {
		t.Fatalf("want ErrNotReady with exit code 2, got %v", err)
	}
}
