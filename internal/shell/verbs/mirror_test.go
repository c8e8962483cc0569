package verbs

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"quoll/client"
	"quoll/internal/shell/contexts"
	"quoll/zktest"
)

func TestMirrorOnce(t *testing.T) {
	b, _ := two(t)
	state := filepath.Join(t.TempDir(), "state")
	alike := func() {
		t.Helper()
		out := b.must(t, "diff", "--data", "/app", "other:/copy/app")
		if out != "- /live/one\n" { // the ephemeral node
			t.Errorf("they differ: %s", out)
		}
	}
	for _, tc := range []struct {
		line string
		code int
		want string
	}{
		{"mirror --dry-run /app other:/copy/app", 0, "pass /app: 6 nodes, 6 would be written, 0 deleted\n"},
		{"stat --exit-code /copy --context other", 7, ""},
		{"mirror /app other:/copy/app", 0, "pass /app: 6 nodes, 6 written, 0 deleted\n"},
		{"mirror --once --state S /app other:/copy/app", 0, "pass /app: 6 nodes, 0 written, 0 deleted\n"},
		{"set /app/config new", 0, ""},
		{"create /app/config/more x", 0, ""},
		{"rm /app/config/b.bin", 0, ""},
		{"mirror --state S /app other:/copy/app", 0, "pass /app: 6 nodes, 2 written, 0 deleted\n"},
		{"mirror --delete --state S /app other:/copy/app", 2, "at other:/copy/app on other: --yes"},
		{"mirror --delete --dry-run /app other:/copy/app", 0, "0 would be written, 1 deleted\n"},
		{"mirror --delete --yes --max 0 --state S /app other:/copy/app", 0,
			"pass /app: 6 nodes, 0 written, 1 deleted\n"},
		{"mirror --rate 1000 --acl /app other:/copy/app", 0, "pass /app: 6 nodes, 1 written, 0 deleted\n"},
		{"acl get /copy/app/guarded --context other", 0, "ip:127.0.0.1:cdrwa\n"},
		{"mirror --state S /app other:/another", 1, "that of a mirror"},
		{"mirror /app /app/below", 2, "in the other"},
		{"mirror /none other:/x", 3, ""},
		{"mirror --once --follow /app other:/x", 2, ""},
		{"mirror /app other:/zookeeper/x", 2, "--force"},
		{"mirror --delete --yes /app other:/", 2, "--force"},
		{"mirror /app file:x", 2, "file"},
		{"mirror /app guarded:/p", 2, "on guarded: --yes"},
	} {
		code := b.do(strings.Fields(strings.ReplaceAll(tc.line, "--state S", "--state "+state))...)
		if got := b.out.String() + b.err.String(); code != tc.code || !strings.Contains(got, tc.want) {
			t.Errorf("%s: exit code %d, want %d: %q", tc.line, code, tc.code, got)
		}
	}
	alike()
	if text, err := os.ReadFile(state); err != nil || !strings.Contains(string(text), `"zxid":"0x`) {
		t.Errorf("%s, %v", text, err)
	}
}

// A mirror that follows does what SRC does, until a signal; and what it has missed while it was cut
// off from the server.
func TestMirrorFollows(t *testing.T) {
	src, dst := zktest.Start(t), zktest.Start(t)
	c, d := src.Client(), dst.Client()
	ctx := context.Background()
	make1(t, c, "/app/a/b")
	run := prepared(t, src, func(b *bench) {
		f := contexts.File{Contexts: map[string]contexts.Context{"dst": {Servers: dst.Servers()}}}
		if err := f.Save(contexts.Path(b.host.Getenv)); err != nil {
			t.Fatal(err)
		}
	}, "mirror", "--follow", "--delete", "--yes", "/app", "dst:/copy")
	expect := func(want string) {
		t.Helper()
		if got := run.line(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	expect("pass /app: 3 nodes, 2 written, 0 deleted")
	make1(t, c, "/app/a/c")
	expect("Created /app/a/c: 1 nodes, 1 written, 0 deleted")
	if _, err := c.Set(ctx, "/app/a", []byte("x"), client.AnyVersion); err != nil {
		t.Fatal(err)
	}
	expect("DataChanged /app/a: 1 nodes, 1 written, 0 deleted")
	if err := c.Delete(ctx, "/app/a/b", client.AnyVersion); err != nil {
		t.Fatal(err)
	}
	expect("Deleted /app/a/b: 1 nodes, 0 written, 1 deleted")
	if data, _, err := d.Get(ctx, "/copy/a"); err != nil || string(data) != "x" {
		t.Errorf("%q, %v", data, err)
	}
	names, _, err := d.Children(ctx, "/copy/a")
	if err != nil || len(names) != 1 || names[0] != "c" {
		t.Errorf("%v, %v", names, err)
	}

	src.DropConn(0) // each reconnect is a gap, and another pass
	expect("pass /app: 3 nodes, 0 written, 0 deleted")
	if _, err := c.DeleteAll(ctx, "/app", client.DeleteAllOptions{}); err != nil {
		t.Fatal(err)
	}
	expect("Deleted /app/a/c: 1 nodes, 0 written, 1 deleted")
	expect("Deleted /app/a: 1 nodes, 0 written, 1 deleted")
	expect("Deleted /app: 1 nodes, 0 written, 1 deleted")
	make1(t, c, "/app/again")
	expect("Created /app: 1 nodes, 1 written, 0 deleted")
	expect("Created /app/again: 1 nodes, 1 written, 0 deleted")
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, rest := run.ends(); code != 143 || rest != "" {
		t.Errorf("exit code %d, %s; %s", code, rest, run.b.err.String())
	}
}

// After SRC was restored from a backup, zxids are used again: what the state says of them is wrong.
func TestMirrorOfAnOlderHistory(t *testing.T) {
	b, _ := two(t)
	state := filepath.Join(t.TempDir(), "state")
	b.must(t, "mirror", "--state", state, "/app", "other:/app")
	b.must(t, "set", "/app/live/two", "new")
	b.must(t, "set", "/app/config", "URL=jdbc:x\nurl=none\n") // of the same size
	text, err := os.ReadFile(state)
	if err == nil {
		at := bytes.Index(text, []byte(`"0x`))
		err = os.WriteFile(state, append(text[:at:at], `"0x7fffffffffff"}`...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out := b.must(t, "mirror", "--state", state, "/app", "other:/app"); !strings.Contains(
		out, "2 written") {
		t.Error(out)
	}
}

func TestMirrorGolden(t *testing.T) {
	b, frozen := planted(t), goldens{}
	frozen.add(b, "mirror", "mirror --dry-run /app /copy")
	frozen.check(t)
}
