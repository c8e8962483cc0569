package verbs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"quoll/client"
	"quoll/client/recipes/elect"
	"quoll/client/recipes/lock"
	"quoll/zktest"
)

// began is a verb that runs, whose output is read while it does.
type began struct {
	t     *testing.T
	b     *bench
	lines *bufio.Scanner
	code  chan int
}

// begin runs a verb of its own bench against a server.
func begin(t *testing.T, s *zktest.Server, args ...string) *began {
	return prepared(t, s, func(*bench) {}, args...)
}

// prepared is begin, with a bench that prepare has changed.
func prepared(t *testing.T, s *zktest.Server, prepare func(*bench), args ...string) *began {
	b := newBench(t)
	prepare(b)
	b.host.Settings.Servers = s.Servers()
	r, w := io.Pipe()
	b.host.Stdout = w
	run := &began{t: t, b: b, lines: bufio.NewScanner(r), code: make(chan int, 1)}
	go func() {
		run.code <- b.do(args...)
		_ = w.Close()
	}()
	return run
}

func (r *began) line() string {
	r.t.Helper()
	if !r.lines.Scan() {
		r.t.Fatalf("no more output; %s", r.b.err.String())
	}
	return r.lines.Text()
}

// ends reads what is left of the output, and returns it with the exit code.
func (r *began) ends() (code int, rest string) {
	for r.lines.Scan() {
		rest += r.lines.Text() + "\n"
	}
	return <-r.code, rest
}

func make1(t *testing.T, c *client.Client, path string) {
	t.Helper()
	if _, _, err := c.Create(context.Background(), path, nil, client.Parents); err != nil {
		t.Fatal(err)
	}
}

// initialLine freezes the fields of an event.
var initialLine = regexp.MustCompile(
	`^{"time":"[-0-9T:.]+Z","kind":"Initial","path":"/w","zxid":"0x0","resync":false}$`)

func TestWatch(t *testing.T) {
	for _, tc := range []struct {
		args string
		want string // kinds and paths
	}{
		{"-R", "Created /w/a,Deleted /w/a,DataChanged /w"},
		{"--mode persistent", "ChildrenChanged /w,ChildrenChanged /w,DataChanged /w"},
		{"--mode children", "ChildrenChanged /w,ChildrenChanged /w"},
		{"--mode data", "DataChanged /w"},
	} {
		s := zktest.Start(t)
		c := s.Client()
		ctx := context.Background()
		make1(t, c, "/w")
		want := strings.Split(tc.want, ",")
		args := append(strings.Fields("watch --initial /w --count "+fmt.Sprint(len(want))),
			strings.Fields(tc.args)...)
		run := begin(t, s, append(args, "-o", "jsonl")...)
		if first := run.line(); !initialLine.MatchString(first) {
			t.Errorf("%s: %s", tc.args, first)
		}
		steps := []func(){
			func() { make1(t, c, "/w/a") },
			func() { _ = c.Delete(ctx, "/w/a", -1) },
			func() { _, _ = c.Set(ctx, "/w", []byte("x"), -1) },
		}
		if tc.args == "--mode data" {
			steps = steps[2:]
		}
		for i := range want {
			steps[i]() // one at a time: a one-shot watch tells of two changes once
			kind, path, _ := strings.Cut(want[i], " ")
			event := fmt.Sprintf(`"kind":"%s","path":"%s","zxid":"0x`, kind, path)
			if got := run.line(); !strings.Contains(got, event) {
				t.Errorf("%s: %s, want %s", tc.args, got, event)
			}
		}
		if code, rest := run.ends(); code != 0 || rest != "" {
			t.Errorf("%s: exit code %d, %s", tc.args, code, rest)
		}
	}
}

