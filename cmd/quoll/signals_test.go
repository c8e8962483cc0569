package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client/wire"
)

// TestMain runs the command when a test starts this binary as the command.
func TestMain(m *testing.M) {
	if os.Getenv("QUOLL_TEST_COMMAND") != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// A server goes on after a SIGQUIT, which prints the stacks of its goroutines, and after the end of
// the process that reads its log. A SIGHUP stops it as cleanly as a SIGTERM.
func TestSignals(t *testing.T) {
	log, to, err := os.Pipe()
	require.NoError(t, err)
	file := t.TempDir() + "/zoo.cfg"
	text := fmt.Sprintf("dataDir=%s\nclientPort=0\nclientPortAddress=[::1]\n", t.TempDir())
	if _, err := os.Stat("/proc/net/if_inet6"); err != nil {
		text = strings.Replace(text, "[::1]", "127.0.0.1", 1)
	}
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	server := exec.Command(os.Args[0], "server", file) //nolint:gosec // this test binary
	server.Env = append(os.Environ(), "QUOLL_TEST_COMMAND=1")
	server.Stderr = to
	require.NoError(t, server.Start())
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	defer func() { _ = server.Process.Kill() }()
	require.NoError(t, to.Close())
	require.NoError(t, log.SetReadDeadline(time.Now().Add(20*time.Second)))
	lines := bufio.NewReader(log)
	until := func(part string) string {
		for all := ""; ; {
			line, err := lines.ReadString('\n')
			all += line
			require.NoError(t, err, all)
			if strings.Contains(line, part) {
				return all
			}
		}
	}
	address := regexp.MustCompile(`"addresses": \["([^"]+)"`)
	addr := address.FindStringSubmatch(until("serving"))[1]

	require.NoError(t, server.Process.Signal(syscall.SIGQUIT))
	require.Contains(t, until(strings.TrimSpace(dumpEnd)), "created by quoll/internal/server.(*Server).run")

	require.NoError(t, log.Close())
	require.NoError(t, server.Process.Signal(syscall.SIGQUIT)) // writes to the broken pipe
	conn, err := wire.Dial(t.Context(), addr, wire.Options{})
	require.NoError(t, err)
	_, _, err = conn.Create(t.Context(), "/a", nil, nil, 0)
	require.NoError(t, err)
	conn.Abort()

	require.NoError(t, server.Process.Signal(syscall.SIGHUP))
	require.NoError(t, <-ended)
}
