package verbs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quoll/jute"
	"quoll/zktest"
)

// emptied is another server for the same bench.
func (b *bench) emptied(t *testing.T) {
	b.host.Settings.Servers = zktest.Start(t).Servers()
}

// What was exported and imported is what was there: data, null and empty, ACLs, and the numbers that
// sequential nodes get next, also where all children are gone.
func TestExportImport(t *testing.T) {
	b := served(t)
	file := filepath.Join(t.TempDir(), "app.jsonl")
	b.must(t, "create", "-p", "/deep/app", "root")
	b.must(t, "create", "/deep/app/null")
	b.must(t, "create", "/deep/app/empty", "")
	b.must(t, "create", "/deep/app/bin", "x")
	b.must(t, "set", "-b", "/deep/app/bin", "/wAB")
	b.must(t, "create", "/deep/app/queue", "q", "ip:127.0.0.1:cdrwa")
	for range 3 {
		b.must(t, "create", "-s", "/deep/app/queue/n-")
	}
	b.must(t, "rm", "/deep/app/queue/n-0000000001", "/deep/app/queue/n-0000000002")
	b.must(t, "create", "-s", "/deep/app/drained")
	b.must(t, "create", "-s", "/deep/app/drained0000000004/n")
	b.must(t, "rm", "/deep/app/drained0000000004/n0000000000")
	if out := b.must(t, "export", "/deep/app", "--out", file); !strings.Contains(out, "7 nodes") {
		t.Error(out)
	}
	want := b.must(t, "diff", "--exit-code", "--acl", "file:"+file, "/deep/app")
	if want != "" {
		t.Errorf("of an export and what it is of: %s", want)
	}
	if piped := b.must(t, "export", "/deep/app"); !strings.HasSuffix(piped, `{"end":{"nodes":7}}`+"\n") {
		t.Errorf("to standard output: %s", piped)
	}
	b.emptied(t)
	if out := b.must(t, "import", "--dry-run", file); !strings.Contains(out, "would import /deep/app: 7") {
		t.Error(out)
	}
	b.must(t, "import", "--acl", file)
	b.must(t, "diff", "--exit-code", "--acl", "file:"+file, "/deep/app")
	for path, next := range map[string]string{
		"/deep/app/queue/n-": "3", "/deep/app/drained0000000004/n": "1", "/deep/app/x": "5",
	} {
		if out := b.must(t, "create", "-s", path); out != path+"000000000"+next+"\n" {
			t.Errorf("the number after the import: %s", out)
		}
	}
	b.must(t, "import", file, "--to", "/elsewhere")
	b.must(t, "diff", "--exit-code", "file:"+file, "/elsewhere")
}

// Below a chroot a node may be called zookeeper. The server's own ones are not brought anywhere, nor
// written.
func TestNodesThatAreCalledZookeeper(t *testing.T) {
	b := served(t)
	b.must(t, "create", "-p", "/app/zookeeper/x", "mine")
	file := filepath.Join(t.TempDir(), "app.jsonl")
	b.must(t, "export", "--chroot", "/app", "/", "--out", file)
	b.must(t, "import", file, "--to", "/copy")
	if got := b.must(t, "find", "/copy"); got != "/copy\n/copy/zookeeper\n/copy/zookeeper/x\n" {
		t.Errorf("copied: %s", got)
	}
	if code := b.do("import", file, "--chroot", "/zookeeper", "--to", "/y"); code != 2 {
		t.Errorf("imported below /zookeeper: exit code %d, %s", code, b.err.String())
	}
	if got := b.must(t, "export", "/"); strings.Contains(got, `"path":"/zookeeper`) {
		t.Errorf("the server's own: %s", got)
	}
}

