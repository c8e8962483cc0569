package verbs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"quoll/internal/shell/contexts"
)

// editor makes a script the editor of a bench. $1 is the file.
func (b *bench) editor(t *testing.T, script string) {
	file := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	getenv := b.host.Getenv
	b.host.Getenv = func(name string) string {
		if name == "EDITOR" {
			return "TMP=1 " + file
		}
		return getenv(name)
	}
}

func TestEdit(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	left := func() string {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "quoll-*"))
		if err != nil || len(files) > 1 {
			t.Fatal(files, err)
		}
		if len(files) == 0 {
			return ""
		}
		text, err := os.ReadFile(files[0])
		if err != nil || !strings.Contains(filepath.Base(files[0]), "config") {
			t.Fatal(files, err)
		}
		_ = os.Remove(files[0])
		return string(text)
	}
	b := served(t)
	b.must(t, "create", "/config", "one")
	b.editor(t, `sed -i s/one/two/ "$1"; echo >> "$1"`)
	if out := b.must(t, "edit", "/config"); out != "/config has version 1\n" {
		t.Error(out)
	}
	if out := b.must(t, "get", "/config"); out != "two" { // without the editor's newline
		t.Errorf("%q", out)
	}
	b.must(t, "edit", "/config")
	if out := b.must(t, "stat", "/config", "-o", "jsonl"); !strings.Contains(out, `"version":1,`) {
		t.Errorf("written although nothing was changed: %s", out)
	}
	if text := left(); text != "" {
		t.Errorf("a file is left: %q", text)
	}

	b.editor(t, `echo mine > "$1"; exit 3`)
	if code := b.do("edit", "/config"); code != 1 || left() != "mine\n" {
		t.Errorf("an editor that fails: exit code %d, %s", code, b.err.String())
	}
	other := newBench(t)
	other.host.Settings = b.host.Settings
	for _, tc := range []struct {
		terminal bool
		flag     string
		answer   string
		code     int
		data     string
	}{
		{false, "", "", 4, "theirs"}, {true, "", "n\n", 4, "theirs"}, {true, "", "y\n", 0, "mine"},
		// --yes was said before anybody knew of a conflict.
		{false, "--yes", "", 4, "theirs"},
	} {
		other.must(t, "set", "/config", "one")
		// The editor takes long enough for somebody else to write.
		opened, gate := filepath.Join(t.TempDir(), "opened"), filepath.Join(t.TempDir(), "gate")
		for _, fifo := range []string{opened, gate} {
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b.editor(t, `echo mine > "$1"; echo > `+opened+`; read x < `+gate+`; exit 0`)
		answer := filepath.Join(t.TempDir(), "answer")
		if err := os.WriteFile(answer, []byte(tc.answer), 0o600); err != nil {
			t.Fatal(err)
		}
		stdin, err := os.Open(answer) // the editor has it first, and leaves it alone
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		b.host.InTerminal, b.host.Stdin = tc.terminal, stdin
		code := make(chan int)
		go func() { code <- b.do(strings.Fields("edit /config " + tc.flag)...) }()
		_, err = os.ReadFile(opened)
		other.must(t, "set", "/config", "theirs")
		if err = errors.Join(err, os.WriteFile(gate, []byte("go\n"), 0)); err != nil {
			t.Fatal(err)
		}
		if got := <-code; got != tc.code {
			t.Errorf("%+v: exit code %d, %s", tc, got, b.err.String())
		}
		if kept := left(); (kept == "mine\n") != (tc.code != 0) {
			t.Errorf("%+v: kept %q", tc, kept)
		}
		if out := other.must(t, "get", "/config"); out != tc.data {
			t.Errorf("%+v: %q", tc, out)
		}
	}
	if code := b.do("edit", "/none"); code != 3 {
		t.Errorf("exit code %d", code)
	}
}

func TestContext(t *testing.T) {
	b := newBench(t)
	for _, tc := range []struct {
		line string
		code int
		want string
	}{
		{"context list", 0, ""},
		{"context show", 2, "no context"},
		{"context use prod", 2, "no context"},
		{"context set prod protected=true", 2, "servers=LIST"},
		{"context set prod servers=h:1 chroot=/app tls.ca=ca.pem protected=true color=red", 0, ""},
		{"context set dev servers=d:1", 0, ""},
		// Behind a name stands a path, as in cp /a dev:/a and cp /a file:name.
		{"context set a:b servers=d:1", 2, "no NAME"}, {"context set a/b servers=d:1", 2, "no NAME"},
		{"context set file servers=d:1", 2, "no NAME"},
		{"context set dev nonsense=1", 2, "no key"}, {"context set dev servers", 2, "KEY=VALUE"},
		{"context set dev protected=perhaps", 2, "true or false"},
		{"context set dev auth=digest:u:p", 2, "auth_file"},
		{"context use prod", 0, ""},
		{"context list", 0, "  dev\td:1\n* prod\th:1/app\n"},
		{"context show", 0, "servers=h:1\nchroot=/app\ntls.ca=ca.pem\ncolor=red\nprotected=true\n"},
		{"context set prod protected= chroot=", 0, ""},
		{"context show prod", 0, "servers=h:1\ntls.ca=ca.pem\ncolor=red\n"},
		{"context rm prod", 0, ""}, {"context rm prod", 2, "no context"},
		{"context list", 0, "  dev\td:1\n"},
	} {
		code := b.do(strings.Fields(tc.line)...)
		got := b.out.String() + b.err.String()
		if code != tc.code || !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
			t.Errorf("%s: exit code %d, want %d: %q", tc.line, code, tc.code, got)
		}
	}
	info, err := os.Stat(contexts.Path(b.host.Getenv))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// A context that is current and gone must not keep anybody from mending that. Secrets stay secret.
func TestContextThatIsGone(t *testing.T) {
	b := newBench(t)
	f := contexts.File{Current: "gone", Contexts: map[string]contexts.Context{
		"a": {Servers: "h:1", Auth: []string{"digest:ann:secret"}},
	}}
	if err := f.Save(contexts.Path(b.host.Getenv)); err != nil {
		t.Fatal(err)
	}
	b.must(t, "context", "use", "a")
	if out := b.must(t, "context", "show"); out != "servers=h:1\nauth=1 identities\n" {
		t.Error(out)
	}
	frozen := goldens{}
	for _, line := range []string{"context list", "context show a", "context set a chroot=/x"} {
		frozen.add(b, "context", line)
	}
	frozen.check(t)
	for _, text := range frozen {
		if strings.Contains(text, "secret") {
			t.Error("a secret is shown")
		}
	}
}
