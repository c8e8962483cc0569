package zkcli_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/interop/apache"
	"quoll/interop/process"
)

// line is a line of lines.txt. kind is what stands in front of it there.
type line struct {
	text string
	kind byte
}

func lines(t *testing.T) (all []line) {
	t.Helper()
	text, err := os.ReadFile("lines.txt")
	require.NoError(t, err)
	for text := range strings.Lines(string(text)) {
		l := line{strings.TrimSuffix(text, "\n"), ' '}
		if l.text == "" || l.text[0] == '#' {
			continue
		}
		if len(l.text) > 2 && l.text[1] == ' ' {
			l.kind, l.text = l.text[0], l.text[2:]
		}
		all = append(all, l)
	}
	return all
}

// stand has a server for each shell, with the same in all of them: nothing.
type stand struct {
	ctx   context.Context
	quoll string
	// command is how Apache's server is run.
	command process.Command
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{quoll: os.Getenv("QUOLL")}
	if s.quoll == "" {
		t.Skip("QUOLL does not name the binary")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	s.ctx = ctx
	var err error
	if s.command, err = apache.Command(ctx); errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return s
}

func (s *stand) server(t *testing.T, command process.Command) string {
	t.Helper()
	server, err := process.Start(s.ctx, command, process.Options{
		DataDir:     t.TempDir(),
		ExtraConfig: map[string]string{"enforceQuota": "true"},
		SystemProps: map[string]string{"zookeeper.extendedTypesEnabled": "true"},
	})
	require.NoError(t, err)
	t.Cleanup(server.Kill)
	return server.Addr()
}

// zkcli and shell are both shells in front of a server, with the same arguments.
func (s *stand) zkcli(t *testing.T, addr string, args ...string) *exec.Cmd {
	t.Helper()
	command, err := apache.ZKCliCommand(s.ctx,
		append([]string{"-server", addr, "-waitforconnection"}, args...)...)
	require.NoError(t, err)
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	return command
}

func (s *stand) shell(t *testing.T, addr string, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(s.ctx, s.quoll,
		append([]string{"shell", "-server", addr, "-waitforconnection"}, args...)...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CONFIG_HOME=", "XDG_STATE_HOME=")
	return command
}

func TestTheShellPrintsWhatZkCLIPrints(t *testing.T) {
	s, all := newStand(t), lines(t)
	want := typed(t, s.zkcli(t, s.server(t, s.command)), all)
	for whose, server := range map[string]process.Command{
		"Apache": s.command, "Quoll": process.Quoll(s.quoll),
	} {
		t.Run("against "+whose, func(t *testing.T) {
			t.Parallel()
			got := typed(t, s.shell(t, s.server(t, server)), all)
			for i, want := range want.answers {
				if got := got.answers[i]; !got.like(want, all[i].kind) {
					t.Errorf("%s\nprints %s\nzkCli  %s", all[i].text, got, want)
				}
			}
			if !slices.Equal(got.events, want.events) {
				t.Errorf("events:\n%s\nzkCli:\n%s", strings.Join(got.events, "\n"),
					strings.Join(want.events, "\n"))
			}
		})
	}
}

// One command and out: the first lines are there too, and the exit code tells of an error where
// zkCli's does. Which one it is ours tells by itself (docs/shell.md).
func TestOneCommandAsZkCLI(t *testing.T) {
	s := newStand(t)
	theirs, ours := s.server(t, s.command), s.server(t, process.Quoll(s.quoll))
	for _, args := range [][]string{
		{"ls", "/"}, {"get", "/none"}, {"create", "/a", "data"}, {"create", "/a"},
		{"get", "-s", "/a"}, {"ls", "relative"}, {"-r", "get", "/a"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			want, wantCode := done(t, s.zkcli(t, theirs, args...))
			for _, addr := range []string{theirs, ours} {
				if addr == theirs && args[0] == "create" && wantCode == 0 {
					continue // it is there now
				}
				got, code := done(t, s.shell(t, addr, args...))
				if !slices.Equal(got.out, want.out) || !slices.Equal(got.err, want.err) ||
					(code == 0) != (wantCode == 0) {
					t.Errorf("exit code %d, printed %s\nzkCli's %d, %s", code, got, wantCode, want)
				}
			}
		})
	}
}
