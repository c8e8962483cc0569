package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"quoll/client"
	"quoll/zktest"
)

// bashWith makes a bash that has sourced quoll's completion, nothing else, and runs a script.
func bashWith(t *testing.T, servers string, args ...string) *exec.Cmd {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	dir := t.TempDir()
	self := "#!/bin/sh\nQUOLL_TEST_COMMAND=1 exec " + os.Args[0] + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "quoll"), []byte(self), 0o700); err != nil {
		t.Fatal(err)
	}
	rc := filepath.Join(dir, "rc")
	if err := os.WriteFile(rc, []byte("source <(quoll completion bash)\nPS1='$ '\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bash, append([]string{"--noprofile", "--rcfile", rc}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir, "TERM=dumb",
		"XDG_CONFIG_HOME=", "XDG_STATE_HOME=", "ZK_SERVERS="+servers, "INPUTRC=/dev/null", "RC="+rc,
		"LC_ALL=C.UTF-8", "BASH_ENV=")
	return cmd
}

// pressTab asks the script for candidates as bash does, with the words that bash makes of a line.
// Tab gives up after 100 ms, and a busy machine may take longer.
const pressTab = `
source $RC
compopt() { :; } # it wants a line that is edited
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMPREPLY=()
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
until ((${#COMPREPLY[@]} > 0 || SECONDS > 10)); do __start_quoll; done
printf '%s\n' "${COMPREPLY[@]}"
`

// The script for bash needs no other package, and what bash divides at = and : is one word.
func TestCompletionOfBash(t *testing.T) {
	zk := zktest.Start(t)
	c := zk.Client()
	for _, name := range []string{"é", "x:y", "v=w", "$(touch mark)", "z "} {
		if _, _, err := c.Create(t.Context(), "/app/"+name, nil, client.Parents); err != nil {
			t.Fatal(err)
		}
	}
	_, port, _ := strings.Cut(zk.Servers(), ":")
	for _, tc := range []struct{ line, words, want string }{
		{"quoll cr", "quoll|cr", "create"},
		{"quoll ls /a", "quoll|ls|/a", "/app"},
		{"quoll  ls ", "quoll|ls|", "app|zookeeper"},
		// Nothing in a name is run, and none is shown that would be another one.
		{"quoll ls /app/", "quoll|ls|/app/", "/app/$(touch mark)|/app/v=w|/app/x:y|/app/é"},
		{"quoll ls /app/é", "quoll|ls|/app/é", "/app/é"},
		{"quoll ls /app/x:", "quoll|ls|/app/x|:", "y"},
		{"quoll ls /app/v=", "quoll|ls|/app/v|=", "w"},
		{"quoll ls --sort=cz", "quoll|ls|--sort|=|cz", "czxid"},
		{"quoll ls --sort=", "quoll|ls|--sort|=", "name|czxid|mtime|size"},
		{"quoll ls --server localhost:" + port + " /a", "quoll|ls|--server|localhost|:|" + port + "|/a",
			"/app"},
	} {
		script := append([]string{"-c", pressTab, "bash", tc.line}, strings.Split(tc.words, "|")...)
		out, err := bashWith(t, zk.Servers(), script...).CombinedOutput()
		want := strings.ReplaceAll(tc.want, "|", "\n") + "\n"
		if err != nil || string(out) != want {
			t.Fatalf("%q: %v, %q, want %q", tc.line, err, out, want)
		}
	}
}

// Somebody presses Tab in a bash that runs at a terminal.
func TestTabInBash(t *testing.T) {
	zk := zktest.Start(t)
	if _, _, err := zk.Client().Create(t.Context(), "/a b", []byte("of a b")); err != nil {
		t.Fatal(err)
	}
	p := &typist{t: t, cmd: bashWith(t, zk.Servers(), "-i")}
	tty, err := pty.Start(p.cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.sits(tty)
	p.expect("$ ")
	p.press("quoll get /a")
	p.complete(`/a\ b`)
	p.press("\r")
	p.expect("of a b")
	p.press("exit\r")
	if code := p.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
