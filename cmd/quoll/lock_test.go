package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/creack/pty"

	"quoll/zktest"
)

// The command of lock is in the foreground of the terminal: it may read, and Ctrl-C is its own. The
// lock is given back behind it.
func TestCommandsHaveTheTerminal(t *testing.T) {
	zk := zktest.Start(t)
	for _, tc := range []struct {
		script, keys, want string
		code               int
	}{
		{`echo ready; read x; echo "got $x"; exit 3`, "hello\r", "got hello", 3},
		{`trap "exit 5" INT; echo ready; while :; do sleep 0.02; done`, "\x03", "", 5},
		{`echo ready; exec sleep 60`, "\x03", "", 130}, // sh itself may outlive a Ctrl-C
	} {
		cmd := exec.Command(os.Args[0], "lock", "/l", "--", "sh", "-c", tc.script)
		cmd.Env = append(os.Environ(), "QUOLL_TEST_COMMAND=1", "HOME="+t.TempDir(),
			"XDG_CONFIG_HOME=", "ZK_SERVERS="+zk.Servers())
		tty, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		defer tty.Close()
		kill := time.AfterFunc(typistPatience, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		seen, buf, typed := []byte{}, make([]byte, 4096), false
		for {
			n, err := tty.Read(buf)
			seen = append(seen, buf[:n]...)
			if err != nil { // nobody has the other end any more
				break
			}
			if !typed && bytes.Contains(seen, []byte("ready")) {
				typed = true
				_, _ = tty.WriteString(tc.keys)
			}
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != tc.code ||
			!bytes.Contains(seen, []byte(tc.want)) {
			t.Errorf("%s: exit code %d, want %d: %q", tc.script, code, tc.code, seen)
		}
		names, _, err := zk.Client().Children(context.Background(), "/l")
		if err != nil || len(names) > 0 {
			t.Errorf("%s: the lock is held yet: %v, %v", tc.script, names, err)
		}
	}
}
