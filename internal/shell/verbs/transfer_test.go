package verbs

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"quoll/client"
	"quoll/internal/shell/contexts"
	"quoll/zktest"
)

// two has a second server, which the context other stands for.
func two(t *testing.T) (b *bench, other *zktest.Server) {
	b, other = planted(t), zktest.Start(t)
	f := contexts.File{Contexts: map[string]contexts.Context{
		"other": {Servers: other.Servers()}, "guarded": {Servers: other.Servers(), Protected: true},
	}}
	if err := f.Save(contexts.Path(b.host.Getenv)); err != nil {
		t.Fatal(err)
	}
	return b, other
}

func TestCp(t *testing.T) {
	b, other := two(t)
	file := filepath.Join(t.TempDir(), "data")
	for _, tc := range []struct {
		line string
		code int
		want string // text in the output
	}{
		{"cp /app/config /copy", 0, ""},
		{"get /copy", 0, "url=jdbc:x\nURL=none\n"},
		{"cp /app/config /copy", 4, "exists"},
		{"cp /app/live/two /copy --overwrite", 0, ""},
		{"get /copy", 0, ""},
		{"cp -R /app /app/below", 2, "or below it"},
		{"cp /none /copy2", 3, "none"},
		{"cp -R /app other:/app", 0, "copied /app to other:/app: 6 nodes\n"},
		{"ls -R /app --context other", 0,
			"/app\n/app/config\n/app/config/b.bin\n/app/guarded\n/app/live\n/app/live/two\n"},
		{"cp -R --dry-run /app other:/app2", 0, "would copy /app to other:/app2: 6 nodes\n"},
		{"cp --dry-run /app other:/app", 4, "exists"},
		{"stat /app2 --context other", 3, ""},
		{"cp /app/config/b.bin file:" + file, 0, ""},
		{"cp /app/config/b.bin file:" + file, 4, "--overwrite"},
		{"cp file:" + file + " other:/b.bin", 0, ""},
		{"get /b.bin --context other", 0, "url\x00\xff"},
		{"cp -R /app file:x", 2, "export"},
		{"cp file:x file:y", 2, "both files"},
		{"cp /app/config guarded:/p", 2, "--yes"},
		{"cp --yes /app/config guarded:/p", 0, ""},
		{"cp --acl /app/guarded /guarded2", 0, ""},
		{"acl get /guarded2", 0, "ip:127.0.0.1:cdrwa\n"},
		{"cp /app/config nowhere:/x", 2, "no context"},
	} {
		code := b.do(strings.Fields(tc.line)...)
		if got := b.out.String() + b.err.String(); code != tc.code || !strings.Contains(got, tc.want) {
			t.Errorf("%s: exit code %d, want %d: %q", tc.line, code, tc.code, got)
		}
	}
	if data, _, err := other.Client().Get(context.Background(), "/app/config"); err != nil ||
		string(data) != "url=jdbc:x\nURL=none\n" {
		t.Errorf("copied to the other server: %q, %v", data, err)
	}
}

func TestMv(t *testing.T) {
	b, _ := two(t)
	b.must(t, "create", "-s", "/app/config/s-")
	for _, tc := range []struct {
		line string
		code int
		want string
	}{
		{"mv /app/config /moved", 4, "has children"},
		{"mv -R /app/config /moved", 2, "--yes"},
		{"mv -R --yes --max 2 /app/config /moved", 2, "--force"},
		{"mv -R --yes /app /moved", 1, "belongs to session"},
		{"mv -R --yes /app/config /app/config/below", 2, "cannot be moved"},
		{"mv -R --yes / other:/x", 2, "cannot be moved"},
		{"mv -R --yes /app/config /zookeeper/x", 2, "--force"},
		{"mv -R --dry-run /app/config /moved", 0, "would move /app/config to /moved: 3 nodes\n"},
		{"stat --exit-code /moved", 7, ""},
		{"mv -R --yes /app/config /moved", 0, "moved /app/config to /moved: 3 nodes\n"},
		{"stat --exit-code /app/config", 7, ""},
		{"get /moved", 0, "url=jdbc:x\nURL=none\n"},
		{"create -s /moved/s-", 0, "/moved/s-0000000002\n"},
		{"mv -R --yes /moved /app/live/two", 4, "exists"},
		{"mv -R --yes --overwrite /moved /app/live/two", 0, ""},
		{"ls -R /app/live/two", 0, "/app/live/two/s-0000000002\n"},
		{"create -s /app/live/two/s-", 0, "/app/live/two/s-0000000003\n"},
		{"mv --yes /app/guarded other:/guarded", 0, ""},
		{"stat --exit-code /app/guarded", 7, ""},
		{"acl get /guarded --context other", 0, "ip:127.0.0.1:cdrwa\n"},
		{"mv --yes /none /x", 3, "none"},
	} {
		code := b.do(strings.Fields(tc.line)...)
		if got := b.out.String() + b.err.String(); code != tc.code || !strings.Contains(got, tc.want) {
			t.Errorf("%s: exit code %d, want %d: %q", tc.line, code, tc.code, got)
		}
	}
}

