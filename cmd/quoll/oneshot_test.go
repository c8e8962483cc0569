package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"quoll/zktest"
)

// verbOf makes a process of one verb.
func verbOf(t *testing.T, servers string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "QUOLL_TEST_COMMAND=1", "HOME="+t.TempDir(),
		"XDG_CONFIG_HOME=", "ZK_SERVERS="+servers)
	return cmd
}

func codeOf(err error) int {
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode()
	}
	return 0
}

// A verb of a process of its own: what it prints where, and its exit code.
func TestOneShot(t *testing.T) {
	zk := zktest.Start(t)
	for _, tc := range []struct {
		line      string
		code      int
		out, errs string // what is in them
	}{
		{"create -p /a/b text", 0, "/a/b\n", ""},
		{"get /a/b", 0, "text", ""},
		{"get /none -o json", 3, "", `{"error":{"code":-101,"name":"NoNode"`},
		{"ls --nonsense", 2, "", "--nonsense"},
		{"create -e /eph", 0, "/eph\n", "goes now"},
		{"shell -server " + zk.Servers() + " ls /", 0, "Connecting to " + zk.Servers() +
			"\n\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null zxid: -1\n" +
			"[a, zookeeper]\n", ""},
		{"shell -server " + zk.Servers() + " get /none", 3, "", "Node does not exist: /none\n"},
		{"shell -server " + zk.Servers() + " -waitforconnection -timeout 5000 version", 0,
			"ZooKeeper CLI version", ""},
		{"--server " + zk.Servers() + " -o jsonl count /", 0, `"count":5`, ""},
		{"ls --server 127.0.0.1:1 --timeout 300ms /", 6, "", "refused"},
		{"ls --auth digest:ann:secret /", 0, "a\nzookeeper\n", "--auth-file hides it"},
		{"ls --debug --auth digest:ann:secret /", 0, "zookeeper", "getChildren2"},
		{"__complete ls -o js", 0, "json\njsonl\n", ""},
		// An error of the command line has the format that stands behind it.
		{"nonsense -o json", 2, "", `{"error":{"code":0,"name":"Usage","op":"","path":"","message":"there is no`},
		{"nonsense", 2, "", "quoll: there is no command \"nonsense\""},
		{"--nonsense -o json ls", 2, "", `{"error":{"code":0,"name":"Usage"`},
		{"get /a --nonsense --output=jsonl", 2, "", `{"error":{"code":0,"name":"Usage"`},
		{"acl nonsense -ojson", 2, "", `{"error":{"code":0,"name":"Usage"`},
		{"get --nonsense -- -o json", 2, "", "quoll: unknown flag"},
		{"auth digest ann:secret", 0, "", "whoever lists processes"},
		{"shell auth digest ann:secret", 0, "", "whoever lists processes"},
		{"__complete shell -o js", 0, "json\njsonl\n", ""},
		{"__complete ls --sort ", 0, "name\nczxid\nmtime\nsize\n:4\n", ""},
		{"__complete import --mode=o", 0, "overwrite\n:4\n", ""},
		{"__complete import --to /a/", 0, "/a/b\n:4\n", ""},
		{"__complete ls --auth-file ", 0, ":0\n", ""}, // the names of files, by the shell
		{"__complete export / --out f", 0, ":0\n", ""},
		{"__complete ls /a/", 0, "/a/b\n", ""},
		{"__complete acl get /zookeeper/", 0, "/zookeeper/config\n/zookeeper/quota\n", ""},
		{"completion bash", 0, "__complete", ""},
		{"completion zsh", 0, "#compdef quoll", ""},
		{"completion fish", 0, "complete -c quoll", ""},
	} {
		cmd := verbOf(t, zk.Servers(), strings.Split(tc.line, " ")...)
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		if code := codeOf(cmd.Run()); code != tc.code || !strings.Contains(out.String(), tc.out) ||
			!strings.Contains(errs.String(), tc.errs) {
			t.Errorf("%s: exit code %d\n%s\n%s", tc.line, code, out.String(), errs.String())
		}
		if strings.Contains(errs.String(), "ann:secret") {
			t.Errorf("%s: the secret is told: %s", tc.line, errs.String())
		}
	}
}

