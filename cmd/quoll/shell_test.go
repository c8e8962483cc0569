package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"quoll/client"
	"quoll/zktest"
)

// typist sits at a pseudo-terminal in front of a shell.
type typist struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	home string

	careful bool // keys only while the shell waits for them

	mu   sync.Mutex
	seen bytes.Buffer // what the screen has got since the last expect
	all  []byte       // what it has got at all
	mark int          // how much that was when keys were pressed

	editing bool // the keys were pressed while a line was edited
}

// typistPatience is how long an expected text may take.
const typistPatience = 10 * time.Second

// sitDown starts a shell at a terminal of a kind.
func sitDown(t *testing.T, servers, kind string, args ...string) *typist {
	t.Helper()
	p := &typist{t: t, home: t.TempDir(), careful: kind == "xterm"}
	p.cmd = exec.Command(os.Args[0], append([]string{"shell"}, args...)...)
	p.cmd.Env = append(os.Environ(), "QUOLL_TEST_COMMAND=1", "HOME="+p.home, "XDG_STATE_HOME=",
		"XDG_CONFIG_HOME=", "TERM="+kind, "ZK_SERVERS="+servers, "INPUTRC=/dev/null")
	tty, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 40, Cols: 150})
	if err != nil {
		t.Fatal(err)
	}
	p.sits(tty)
	return p
}

// sits begins to read what the command writes to its terminal. Both end with the test.
func (p *typist) sits(tty *os.File) {
	p.tty = tty
	p.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = tty.Close()
	})
	go p.read()
}

// read collects the output, and answers as a terminal does that is asked for its cursor.
func (p *typist) read() {
	buf := make([]byte, 4096)
	for {
		n, err := p.tty.Read(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.seen.Write(buf[:n])
		p.all = append(p.all, buf[:n]...)
		p.mu.Unlock()
		for range bytes.Count(buf[:n], []byte("\x1b[6n")) {
			_, _ = p.tty.WriteString("\x1b[5;1R")
		}
	}
}

// keys presses keys at an empty prompt, when the shell waits for them.
func (p *typist) keys(text string) {
	p.t.Helper()
	p.prompted()
	p.more(text)
}

// prompted waits for an empty prompt. The output of the verb before may come in any pieces, and
// so may the prompt.
func (p *typist) prompted() {
	p.t.Helper()
	p.until("there is no prompt", func() bool {
		since := p.all[p.mark:]
		if !p.careful {
			return bytes.HasSuffix(since, []byte("> "))
		}
		if p.editing { // the shape of the cursor is set back when the line has ended
			ended := bytes.LastIndex(since, []byte("\x1b[0 q"))
			if ended < 0 {
				return false
			}
			since = since[ended:]
		}
		return painted(since)
	})
}

// painted says that a line was painted, and no further one is begun: readline asks where the cursor
// is, and shows it at the end.
func painted(since []byte) bool {
	asked := bytes.LastIndex(since, []byte("\x1b[6n"))
	return asked >= 0 && bytes.Contains(since[asked:], []byte("\x1b[?25h"))
}

// more presses keys while a line is being edited, one when the one before is painted: readline loses
// keys that come in one read with the answer where the cursor is.
func (p *typist) more(text string) {
	p.t.Helper()
	for text != "" {
		n := len(text)
		if p.careful && text[0] != '\x1b' { // else it is a key of several bytes
			n = 1
		}
		p.until("the shell does not wait for keys", func() bool {
			return !p.careful || painted(p.all[p.mark:])
		})
		p.press(text[:n])
		p.editing = true
		text = text[n:]
	}
}

// complete presses Tab until a text is shown: Tab gives up after 100 ms, and a busy machine may take
// longer.
func (p *typist) complete(text string) {
	p.t.Helper()
	shown := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return bytes.Contains(p.seen.Bytes(), []byte(text))
	}
	p.more("\t")
	for end := time.Now().Add(typistPatience); !shown(); p.press("\t") {
		if time.Now().After(end) {
			p.t.Fatalf("Tab does not show %q", text)
		}
		for again := time.Now().Add(500 * time.Millisecond); !shown() && time.Now().Before(again); {
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// press presses keys at once.
func (p *typist) press(text string) {
	p.t.Helper()
	p.mu.Lock()
	p.mark, p.editing = len(p.all), false
	p.mu.Unlock()
	if _, err := p.tty.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// expect waits until a text has been shown since the last one was.
func (p *typist) expect(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q was not shown", text), func() bool {
		at := bytes.Index(p.seen.Bytes(), []byte(text))
		if at >= 0 {
			p.seen.Next(at + len(text))
		}
		return at >= 0
	})
}

// until waits for a condition on what was shown.
func (p *typist) until(otherwise string, ok func() bool) {
	p.t.Helper()
	for end := time.Now().Add(typistPatience); ; time.Sleep(2 * time.Millisecond) {
		p.mu.Lock()
		done, seen := ok(), p.seen.String()
		p.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s, but %q", otherwise, seen)
		}
	}
}

// exitCode waits until the shell has ended.
func (p *typist) exitCode() int {
	p.t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			return ended.ExitCode()
		}
		return 0
	case <-time.After(typistPatience):
		p.t.Fatal("the shell does not end")
		return 0
	}
}