func TestDiff(t *testing.T) {
	b, _ := two(t)
	b.must(t, "cp", "-R", "/app", "other:/app")
	if out := b.must(t, "diff", "--exit-code", "/app/config", "other:/app/config"); out != "" {
		t.Errorf("of two copies: %s", out)
	}
	b.must(t, "set", "/app/config", "url=jdbc:y\nURL=none\n")
	b.must(t, "create", "/app/config.d", "x")
	b.must(t, "rm", "/app/config/b.bin")
	b.must(t, "acl", "set", "/app/live/two", "world:anyone:r")
	want := "~ /config data\n--- a/config\n+++ b/config\n@@ -1,2 +1,2 @@\n-url=jdbc:y\n" +
		"+url=jdbc:x\n URL=none\n+ /config/b.bin\n- /config.d\n- /live/one\n" +
		"~ /live/two acl world:anyone:r -> world:anyone:cdrwa\n"
	code := b.do("diff", "--data", "--acl", "--exit-code", "/app", "other:/app")
	got := strings.ReplaceAll(b.out.String(), "~ /guarded acl ip:127.0.0.1:cdrwa -> world:anyone:cdrwa\n", "")
	if code != 7 || got != want {
		t.Errorf("exit code %d: got\n%s\nwant\n%s", code, got, want)
	}
	if code := b.do("diff", "/app", "other:/app"); code != 0 {
		t.Errorf("without --exit-code: %d", code)
	}
	if code := b.do("diff", "/app", "other:/none"); code != 3 {
		t.Errorf("a root that is not there: %d", code)
	}
}

func TestTransferGolden(t *testing.T) {
	b, frozen := planted(t), goldens{}
	b.must(t, "create", "/b", "1")
	b.must(t, "create", "/b/config", "URL=none\n")
	b.must(t, "create", "/b/new", "1")
	for _, example := range []struct{ name, line string }{
		{"cp", "cp --overwrite /app/config /copy"}, {"cp", "cp -R --dry-run /app /copy2"},
		{"mv", "mv -R --dry-run /app/config /moved"}, {"diff", "diff --data --acl /app /b"},
	} {
		frozen.add(b, example.name, example.line)
	}
	frozen.check(t)
}

// mv of more than fits in a transaction copies first. What is written there meanwhile stays.
func TestMvOfManyNodes(t *testing.T) {
	s := zktest.Start(t)
	c := s.Client()
	b := newBench(t)
	b.host.Settings.Servers = s.Servers()
	ctx := context.Background()
	plant := func(root string) {
		ops := []client.Op{client.OpCreate(root, nil)}
		for i := range 700 {
			ops = append(ops, client.OpCreate(fmt.Sprintf("%s/n%03d", root, i), nil))
		}
		if _, err := c.Multi(ctx, ops...); err != nil {
			t.Fatal(err)
		}
	}
	plant("/many")
	if out := b.must(t, "mv", "-R", "--yes", "/many", "/moved"); !strings.Contains(out, "701 nodes") {
		t.Error(out)
	}
	if out := b.must(t, "count", "/moved"); out != "700\n" {
		t.Error(out)
	}
	if code := b.do("stat", "--exit-code", "/many"); code != 7 {
		t.Errorf("still there: %d", code)
	}

	plant("/busy")
	_, there, w, err := c.ExistsW(ctx, "/copy") // made before 700 others, and those deleted behind
	if err != nil || there {
		t.Fatal(there, err)
	}
	wrote := make(chan error)
	go func() {
		if _, err := w.Next(ctx); err != nil {
			wrote <- err
			return
		}
		_, err := c.Set(ctx, "/busy", []byte("news"), client.AnyVersion)
		wrote <- err
	}()
	code := b.do("mv", "-R", "--yes", "/busy", "/copy")
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if code != 4 || !strings.Contains(b.err.String(), "not all deleted") {
		t.Errorf("exit code %d: %s", code, b.err.String())
	}
	if out := b.must(t, "get", "/busy"); out != "news" {
		t.Errorf("what was written meanwhile: %q", out)
	}
}