// export | import: standard input is read once, and the file twice.
func TestImportFromAPipe(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	b := planted(t)
	whole := b.must(t, "export", "/app", "--no-ephemerals")
	for text, want := range map[string]int{whole: 0, whole[:len(whole)-2]: 1, "": 1} {
		b.host.Stdin = strings.NewReader(text)
		if code := b.do("import", "-", "--to", "/copy"); code != want {
			t.Errorf("%d bytes: exit code %d, %s", len(text), code, b.err.String())
		}
	}
	if diff := b.must(t, "diff", "/app", "/copy"); diff != "- /live/one\n" {
		t.Error(diff)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestImportModes(t *testing.T) {
	b := planted(t)
	file := filepath.Join(t.TempDir(), "app.jsonl")
	b.must(t, "export", "/app", "--out", file)
	b.emptied(t)
	b.must(t, "create", "/app", "mine")
	for _, tc := range []struct {
		line string
		code int
		want string
	}{
		{"import", 2, "--sessions drop"},
		{"import --sessions drop", 4, "exists"},
		{"import --sessions keep", 2, "drop"},
		{"import --mode replace", 2, "overwrite"},
		{"import --sessions drop --mode overwrite", 2, "--yes"},
		{"import --sessions drop --mode overwrite --yes --max 3", 2, "--force"},
		{"import --sessions drop --to /zookeeper/x", 2, "--force"},
		{"import --sessions drop --mode skip", 0, "imported /app: 5 nodes, 1 were there, 1 left out\n"},
		{"get /app", 0, "mine"},
		{"import --sessions drop", 4, "exists"},
		{"import --sessions drop --resume", 4, "exists"}, // /app has other data
		{"import --sessions drop --mode overwrite --yes", 0, "imported /app: 6 nodes, 0 were there"},
		{"import --sessions drop --resume", 0, "imported /app: 0 nodes, 6 were there, 1 left out\n"},
	} {
		args := strings.Fields(tc.line)
		if args[0] == "import" {
			args = append(args, file)
		}
		code := b.do(args...)
		if got := b.out.String() + b.err.String(); code != tc.code || !strings.Contains(got, tc.want) {
			t.Errorf("%s: exit code %d, want %d: %q", tc.line, code, tc.code, got)
		}
	}
}

// An export that was cut off anywhere is known as such, and goes on to the same file.
func TestExportCutOff(t *testing.T) {
	b := planted(t)
	file := filepath.Join(t.TempDir(), "app.jsonl")
	b.must(t, "export", "/app", "--out", file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := len(whole) - 1; at > 0; at -= 97 {
		cut := filepath.Join(t.TempDir(), "cut.jsonl")
		if err := os.WriteFile(cut+".part", whole[:at], 0o600); err != nil {
			t.Fatal(err)
		}
		if code := b.do("import", cut+".part", "--to", "/x"); code != 1 ||
			!strings.Contains(b.err.String(), "cut off") {
			t.Fatalf("import of %d bytes: exit code %d, %s", at, code, b.err.String())
		}
		if at <= strings.IndexByte(string(whole), '\n') {
			break // nothing to go on with
		}
		b.must(t, "export", "/app", "--out", cut, "--resume")
		again, err := os.ReadFile(cut)
		if err != nil || string(again) != string(whole) {
			t.Fatalf("cut at %d: %v\n%s\nwant\n%s", at, err, again, whole)
		}
	}
}

func TestWrongExports(t *testing.T) {
	b := planted(t)
	b.must(t, "export", "/app/config", "--out", filepath.Join(t.TempDir(), "f"))
	header := `{"format":"quoll-export","version":1,"zxid":"0x1","root":"/a"}` + "\n"
	node := func(path string) string {
		return `{"path":"` + path + `","data":null,"encoding":null,"acl":[],"stat":{"ephemeralOwner":"0x0"}}` +
			"\n"
	}
	end := `{"end":{"nodes":2}}` + "\n"
	for text, want := range map[string]string{
		"":                                       "cut off",
		"{}\n":                                   "not that of an export",
		"\x00\xff\n":                             "not that of an export",
		header + "nonsense\n":                    "line 2",
		header + node("/b") + end:                "not below the root",
		header + node("/ab") + end:               "not below the root",
		header + node("/a") + end:                "has 1 nodes, and says 2",
		header + node("/a/b") + node("/a") + end: "out of order",
		strings.Replace(header, "1", "7", 1):     "version 7",
	} {
		file := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code := b.do("import", file); code != 1 || !strings.Contains(b.err.String(), want) {
			t.Errorf("%q: exit code %d, %s", text, code, b.err.String())
		}
	}
}

func TestExportGolden(t *testing.T) {
	b, frozen := planted(t), goldens{}
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // names of files are in the output
	b.must(t, "export", "/app", "--out", "f")
	frozen.add(b, "export", "export --no-ephemerals /app")
	frozen.add(b, "export", "export --out g /app/live")
	frozen.add(b, "import", "import --sessions drop --dry-run --to /copy f")
	t.Chdir(before)
	frozen.check(t)
}

// An import whose connection breaks does not know what was written. --resume finds out.
func TestImportResumes(t *testing.T) {
	b := planted(t)
	file := filepath.Join(t.TempDir(), "app.jsonl")
	b.must(t, "export", "--no-ephemerals", "/app", "--out", file)
	for _, cut := range []func(*zktest.Server, jute.OpCode) <-chan struct{}{
		(*zktest.Server).CutBefore, (*zktest.Server).CutAfter,
	} {
		s := zktest.Start(t)
		b.host.Settings.Servers = s.Servers()
		happened := cut(s, jute.OpCreate2)
		if code := b.do("import", file); code != 6 {
			t.Errorf("exit code %d: %s", code, b.err.String())
		}
		<-happened
		b.must(t, "import", "--resume", file)
		b.must(t, "diff", "--exit-code", "file:"+file, "/app")
	}
}
