package verbs

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"quoll/client"
	"quoll/zktest"
)

// planted has a small tree with all that find asks for.
func planted(t *testing.T) *bench {
	b := served(t)
	ctx := context.Background()
	c, err := client.Dial(ctx, b.host.Settings.Servers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, n := range []struct {
		path, data string
		opts       []client.CreateOption
	}{
		{"/app", "", nil},
		{"/app/config", "url=jdbc:x\nURL=none\n", nil},
		{"/app/config/b.bin", "url\x00\xff", nil},
		{"/app/live", "", nil},
		{"/app/live/one", "host:1", []client.CreateOption{client.Ephemeral}},
		{"/app/live/two", "", nil},
		{"/app/guarded", "", []client.CreateOption{client.WithACL(
			client.ACL{Perms: 31, ID: client.ID{Scheme: "ip", ID: "127.0.0.1"}})}},
	} {
		if _, _, err := c.Create(ctx, n.path, []byte(n.data), n.opts...); err != nil {
			t.Fatal(n.path, err)
		}
	}
	return b
}

func TestSearch(t *testing.T) {
	b := planted(t)
	owner := b.must(t, "stat", "/app/live/one", "-o", "jsonl")
	_, owner, _ = strings.Cut(owner, `"ephemeralOwner":"`)
	owner, _, _ = strings.Cut(owner, `"`)
	for _, tc := range []struct{ line, want string }{
		{"tree /app", "/app\n├── config\n│   ├── b.bin\n├── guarded\n├── live\n" +
			"│   ├── one (ephemeral " + owner + ")\n│   ├── two\n"},
		{"tree --depth 1 --size /app", "/app 0 B\n├── config 20 B\n├── guarded 0 B\n├── live 0 B\n"},
		{"tree --ephemeral-only /app", "/app\n├── live\n│   ├── one (ephemeral " + owner + ")\n"},
		{"tree --data /app/config", "/app/config = url=jdbc:x\\x0aURL=none\\x0a\n" +
			"├── b.bin = url\\x00\\xff\n"},
		{"tree --limit 2 /app", "/app\n├── config\n"},
		{"find --name *.bin /app", "/app/config/b.bin\n"},
		{"find --path ^/app/l.*o$ /", "/app/live/two\n"},
		{"find --owner " + owner + " /app", "/app/live/one\n"},
		{"find --older 1h /app", ""},
		{"find --min-size 6 /app", "/app/config\n/app/live/one\n"},
		{"find --acl ^ip: /app", "/app/guarded\n"},
		{"find --super-nodes 2 /app", "/app\n/app/live\n"},
		{"find -0 --super-nodes 2 /app", "/app\x00/app/live\x00"},
		{"grep url /app", "/app/config:1:url=jdbc:x\n/app/config/b.bin: it matches, and is not text\n"},
		{"grep -i ^url /app/config", "/app/config:1:url=jdbc:x\n/app/config:2:URL=none\n" +
			"/app/config/b.bin: it matches, and is not text\n"},
		{"grep -l url /app", "/app/config\n/app/config/b.bin\n"},
		{"grep -v url /app/config", "/app/config:2:URL=none\n"},
		{"grep --max-bytes 10 jdbc /app", ""},
	} {
		if got := b.must(t, strings.Fields(tc.line)...); got != tc.want {
			t.Errorf("%s: got %q\nwant %q", tc.line, got, tc.want)
		}
	}
	for line, code := range map[string]int{
		"tree /none": 3, "find /none": 3, "grep x /none": 3, "find --name [ /": 2,
		"find --acl ( /": 2, "find --owner me /": 2, "find --super-nodes -1 /": 2,
		"find --min-size -1 /": 2, "find --older -1s /": 2, "grep ( /": 2, "tree --depth -1 /": 2,
	} {
		if got := b.do(strings.Fields(line)...); got != code {
			t.Errorf("%s: exit code %d, want %d", line, got, code)
		}
	}
}

func TestSearchGolden(t *testing.T) {
	b, frozen := planted(t), goldens{}
	for _, example := range []struct{ name, line string }{
		{"tree", "tree --data --depth 1 /app"}, {"tree", "tree --depth 1 /app/live"},
		{"find", "find --name config /app"}, {"grep", "grep -i url /app"},
	} {
		frozen.add(b, example.name, example.line)
	}
	frozen.check(t)
}

// heapWriter looks at the heap while lines pass.
type heapWriter struct {
	lines int
	peak  uint64
}

func (w *heapWriter) Write(p []byte) (int, error) {
	before := w.lines / 10_000
	for _, c := range p {
		if c == '\n' {
			w.lines++
		}
	}
	if w.lines/10_000 > before {
		w.peak = max(w.peak, heap())
	}
	return len(p), nil
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// tree of 100,000 nodes streams: what is alive on the heap meanwhile is some listings of 1,000
// names, and no tree. All nodes with their Stats would be 20 MB and more.
func TestTreeOfManyNodes(t *testing.T) {
	s := zktest.Start(t)
	c := s.Client()
	ctx := context.Background()
	var sent []*client.Future[[]client.Result]
	for d := range 100 {
		dir := fmt.Sprintf("/d%02d", d)
		ops := []client.Op{client.OpCreate(dir, nil)}
		for i := range 999 {
			ops = append(ops, client.OpCreate(fmt.Sprintf("%s/n%03d", dir, i), nil))
		}
		sent = append(sent, c.Async().Multi(ctx, ops...))
	}
	for _, f := range sent {
		if _, err := f.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
	b, w := newBench(t), &heapWriter{}
	b.host.Settings.Servers = s.Servers()
	b.host.Stdout = w
	before := heap()
	if b.must(t, "tree", "-o", "json", "--timeout", "0", "/"); w.lines < 100_000 {
		t.Errorf("%d lines", w.lines)
	}
	const limit = 12 << 20
	if grown := int64(w.peak) - int64(before); grown > limit {
		t.Errorf("%d bytes on the heap more than before, at most %d", grown, limit)
	} else {
		t.Logf("%d bytes on the heap more than before", grown)
	}
}
