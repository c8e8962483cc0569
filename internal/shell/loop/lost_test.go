package loop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quoll/client"
	"quoll/internal/shell/settings"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/verbs"
	"quoll/zktest"
)

// textShell is a shell for a person, without a terminal.
func textShell(t *testing.T, servers string) (*Shell, *screen) {
	t.Helper()
	set := settings.Default()
	set.Servers = servers
	out := &screen{}
	s := New(Options{
		Table: verbs.Table(), Settings: set,
		Host: &verb.Host{
			Stdin: strings.NewReader(""), Stdout: out, Stderr: out,
			Getenv: func(string) string { return "" },
		},
	})
	s.editor = out
	t.Cleanup(s.session.Close)
	return s, out
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// Tab gives what is there: verbs, subcommands, flags and their values, paths, also with quotes.
func TestComplete(t *testing.T) {
	s, _ := textShell(t, zktest.Start(t).Servers())
	s.host.Getenv = func(name string) string {
		return map[string]string{"XDG_CONFIG_HOME": "testdata"}[name]
	}
	t.Chdir(withFiles(t))
	for _, line := range []string{"create /a", "create /a/one", "create '/a/two words'", "cd /a"} {
		s.typedLine(t.Context(), line)
	}
	for before, want := range map[string]string{
		"qu":               "quit quota",
		"acl ":             "get set",
		"rmr --keep":       "--keep-root",
		"get /a/":          "'/a/two words' /a/one",
		"get o":            "one",
		"get -s /a/on":     "/a/one",
		"get '/a/two":      "'/a/two words'",
		"get /none/":       "",
		"cd /zookeeper/c":  "/zookeeper/config",
		"printwatches o":   "off on",
		"help red":         "redo",
		"set /a/one ":      "",
		"auth d":           "digest",
		"acl set /a world": "world:anyone:",
		"nonsense ":        "",

		"get -o js":          "json jsonl",
		"get -so":            "",
		"get -so js":         "json jsonl",
		"get -oy":            "-oyaml",
		"get --output=y":     "--output=yaml",
		"get --output y":     "yaml",
		"get --stat o":       "one", // it has no value
		"get -- -o":          "",
		"get --format ":      "auto gzip hex json text",
		"list --sort s":      "size",
		"addWatch -m pers":   "persistent",
		"import --mode ":     "create overwrite skip",
		"quota set -n ":      "",
		"acl get --color ":   "always auto never",
		"import --to /a/o":   "/a/one",
		"export --out ":      "'a file' dir/ testdata/",
		"export --out dir/":  "dir/in",
		"export --out dir/.": "dir/.hidden",
		"export --out=no/":   "",
		"import d":           "dir/",
		"set /a/one @dir/i":  "@dir/in",
		"set /a/one d":       "",
		"context use ":       "prod staging",
		"cp st":              "staging:/",
		"diff f":             "file:",
		"reconfig --file a":  "'a file'",
	} {
		_, got := s.complete(before)
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", before, got, want)
		}
	}
}

// Of many children Tab gives as many as anybody looks at.
func TestCompleteOfManyNodes(t *testing.T) {
	zk := zktest.Start(t)
	s, _ := textShell(t, zk.Servers())
	ops := []client.Op{client.OpCreate("/many", nil)}
	for range 1_001 {
		ops = append(ops, client.OpCreate("/many/n-", nil, client.Sequential))
	}
	if _, err := zk.Client().Multi(t.Context(), ops...); err != nil {
		t.Fatal(err)
	}
	s.typedLine(t.Context(), "ls /") // it is connected now
	eventually(t, "Tab does not give 1,000 nodes", func() bool {
		_, got := s.complete("get /many/")
		if len(got) > 1_000 {
			t.Fatalf("%d nodes", len(got))
		}
		return len(got) == 1_000
	})
}

// withFiles is a directory with some files. It has contexts too.
func withFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"a file", "dir/in", "dir/.hidden", "testdata/quoll/contexts.yaml"} {
		name = filepath.Join(dir, name)
		text := "contexts: {prod: {servers: h}, staging: {servers: h}}\n"
		err := os.MkdirAll(filepath.Dir(name), 0o700)
		if err == nil {
			err = os.WriteFile(name, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A server that does not answer does not hold up Tab, the prompt tells of a lost connection, and a
// verb waits no longer than its --timeout.
func TestWithoutAnAnswer(t *testing.T) {
	zk := zktest.Start(t)
	s, out := textShell(t, zk.Servers())
	s.typedLine(t.Context(), "ls /")
	if prompt := s.prompt(); !strings.Contains(prompt, " rw ") && !strings.Contains(prompt, " rw]") {
		t.Errorf("prompt %q", prompt)
	}
	zk.Pause()
	begin := time.Now()
	if _, got := s.complete("get /"); len(got) > 0 {
		t.Errorf("completed without an answer: %q", got)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("Tab took %v", took)
	}
	zk.Resume()
	zk.Stop()
	eventually(t, "the prompt does not tell that the connection is lost", func() bool {
		return strings.Contains(s.prompt(), " lost")
	})
	out.take()
	s.typedLine(t.Context(), "ls --timeout 50ms /")
	if s.code != 6 {
		t.Errorf("exit code %d: %s", s.code, out.take())
	}
	zk.Restart()
	printed(t, s, out, "ls /", "^zookeeper$")
}

// What one line sets does not hold for the next one.
func TestFlagsAreThoseOfOneLine(t *testing.T) {
	s, out := textShell(t, zktest.Start(t).Servers())
	printed(t, s, out, "ls / -o json", `^  "path": "/",$`)
	printed(t, s, out, "ls /", `^zookeeper$`)
	printed(t, s, out, "ls --limit 0 --count /", `^1$`)
	printed(t, s, out, "ls /", `^zookeeper$`)
	printed(t, s, out, "addauth digest ann:secret", "")
	printed(t, s, out, "history", `^\d - ls /\n(.*\n)*\d - \(a secret\)\n\d - history$`)
	printed(t, s, out, "get '", `a quote is not closed`)
	printed(t, s, out, "loop 2 1ms count /", `^\d\n\d$`)
	printed(t, s, out, "loop 5 1ms get /none", `no such node`)
	if strings.Contains(out.take(), "no such node") {
		t.Error("the loop goes on after an error")
	}
}
