package voter_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/interop/apache"
	"quoll/interop/process"
	"quoll/interop/voter"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
	"quoll/quorum/election"
)

// trio is three servers on loopback: ours has id 1, Apache's have 2 and 3.
type trio struct {
	t      *testing.T
	ctx    context.Context
	config *config.Config
	apache map[jute.PeerID]*apache.Server
	logs   string // directory
}

func newTrio(t *testing.T) *trio {
	if _, err := apache.ClassPath(t.Context()); errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	e := &trio{t: t, ctx: ctx, apache: map[jute.PeerID]*apache.Server{},
		logs: t.TempDir()}
	var lines []string
	for id := 1; id <= 3; id++ {
		lines = append(lines, fmt.Sprintf("server.%d=127.0.0.1:%d:%d:participant",
			id, e.port(), e.port()))
	}
	e.parse(strings.Join(append(lines, "version=0"), "\n"))
	return e
}

func (e *trio) parse(text string) {
	var err error
	e.config, err = config.ParseText(text, config.Rules{})
	require.NoError(e.t, err)
}

func (e *trio) port() int {
	port, err := process.FreePort()
	require.NoError(e.t, err)
	return port
}

// options are those of one of Apache's servers.
func (e *trio) options(id jute.PeerID) apache.Options {
	dir := e.t.TempDir()
	require.NoError(e.t, os.WriteFile(filepath.Join(dir, "myid"), fmt.Append(nil, int64(id)), 0o644))
	extra := map[string]string{"tickTime": "500", "initLimit": "20", "syncLimit": "10"}
	for _, m := range e.config.Members {
		extra[fmt.Sprintf("server.%d", m.ID)] = m.String()
	}
	log, err := os.Create(filepath.Join(e.logs, fmt.Sprintf("%d.log", id)))
	require.NoError(e.t, err)
	e.t.Cleanup(func() { log.Close() })
	return apache.Options{DataDir: dir, ExtraConfig: extra, ReadyWithin: time.Minute, Log: log,
		JVM: append(apache.JVMFlags(), "-Xmx256m")}
}

// start runs Apache's servers with some ids, which find their leader together.
func (e *trio) start(ids ...jute.PeerID) {
	type started struct {
		id     jute.PeerID
		server *apache.Server
		err    error
	}
	all := make(chan started)
	for _, id := range ids {
		o := e.options(id)
		go func() {
			server, err := apache.Start(e.ctx, o)
			all <- started{id, server, err}
		}()
	}
	for range ids {
		s := <-all
		require.NoError(e.t, s.err)
		e.apache[s.id] = s.server
		e.t.Cleanup(s.server.Kill)
	}
}

// leader is the one of Apache's servers that says that it leads.
func (e *trio) leader() jute.PeerID {
	for _, id := range []jute.PeerID{2, 3} {
		if s := e.apache[id]; s != nil {
			said, err := process.FourLetter(e.ctx, s.Addr(), "srvr")
			if err == nil && strings.Contains(said, "Mode: leader") {
				return id
			}
		}
	}
	return 0
}

func (e *trio) vote(s election.Standing) *voter.Voter {
	v, err := voter.Start(1, e.config, s)
	require.NoError(e.t, err)
	return v
}

func result(t *testing.T, v *voter.Voter) voter.Result {
	select {
	case r := <-v.Elected():
		return r
	case <-time.After(30 * time.Second):
		t.Fatal("nobody is elected")
		return voter.Result{}
	}
}

// TestApacheElectsWithUs: our election part, with the lowest id and nothing on its disk, agrees with
// two of Apache's servers on their leader: when it votes with them, when it asks again, when it comes
// later, and when one of them has been away.
func TestApacheElectsWithUs(t *testing.T) {
	e := newTrio(t)
	early := e.vote(election.Standing{})
	e.start(2, 3)
	leader := e.leader()
	require.NotZero(t, leader)
	r := result(t, early)
	require.Equal(t, ensemble.Following, r.State)
	require.Equal(t, leader, r.Vote.Leader)

	early.Look(election.Standing{})
	require.Equal(t, leader, result(t, early).Vote.Leader, "it asks again")
	early.Stop()

	late := e.vote(election.Standing{})
	defer late.Stop()
	r = result(t, late)
	require.Equal(t, ensemble.Following, r.State)
	require.Equal(t, leader, r.Vote.Leader)
	require.EqualValues(t, 1, r.Vote.PeerEpoch, "that of the reign")
	require.Zero(t, late.Stats().BadInput)

	// An Apache server that comes back joins, and says again who leads.
	follower := 5 - leader
	e.apache[follower].Kill()
	again, err := e.apache[follower].Restart(e.ctx)
	require.NoError(t, err)
	e.apache[follower] = again
	t.Cleanup(again.Kill)
	late.Look(election.Standing{})
	r = result(t, late)
	require.Equal(t, e.leader(), r.Vote.Leader)

	// Without the leader the other one and we are a quorum, and our vote is needed.
	leader = e.leader()
	survivor := 5 - leader
	e.apache[leader].Kill()
	// The survivor may still say that it follows, and the leader's last word be on its way.
	for r.Vote.Leader != survivor {
		late.Look(election.Standing{})
		r = result(t, late)
	}
	require.Equal(t, ensemble.Following, r.State)
	require.Zero(t, late.Stats().BadInput)
	e.noComplaints()
}

// TestObserversAskApache: one that the configuration knows, and one that Apache's servers have never
// heard of, learn who leads.
func TestObserversAskApache(t *testing.T) {
	e := newTrio(t)
	text := e.config.String()
	e.parse(strings.Replace(text, "participant", "observer", 1)) // server 1
	e.start(2, 3)
	known, err := voter.Start(1, e.config, election.Standing{})
	require.NoError(t, err)
	defer known.Stop()
	stranger := fmt.Sprintf("server.7=127.0.0.1:%d:%d:observer\n", e.port(), e.port())
	e.parse(stranger + e.config.String())
	unknown, err := voter.Start(7, e.config, election.Standing{})
	require.NoError(t, err)
	defer unknown.Stop()
	for _, v := range []*voter.Voter{known, unknown} {
		r := result(t, v)
		require.Equal(t, ensemble.Observing, r.State)
		require.Equal(t, e.leader(), r.Vote.Leader)
		require.Zero(t, v.Stats().BadInput)
	}
	e.noComplaints()
}

// noComplaints: Apache's servers could read all that we said.
func (e *trio) noComplaints() {
	logs, err := filepath.Glob(filepath.Join(e.logs, "*.log"))
	require.NoError(e.t, err)
	require.Len(e.t, logs, 2)
	for _, name := range logs {
		text, err := os.ReadFile(name)
		require.NoError(e.t, err)
		require.NotEmpty(e.t, text)
		for _, complaint := range []string{"malformed", "Something went wrong", "short response",
			"parsing error", "invalid packet"} {
			require.NotContains(e.t, string(text), complaint)
		}
	}
}
