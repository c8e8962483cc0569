package matrix_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"quoll/interop/matrix"
	"quoll/interop/process"
)

// TestMain lets this test binary play a server that answers srvr and nothing else.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "play-server" {
		play(os.Args[2])
	}
	goleak.VerifyTestMain(m)
}

func play(addr string) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		os.Exit(1)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			os.Exit(1)
		}
		conn.Write([]byte("version\nMode: standalone\n"))
		conn.Close()
	}
}

func startFake(ctx context.Context, o process.Options) (*process.Server, error) {
	return process.Start(ctx, func(_ string, o process.Options) []string {
		return []string{os.Args[0], "play-server", fmt.Sprintf("127.0.0.1:%d", o.Port)}
	}, o)
}

func shell(t *testing.T, text string) matrix.Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client.sh")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return matrix.Program{Argv: []string{"sh", path, "ADDR"}}
}

func run(t *testing.T, p matrix.Program, within time.Duration) ([]matrix.Check, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return matrix.Run(ctx, matrix.Target{Start: startFake, HoldClients: true}, p, t.TempDir(), "client")
}

func TestAProgramIsObeyed(t *testing.T) {
	checks, err := run(t, shell(t, `
echo PASS "addr $1" | sed 's/:[0-9]*$//'
echo RESTART; read line; echo "PASS $line"
echo CRASH; read line; echo "PASS $line"
echo PAUSE 10; read line; echo "PASS $line"
echo some chatter
echo "FAIL last: it: did not"
exit 1
`), time.Minute)
	want := []matrix.Check{{Name: "addr 127.0.0.1"}, {Name: "RESTARTED"}, {Name: "RESTARTED"},
		{Name: "RESUMED"}, {Name: "last", Why: "failed: it: did not"}}
	if err != nil || !reflect.DeepEqual(checks, want) {
		t.Fatalf("%v, %v", checks, err)
	}
}

func TestAProgramThatDiesIsAnError(t *testing.T) {
	checks, err := run(t, shell(t, "echo PASS one; exit 3"), time.Minute)
	if len(checks) != 1 || err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Fatalf("%v, %v", checks, err)
	}
}

func TestAProgramThatHangsIsEnded(t *testing.T) {
	_, err := run(t, shell(t, "echo PASS one; read line"), 500*time.Millisecond)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func TestAScriptIsPlayed(t *testing.T) {
	p := shell(t, `while read line; do echo "got $line"; done`)
	p.Script = filepath.Join(t.TempDir(), "script.txt")
	script := "# remark\n= one\n$ a b\n> ^got a b$\n@restart\n$ c\n> got c\n" +
		"= two\n$ quit\n> got q\n"
	if err := os.WriteFile(p.Script, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	checks, err := run(t, p, time.Minute)
	if want := []matrix.Check{{Name: "one"}, {Name: "two"}}; err != nil ||
		!reflect.DeepEqual(checks, want) {
		t.Fatalf("%v, %v", checks, err)
	}
}

func TestAScriptFailsOnALineThatDoesNotCome(t *testing.T) {
	p := shell(t, `read line; echo "got $line"`)
	p.Script = filepath.Join(t.TempDir(), "script.txt")
	script := "= one\n$ a\n> got a\n= two\n> got b\n> never looked for\n"
	if err := os.WriteFile(p.Script, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	checks, err := run(t, p, time.Minute)
	if err != nil || len(checks) != 2 || checks[0].Why != "" ||
		!strings.Contains(checks[1].Why, `line 5: no such line of output: "got b"`) {
		t.Fatalf("%v, %v", checks, err)
	}
}

func TestResultsAreMergedAndMakeTheTable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "results.json")
	results, err := matrix.ReadResults(path)
	if err != nil {
		t.Fatal(err)
	}
	results.Set("apache", "java", matrix.Outcome{Checks: []matrix.Check{{Name: "a"}}})
	results.Set("quoll", "java",
		matrix.Outcome{Checks: []matrix.Check{{Name: "a"}, {Name: "b", Why: "x"}}})
	results.Set("quoll", "kazoo", matrix.Outcome{Error: "gone"})
	if err := results.Write(path); err != nil {
		t.Fatal(err)
	}
	again, err := matrix.ReadResults(path)
	if err != nil || !reflect.DeepEqual(results, again) {
		t.Fatalf("%v, %v", again, err)
	}
	readme := filepath.Join(dir, "README.md")
	text := "before\n<!-- interop:begin -->\nold\n<!-- interop:end -->\nafter\n"
	if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := again.RewriteReadme(readme); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(readme)
	for _, want := range []string{"before\n<!-- interop:begin -->\n| Client", "-->\nafter\n",
		"| 3.9.5 | 1 of 2 checks pass | 1 of 1 checks pass |",
		"| 2.11.0 | did not finish, 0 of 0 checks passed | not run |"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if err := os.WriteFile(readme, []byte("no markers"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := again.RewriteReadme(readme); !errors.Is(err, matrix.ErrNoMarkers) {
		t.Errorf("without markers: %v", err)
	}
}
