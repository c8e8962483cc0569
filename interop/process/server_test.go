package process_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"quoll/interop/process"
)

// TestMain lets this test binary play the server: role first, then the zoo.cfg.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && strings.HasPrefix(os.Args[1], "play-") {
		os.Exit(play(os.Args[1], os.Args[2]))
	}
	goleak.VerifyTestMain(m)
}

// play answers srvr on the configured port until SIGTERM, which it answers with exit code 7.
func play(role, config string) int {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	port := ""
	text, _ := os.ReadFile(config)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "clientPort="); ok {
			port = value
		}
	}
	if role == "play-failing" {
		return 3
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return 4
	}
	go func() {
		for first := true; ; first = false {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if role == "play-mute" || role == "play-late" && first {
				continue // like Apache while it loads: neither an answer nor an end
			}
			word := make([]byte, 4)
			if _, err := bufio.NewReader(conn).Read(word); err == nil {
				fmt.Fprintf(conn, "word: %s\nMode: standalone\n", word)
			}
			conn.Close()
		}
	}()
	<-terminated
	return 7
}

func start(t *testing.T, role string, o process.Options) (*process.Server, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o.DataDir = t.TempDir()
	server, err := process.Start(ctx, func(config string, _ process.Options) []string {
		return []string{os.Args[0], role, config}
	}, o)
	if err == nil {
		t.Cleanup(server.Kill)
	}
	return server, err
}

func TestStopReturnsTheExitCodeAndRestartServesAgain(t *testing.T) {
	server, err := start(t, "play-late", process.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if code, err := server.Stop(); code != 7 || err != nil {
		t.Fatalf("exit code %d, %v", code, err)
	}
	again, err := server.Restart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again.Addr() != server.Addr() || again.Pid() == server.Pid() {
		t.Errorf("restarted at %s as %d", again.Addr(), again.Pid())
	}
	again.Kill()
	again.Kill()
	if again.ExitCode() != -1 {
		t.Errorf("exit code after a kill: %d", again.ExitCode())
	}
	if _, err := process.FourLetter(t.Context(), again.Addr(), "srvr"); err == nil {
		t.Error("a killed server answers")
	}
}

func TestStartFailsWithAServerThatEnds(t *testing.T) {
	_, err := start(t, "play-failing", process.Options{})
	if !errors.Is(err, process.ErrNotReady) || !strings.Contains(err.Error(), "exit code 3") {
		t.Fatalf("want ErrNotReady with exit code 3, got %v", err)
	}
}

func TestStartFailsWithAServerThatDoesNotAnswer(t *testing.T) {
	_, err := start(t, "play-mute", process.Options{ReadyWithin: 700 * time.Millisecond})
	if !errors.Is(err, process.ErrNotReady) {
		t.Fatalf("want ErrNotReady, got %v", err)
	}
}

// The server's own directory is another one than that of the program that starts it.
func TestABinaryIsFoundFromTheDirectoryOfTheProgram(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	argv := process.Quoll("bin/quoll")("zoo.cfg", process.Options{})
	if want := filepath.Join(dir, "bin", "quoll"); argv[0] != want {
		t.Errorf("%s, and not %s", argv[0], want)
	}
}

func TestConfigIsSortedAndCanBeReplaced(t *testing.T) {
	o := process.Options{DataDir: "/data", DataLogDir: "/log", Port: 2181,
		ExtraConfig: map[string]string{"tickTime": "100", "zzz": "1"}}
	want := "4lw.commands.whitelist=*\nadmin.enableServer=false\nautopurge.purgeInterval=0\n" +
		"clientPort=2181\nclientPortAddress=127.0.0.1\ndataDir=/data\ndataLogDir=/log\n" +
		"maxClientCnxns=0\ntickTime=100\nzzz=1\n"
	if got := o.Config(); got != want {
		t.Errorf("got %s", got)
	}
}