// The command runs once at a time. What happens meanwhile is told behind it.
func TestWatchDoesNotOverlap(t *testing.T) {
	s := zktest.Start(t)
	c := s.Client()
	make1(t, c, "/w")
	dir := t.TempDir()
	gate := filepath.Join(dir, "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	run := begin(t, s, "watch", "-R", "--initial", "--count", "3", "/w", "--", "sh", "-c", `
		mkdir `+dir+`/busy || echo overlap
		echo $ZK_EVENT $ZK_PATH
		read x < `+gate+`
		rmdir `+dir+`/busy
		test $ZK_PATH != /w/2 || exit 7`)
	for i, want := range []string{"Initial /w", "Created /w/0", "Created /w/1", "Created /w/2"} {
		if got := run.line(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if i == 0 {
			for j := range 3 {
				make1(t, c, fmt.Sprintf("/w/%d", j))
			}
		}
		if err := os.WriteFile(gate, []byte("go\n"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if code, rest := run.ends(); code != 7 || rest != "" {
		t.Errorf("exit code %d, want that of the last command; %s", code, rest)
	}
}

func TestWatchErrors(t *testing.T) {
	b := served(t)
	for line, code := range map[string]int{
		"watch": 2, "watch /a /b": 2, "watch / --": 2, "watch -R --mode data /": 2, "watch --mode x /": 2,
		"watch --mode children /none": 3, "watch --timeout 20ms /": 6,
		"watch --initial --count 1 --timeout 20ms / -- false": 6,
		"watch --initial / -- /no/such/command":               127,
	} {
		if got := b.do(strings.Fields(line)...); got != code {
			t.Errorf("%s: exit code %d, want %d: %s", line, got, code, b.err.String())
		}
	}
}

var heldLine = regexp.MustCompile(`^/l/_c_[0-9a-f-]{36}-(__WRIT__|__READ__|lock-)\d{10} 0x[0-9a-f]+$`)

func TestLockAndElect(t *testing.T) {
	s := zktest.Start(t)
	c := s.Client()
	b := newBench(t)
	b.host.Settings.Servers = s.Servers()
	ctx := context.Background()
	do := func(line string, want int, command ...string) string {
		t.Helper()
		if code := b.do(append(strings.Fields(line), command...)...); code != want {
			t.Errorf("%s: exit code %d, want %d: %s", line, code, want, b.err.String())
		}
		return b.out.String()
	}
	show := []string{"--", "sh", "-c", "echo $ZK_PATH $ZK_TOKEN; exit 5"}
	for _, line := range []string{
		"lock /l", "lock --shared /l", "lock --mutex /l", "elect /l", "elect --wait 0s /l",
	} {
		if out := do(line, 5, show...); !heldLine.MatchString(strings.TrimSuffix(out, "\n")) {
			t.Errorf("%s: %q", line, out)
		}
		if names, _, err := c.Children(ctx, "/l"); err != nil || len(names) != 0 {
			t.Errorf("%s: left behind: %v, %v", line, names, err)
		}
	}
	do("lock /l -- /no/such/command", 127)
	do("lock /l -- /", 126)
	do("lock /l", 2)
	do("lock --shared --mutex /l -- true", 2)
	do("elect /l --wait -1s -- true", 2)
	do("lock /l -- sh -c", 143, "kill -TERM $$")

	held, err := lock.NewRW(c, "/l").R().Lock(ctx)
	if err != nil {
		t.Fatal(err)
	}
	do("lock --wait 0s /l -- true", 8)
	do("lock --wait 30ms /l -- true", 8)
	do("lock --shared --wait 0s /l -- true", 0)
	if err := held.Release(ctx); err != nil {
		t.Fatal(err)
	}
	term, err := elect.New(c, "/l", []byte("me")).Campaign(ctx)
	if err != nil {
		t.Fatal(err)
	}
	do("elect --wait 0s /l -- true", 8)
	do("elect --wait 30ms /l -- true", 8)
	if err := term.Release(ctx); err != nil {
		t.Fatal(err)
	}
	do("elect --wait 30s /l -- true", 0)
}

// A lock that is lost ends the command: by TERM, or by KILL with all that it has started.
func TestLockIsLost(t *testing.T) {
	for _, ignores := range []bool{false, true} {
		s := zktest.Start(t)
		c := s.Client()
		fifo := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		script := `trap 'echo term; exit 3' TERM; echo ready; while :; do sleep 0.02; done`
		if ignores {
			script = `trap '' TERM; (exec 1>&- 2>&- 3>` + fifo + `; while :; do sleep 0.02; done) &
				echo ready; wait`
		}
		run := begin(t, s, "lock", "--grace", "100ms", "/l", "--", "sh", "-c", script)
		if got := run.line(); got != "ready" {
			t.Fatal(got)
		}
		names, _, err := c.Children(context.Background(), "/l")
		if err == nil {
			err = c.Delete(context.Background(), "/l/"+names[0], client.AnyVersion)
		}
		if err != nil {
			t.Fatal(err)
		}
		if ignores {
			if _, err := os.ReadFile(fifo); err != nil { // it ends when nobody can write any more
				t.Fatal(err)
			}
		}
		code, rest := run.ends()
		if code != 9 || (rest == "term\n") == ignores {
			t.Errorf("exit code %d, %q; %s", code, rest, run.b.err.String())
		}
	}
}

// A lock is lost when the session may have ended, whether or not a server can be asked.
func TestLockWithoutServers(t *testing.T) {
	s := zktest.Start(t)
	run := begin(t, s, "lock", "--session-timeout", "400ms", "/l", "--", "sh", "-c",
		`trap 'echo term; exit 0' TERM; echo ready; while :; do sleep 0.02; done`)
	if got := run.line(); got != "ready" {
		t.Fatal(got)
	}
	s.Stop()
	if code, rest := run.ends(); code != 9 || rest != "term\n" {
		t.Errorf("exit code %d, %q; %s", code, rest, run.b.err.String())
	}
}

// A signal ends the command, gives the lock back, and is the exit code.
func TestLockIsSignalled(t *testing.T) {
	for s, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		server := zktest.Start(t)
		run := begin(t, server, "lock", "/l", "--", "sh", "-c",
			`trap 'echo term; exit 0' TERM; echo ready; while :; do sleep 0.02; done`)
		if got := run.line(); got != "ready" {
			t.Fatal(got)
		}
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		if code, rest := run.ends(); code != want || rest != "term\n" {
			t.Errorf("%v: exit code %d, %q", s, code, rest)
		}
		names, _, err := server.Client().Children(context.Background(), "/l")
		if err != nil || len(names) != 0 {
			t.Errorf("the lock is held yet: %v, %v", names, err)
		}
	}
}
