package zkcli_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/interop/apache"
	"quoll/interop/ensemble/members"
)

// The manual's super user: zookeeper:admin.
const superDigest = "zookeeper:qW/HnTfCSoQpB5G8LgkwT3IbiFc="

// reconfigurable are three of Apache's servers whose members may change, for the super user.
func (s *stand) reconfigurable(t *testing.T) *members.Ensemble {
	t.Helper()
	specs, err := members.ParseSpecs("aaa")
	require.NoError(t, err)
	e, err := members.New(s.ctx, members.Options{Dir: t.TempDir(), Props: map[string]string{
		"zookeeper.DigestAuthenticationProvider.superDigest": superDigest,
	}}, specs)
	if errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(e.Close)
	for _, m := range e.Members {
		m.Config = map[string]string{"reconfigEnabled": "true"}
		for _, o := range e.Members {
			key, value, _ := strings.Cut(spec(o), "=")
			m.Config[key] = value
		}
	}
	require.NoError(t, e.Start(e.All()...))
	_, err = e.WaitServing(s.ctx, e.All()...)
	require.NoError(t, err)
	return e
}

// spec is a member as a configuration has it.
func spec(m *members.Member) string {
	return fmt.Sprintf("server.%d=127.0.0.1:%d:%d:participant;127.0.0.1:%d", m.ID, m.Quorum,
		m.Election, m.Client)
}

// What joins and leaves here: observers, which need not be there.
const (
	four = "4=127.0.0.1:1001:1002:observer;1003"
	five = "5=127.0.0.1:2001:2002:OBSERVER;0.0.0.0:2003"
)

func TestReconfig(t *testing.T) {
	s := newStand(t)
	e := s.reconfigurable(t)
	t.Run("as zkCli", func(t *testing.T) { s.reconfigsAsZkCLI(t, e) })
	t.Run("one by one", func(t *testing.T) { s.reconfigsOneByOne(t, e) })
}

func (s *stand) reconfigsAsZkCLI(t *testing.T, e *members.Ensemble) {
	var three []string
	for _, m := range e.Members {
		three = append(three, spec(m))
	}
	file := filepath.Join(t.TempDir(), "members.cfg")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(three, "\n")+"\n"), 0o600))
	all := []line{
		{"reconfig -remove 9", ' '}, {"addauth digest zookeeper:admin", ' '},
		{"config -s", ' '}, {"config -c", ' '}, {"config -w", ' '},
		{"reconfig -add " + four, ' '}, {"config", ' '},
		{"reconfig -s -remove 4", ' '}, {"reconfig -add " + four + "," + five + " -s", ' '},
		{"config -c", ' '}, {"reconfig -remove 4,5", ' '},
		{"reconfig -v 7 -add " + four, ' '},
		{"reconfig -members " + strings.Join(three, ",") + ",server." + four, ' '},
		{"reconfig -file " + file, ' '}, {"reconfig -remove 17", ' '},
		{"reconfig -add nonsense", '~'}, {"reconfig -add 6=127.0.0.1", ' '}, {"config", ' '},
	}
	want := typed(t, s.zkcli(t, e.Member(1).Addr()), all)
	got := typed(t, s.shell(t, e.Member(1).Addr()), all)
	for i, l := range all {
		if got, want := inOrder(got.answers[i]), inOrder(want.answers[i]); !got.like(want, l.kind) {
			t.Errorf("%s\nprints %s\nzkCli  %s", l.text, got, want)
		}
	}
	require.Equal(t, want.events, got.events)
}

// inOrder sorts the addresses that config -c prints: zkCli has them in the order of a hash table.
func inOrder(a answer) answer {
	for i, text := range a.out {
		version, list, ok := strings.Cut(text, " ")
		if addrs := strings.Split(list, ","); ok && version == "VERSION" {
			slices.Sort(addrs)
			a.out[i] = version + " " + strings.Join(addrs, ",")
		}
	}
	return a
}

// reconfigsOneByOne changes the ensemble by processes of one verb each: a member that runs leaves,
// and is taken in again. It does not lead, or all clients would lose their connection meanwhile.
func (s *stand) reconfigsOneByOne(t *testing.T, e *members.Ensemble) {
	leaves := e.Member(3)
	if e.Leader(s.ctx) == leaves.ID {
		leaves = e.Member(2)
	}
	id := fmt.Sprint(leaves.ID)
	entry := "server." + id + "="
	auth := filepath.Join(t.TempDir(), "auth")
	require.NoError(t, os.WriteFile(auth, []byte("digest:zookeeper:admin\n"), 0o600))
	quoll := func(args ...string) *exec.Cmd {
		command := exec.CommandContext(s.ctx, s.quoll, args...)
		command.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CONFIG_HOME=",
			"ZK_SERVERS="+e.Member(1).Addr(), "ZK_AUTH_FILE="+auth)
		return command
	}
	run := func(code int, args ...string) string {
		t.Helper()
		got, is := done(t, quoll(args...))
		require.Equal(t, code, is, "%q: %s", args, got)
		return strings.Join(got.out, "\n")
	}
	run(5, "reconfig", "--yes", "--remove", "9", "--auth-file", os.DevNull)
	run(2, "reconfig", "--remove", "9")
	require.NotContains(t, run(0, "reconfig", "--dry-run", "--remove", id), entry)
	require.Contains(t, run(0, "ensemble"), entry)

	watch := quoll("ensemble", "-w", "-o", "jsonl")
	out, err := watch.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, watch.Start())
	told := bufio.NewScanner(out)
	require.True(t, told.Scan())
	var now struct {
		Version string
		Servers []struct{ ID string }
	}
	require.NoError(t, json.Unmarshal(told.Bytes(), &now))
	require.Len(t, now.Servers, 3)
	run(4, "reconfig", "--yes", "--remove", id, "-v", "0x7")
	removed := run(0, "reconfig", "--yes", "--remove", id, "-v", now.Version)
	require.NotContains(t, removed, entry)
	require.True(t, told.Scan())
	require.Contains(t, told.Text(), `"kind":"DataChanged","path":"/zookeeper/config"`)
	require.NoError(t, watch.Wait())

	require.Contains(t, run(0, "reconfig", "--yes", "--add", spec(leaves)), entry)
	require.Equal(t, strings.Join([]string{"ADDR", "ADDR", "ADDR\n"}, ","), run(0, "ensemble", "-c"))
}
