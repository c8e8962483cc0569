package goclient_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/interop/apache"
	"quoll/interop/ensemble/members"
	"quoll/interop/process"
)

// options make a server that takes short sessions and all kinds of nodes.
func options(t *testing.T) process.Options {
	return process.Options{
		DataDir:     t.TempDir(),
		ExtraConfig: map[string]string{"tickTime": "100", "maxSessionTimeout": "60000"},
		SystemProps: map[string]string{
			"zookeeper.extendedTypesEnabled": "true",
			"zookeeper.preAllocSize":         "64",
		},
	}
}

// startApache starts Apache's server, and tells what it has logged if it does not come up.
func startApache(t *testing.T, o process.Options) *process.Server {
	t.Helper()
	var log bytes.Buffer
	o.Log = &log
	s, err := apache.Start(t.Context(), o)
	if errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	require.NoError(t, err, "%s", &log)
	t.Cleanup(s.Kill)
	return s
}

func TestAgainstApache(t *testing.T) {
	t.Parallel()
	s := startApache(t, options(t))
	run(t, s.Addr())
}

func TestAgainstQuoll(t *testing.T) {
	t.Parallel()
	binary := os.Getenv("QUOLL")
	if binary == "" {
		t.Skip("QUOLL does not name the server's binary")
	}
	s, err := process.Start(t.Context(), process.Quoll(binary), options(t))
	require.NoError(t, err)
	t.Cleanup(s.Kill)
	run(t, s.Addr())
}

// The same against a follower of three: what is asked of it goes to the leader and back.
func TestAgainstAnEnsembleOfApaches(t *testing.T) { ensemble(t, "aaa") }

func TestAgainstAnEnsembleOfQuolls(t *testing.T) {
	if os.Getenv("QUOLL") == "" {
		t.Skip("QUOLL does not name the server's binary")
	}
	ensemble(t, "qqq")
}

func ensemble(t *testing.T, mixture string) {
	t.Parallel()
	specs, err := members.ParseSpecs(mixture)
	require.NoError(t, err)
	for i := range specs {
		specs[i].Props = options(t).SystemProps
		// Ticks are short because sessions are. Members that share the machine with several servers
		// and compilers are silent for longer than 5 of them.
		specs[i].Config = map[string]string{"initLimit": "100", "syncLimit": "50"}
	}
	e, err := members.New(t.Context(), members.Options{
		Dir: t.TempDir(), Binary: os.Getenv("QUOLL"), TickTime: 100,
	}, specs)
	if errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(e.Close)
	t.Cleanup(func() { tellLogs(t, e) })
	require.NoError(t, e.Start(e.All()...))
	leader, err := e.WaitServing(t.Context(), e.All()...)
	require.NoError(t, err)
	follower := leader%len(specs) + 1
	run(t, e.Member(follower).Addr())
}

// tellLogs shows the ends of the members' logs when the test has failed.
func tellLogs(t *testing.T, e *members.Ensemble) {
	if !t.Failed() {
		return
	}
	for _, m := range e.Members {
		log, err := os.ReadFile(m.LogFile)
		if err != nil {
			t.Logf("member %v: %v", m, err)
			continue
		}
		t.Logf("member %v, the end of its log:\n%s", m, log[max(0, len(log)-20_000):])
	}
}

// run runs the tests of the client and of the recipes against a server. Most of their time they
// wait, so the servers have them at the same time.
func run(t *testing.T, addr string) {
	t.Helper()
	for _, pkg := range []string{"quoll/client", "quoll/client/recipes"} {
		command := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout=4m", pkg)
		command.Env = append(os.Environ(), "QUOLL_CLIENT_TEST_SERVER="+addr)
		out, err := command.CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Errorf("%s: %v", pkg, err)
		}
	}
}
