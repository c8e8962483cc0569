package verbs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// guarded has /a with a node b that may not be read, nor what is below it, and a node c; and /full,
// which has the same and is open.
func guarded(t *testing.T) *bench {
	b := served(t)
	for _, root := range []string{"/a", "/full"} {
		for _, p := range []string{"", "/b", "/b/deep", "/c"} {
			b.must(t, "create", root+p, "x")
		}
	}
	b.must(t, "acl", "set", "/a/b", "digest:ann:secret:cdrwa")
	return b
}

// A node that may not be read does not keep anybody from the others: it is told, and so by the exit
// code. zkCli's ls -R ends there.
func TestNodesThatMayNotBeRead(t *testing.T) {
	b := guarded(t)
	for line, want := range map[string]string{
		"tree /a": "/a\n├── c\n", "find /a": "/a\n/a/c\n", "grep x /a": "/a:1:x\n/a/c:1:x\n",
		"tree --data /a": "/a = x\n├── c = x\n", "find --acl world /a": "/a\n/a/c\n", "tree /a/b": "",
		"ls -R /a": "/a\n/a/c\n", "ls -R /a/b": "", "ls /a/b": "", "diff /a /full": "",
		"diff --exit-code /full /a": "", "diff /a/c /a/b": "", "ls -R -o zkcli /a": "/a\n/a/b\n/a/c\n",
		"cp --dry-run -R /a /z": "would copy /a to /z: 2 nodes\n",
	} {
		code := b.do(strings.Fields(line)...)
		if code != 5 || b.out.String() != want {
			t.Errorf("%s: exit code %d, %q", line, code, b.out.String())
		}
		if !strings.Contains(b.err.String(), "/a/b") {
			t.Errorf("%s: %s", line, b.err.String())
		}
	}
	b.must(t, "create", "/full/d")
	if code := b.do("diff", "/a", "/full"); code != 5 || b.out.String() != "+ /d\n" {
		t.Errorf("diff: exit code %d, %q", code, b.out.String())
	}
}

// A listing with Stats has the child that may not be read too, by its name.
func TestLsOfNodesThatMayNotBeRead(t *testing.T) {
	b := guarded(t)
	for line, want := range map[string]string{
		"ls --long --sort mtime /a":       "?\t?\t?\t?\t?\tb\n-\tv0\t1 B\t0\t",
		"ls --sort size /a":               "b\nc\n",
		"ls --long -o jsonl --limit 1 /a": `"entries":[{"name":"b","stat":null}],"left":1,`,
	} {
		if code := b.do(strings.Fields(line)...); code != 5 ||
			!strings.Contains(b.out.String(), want) || !strings.Contains(b.err.String(), "/a/b") {
			t.Errorf("%s: exit code %d, %s%s", line, code, b.out.String(), b.err.String())
		}
	}
	b.must(t, "ls", "/a")
}

// For programs each node that was left out is an error of its own.
func TestDeniedNodesAsJSON(t *testing.T) {
	b := guarded(t)
	for _, format := range []string{"json", "jsonl"} {
		if code := b.do("find", "/a", "-o", format); code != 5 {
			t.Errorf("exit code %d", code)
		}
		if want := `{"error":{"code":-102,"name":"NoAuth","op":"getData","path":"/a/b",` +
			`"message":"getData \"/a/b\": not permitted",`; !strings.HasPrefix(b.err.String(), want) {
			t.Error(b.err.String())
		}
		for line := range strings.Lines(b.err.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s is no JSON", line)
			}
		}
	}
}

// A copy has what may be read. An export says what it lacks, also when it was made in two runs.
func TestCopiesOfNodesThatMayNotBeRead(t *testing.T) {
	b := guarded(t)
	if code := b.do("cp", "-R", "/a", "/copy"); code != 5 {
		t.Errorf("cp: exit code %d: %s", code, b.err.String())
	}
	if got := b.must(t, "ls", "-R", "/copy"); got != "/copy\n/copy/c\n" {
		t.Errorf("copied: %s", got)
	}
	file := filepath.Join(t.TempDir(), "a.jsonl")
	if code := b.do("export", "/a", "--out", file); code != 5 ||
		!strings.Contains(b.out.String(), "2 nodes") {
		t.Errorf("export: exit code %d, %s", code, b.out.String())
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if code := b.do("export", "/a"); code != 5 || b.out.String() != string(whole) ||
		!strings.Contains(b.out.String(), `{"path":"/a/b","data":null,"encoding":null,"acl":null,`+
			`"stat":null,"denied":true}`) {
		t.Errorf("export to standard output: exit code %d, %s", code, b.out.String())
	}
	lines := strings.SplitAfter(string(whole), "\n")
	part := strings.Join(lines[:3], "") // the header, /a and /a/b
	if err := os.WriteFile(file+".part", []byte(part), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := b.do("export", "/a", "--out", file, "--resume"); code != 5 {
		t.Errorf("export --resume: exit code %d: %s", code, b.err.String())
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != string(whole) {
		t.Errorf("resumed: %v\n%s\n%s", err, again, whole)
	}
	if code := b.do("diff", "file:"+file, "/full"); code != 5 || b.out.Len() > 0 {
		t.Errorf("diff with the file: exit code %d, %s", code, b.out.String())
	}
	b.must(t, "import", file, "--to", "/back")
	if !strings.Contains(b.err.String(), "lacks 1 nodes") {
		t.Errorf("import: %s", b.err.String())
	}
	if got := b.must(t, "ls", "-R", "/back"); got != "/back\n/back/c\n" {
		t.Errorf("imported: %s", got)
	}
}

// What has to be whole does nothing: a mirror would delete what it cannot see, and who deletes or
// moves a tree wants it to be gone.
func TestChangesOfNodesThatMayNotBeRead(t *testing.T) {
	b := guarded(t)
	b.must(t, "create", "/full/c/more")
	for line, told := range map[string]string{
		"mirror --once --delete --yes /a /full": "not permitted",
		"mv -R --yes /a /moved":                 "not permitted",
		"rmr --yes /a":                          "0 of 4 nodes deleted",
		"rmr --yes --older 1ns /a":              "not permitted",
	} {
		if code := b.do(strings.Fields(line)...); code != 5 ||
			!strings.Contains(b.err.String(), "/a/b") || !strings.Contains(b.err.String(), told) {
			t.Errorf("%s: exit code %d, %s", line, code, b.err.String())
		}
	}
	if got := b.must(t, "find", "--name", "[bcdm]*", "/full"); got !=
		"/full/b\n/full/b/deep\n/full/c\n/full/c/more\n" {
		t.Errorf("mirrored: %s", got)
	}
	if code := b.do("ls", "-R", "/a"); code != 5 || b.out.String() != "/a\n/a/c\n" {
		t.Errorf("left: %s", b.out.String())
	}
	if code := b.do("stat", "/moved"); code != 3 {
		t.Errorf("moved: exit code %d", code)
	}
}