// The same session at a capable terminal and at one that can do little.
func TestShellAtATerminal(t *testing.T) {
	for _, kind := range []string{"xterm", "dumb"} {
		t.Run(kind, func(t *testing.T) {
			zk := zktest.Start(t)
			c := zk.Client()
			create := func(path, data string) {
				t.Helper()
				if _, _, err := c.Create(t.Context(), path, []byte(data)); err != nil {
					t.Fatal(err)
				}
			}
			create("/alpha", "of alpha")
			create("/evil", "a\x1b[2Jb\x07")
			p := sitDown(t, zk.Servers(), kind)
			p.keys("get /al") // live paths
			p.complete("pha")
			p.more("\r")
			p.expect("of alpha")
			p.keys("get /alpha --format he\t\r") // values of flags
			p.expect("00000000  6f 66 20")
			p.keys("\x1b[A") // the line before
			p.expect("get /alpha --format hex")
			p.more("\x03") // Ctrl-C clears it
			p.keys("pwd\r")
			p.expect("/\r\n")
			if p.careful { // the simple editor cannot search
				p.keys("\x12") // Ctrl-R: the latest line that has this in it
				p.more("x")    // one key: each is painted
				p.expect("get /alpha --format hex")
				p.more("\r")
				p.expect("00000000  6f 66 20")
			}
			p.keys("get /evil\r") // a node must not drive the terminal
			p.expect(`a\x1b[2Jb\x07`)
			p.keys("get \"/evil\\x1b[2J\" -o zkcli\r") // nor an error
			p.expect(`Invalid path string "/evil\x1b[2J"`)
			p.keys("loop 0 10ms count /alpha\r")
			p.expect("0\r\n")
			p.press("\x03") // Ctrl-C ends the verb, and not the shell
			p.keys("ls -w /\r")
			p.expect("zookeeper")
			p.prompted()
			create("/beta", "")
			p.expect("ChildrenChanged / 0x") // above the line, while nothing is typed
			if p.careful {
				p.expect("\x1b[?25h") // it is painted anew, and once more
				p.expect("\x1b[?25h")
			}
			p.keys("addauth digest ann:secret\r")
			p.keys("whoami\r")
			p.expect("digest:ann")
			p.keys("\x04") // Ctrl-D leaves
			if code := p.exitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			p.checkHistory()
		})
	}
}

// checkHistory: the history has what was typed, but for secrets, and is for its owner alone.
func (p *typist) checkHistory() {
	p.t.Helper()
	file := filepath.Join(p.home, ".local", "state", "quoll", "history")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "get /alpha\n") ||
		strings.Contains(string(text), "secret") {
		p.t.Errorf("history %q, %v", text, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		p.t.Errorf("history: %v, %v", info, err)
	}
}

// A question is asked at the terminal, and a password without echo.
func TestQuestionsAtATerminal(t *testing.T) {
	zk := zktest.Start(t)
	c := zk.Client()
	if _, _, err := c.Create(t.Context(), "/a/b", nil, client.Parents); err != nil {
		t.Fatal(err)
	}
	p := sitDown(t, zk.Servers(), "xterm")
	p.keys("rmr /a\r")
	p.expect("delete 2 nodes at /a on " + zk.Servers() + "? [y/N] ")
	p.press("n\r")
	p.expect("not confirmed")
	p.keys("rmr /a\r")
	p.expect("[y/N] ")
	p.press("y\r")
	p.expect("deleted /a: 2 nodes")
	p.keys("auth digest ann\r")
	p.expect("password of ann: ")
	p.press("hidden\r")
	p.keys("whoami\r")
	p.expect("digest:ann")
	p.mu.Lock()
	if strings.Contains(p.seen.String(), "hidden") {
		t.Error("the password was shown")
	}
	p.mu.Unlock()
	p.keys("quit\r")
	if code := p.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