// Identities come from a file, or from what a command prints; a program's environment names the
// file.
func TestIdentities(t *testing.T) {
	zk := zktest.Start(t)
	home := t.TempDir()
	file := filepath.Join(home, "auth")
	if err := os.WriteFile(file, []byte("# me\ndigest:ann:secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(home, "quoll")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := "contexts: {c: {servers: '" + zk.Servers() + "', auth_command: 'echo digest:bob:x'}," +
		" wrong: {servers: h, auth_command: 'exit 3'}}\n"
	if err := os.WriteFile(filepath.Join(dir, "contexts.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		line, env string
		code      int
		out       string
	}{
		{"whoami --auth-file " + file, "", 0, "digest:ann\n"},
		{"whoami", "ZK_AUTH_FILE=" + file, 0, "digest:ann\n"},
		{"whoami --context c", "", 0, "digest:bob\n"},
		{"whoami", "QUOLL_CONTEXT=c", 0, "digest:bob\n"},
		{"whoami --context wrong", "", 5, ""},
		{"whoami --context none", "", 2, ""},
		{"whoami --auth-file /none", "", 5, ""},
		{"whoami --auth digest:ann", "", 2, ""}, // no terminal to ask for the password
	} {
		cmd := verbOf(t, zk.Servers(), strings.Fields(tc.line)...)
		cmd.Env = append(cmd.Env, "XDG_CONFIG_HOME="+home, tc.env)
		out, err := cmd.Output()
		if code := codeOf(err); code != tc.code || !strings.Contains(string(out), tc.out) {
			t.Errorf("%s, %s: exit code %d, %s", tc.line, tc.env, code, out)
		}
	}
}

// Whoever stops reading (head) gets no complaint: 141, as a process that SIGPIPE has ended, but with
// its session closed.
func TestNobodyReads(t *testing.T) {
	zk := zktest.Start(t)
	c := zk.Client()
	long := strings.Repeat("x", 500)
	for _, p := range []string{"a", "b", "c"} {
		for i := range 100 {
			name := "/" + p + long[:i+1]
			if _, _, err := c.Create(t.Context(), name, []byte(long)); err != nil {
				t.Fatal(err)
			}
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := verbOf(t, zk.Servers(), "ls", "-R", "/", "-o", "jsonl")
	var errs strings.Builder
	cmd.Stdout, cmd.Stderr = w, &errs
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	err = cmd.Run()
	_ = w.Close()
	if code := codeOf(err); code != 141 || errs.Len() > 0 {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
}

// Ctrl-C and kill end a verb that waits, with their codes and without a word.
func TestSignalsOfAVerb(t *testing.T) {
	zk := zktest.Start(t)
	for s, want := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		cmd := verbOf(t, zk.Servers(), "stat", "-w", "/")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var errs strings.Builder
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 10)); err != nil { // it waits for its watch now
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		if code := codeOf(cmd.Wait()); code != want || errs.Len() > 0 {
			t.Errorf("%v: exit code %d, %q", s, code, errs.String())
		}
	}
}

// A protected context confirms each write; nothing is asked without a terminal.
func TestProtectedContext(t *testing.T) {
	zk := zktest.Start(t)
	home := t.TempDir()
	file := filepath.Join(home, ".config", "quoll", "contexts.yaml")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "current: p\ncontexts: {p: {servers: '" + zk.Servers() + "', protected: true}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{
		"create /x": 2, "ls /": 0, "create --yes /y": 0,
	} {
		cmd := verbOf(t, "", strings.Fields(line)...)
		cmd.Env = append(cmd.Env, "HOME="+home)
		if code := codeOf(cmd.Run()); code != want {
			t.Errorf("%s: exit code %d", line, code)
		}
	}
	if _, there, err := zk.Client().Exists(t.Context(), "/x"); err != nil || there {
		t.Errorf("written without a confirmation: %v, %v", there, err)
	}
}

// oneShotBound is how long quoll ls / may use a processor, whatever else the machine does: it takes
// 7 ms, and 19 with the race detector.
const oneShotBound = 150 * time.Millisecond

func TestOneShotIsQuick(t *testing.T) {
	zk := zktest.Start(t)
	best := time.Hour
	for range 5 {
		cmd := verbOf(t, zk.Servers(), "ls", "/")
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		best = min(best, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	t.Logf("the best of 5: %v", best)
	if best > oneShotBound {
		t.Errorf("quoll ls / took %v", best)
	}
}
