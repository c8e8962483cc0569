package server_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"quoll/internal/config"
	"quoll/internal/server"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/alone"
	"quoll/persistence/snap"
)

func (e *ensemble) below(i int) string { return filepath.Join(e.home(i), "data", "version-2") }

// runAlone serves the directory of a member without the others, and writes n nodes.
func (e *ensemble) runAlone(i, n int) {
	e.t.Helper()
	r := startLogging(e.t, zaptest.NewLogger(e.t), filepath.Join(e.home(i), "data"), persistence.OS{})
	if n > 0 {
		c := dial(e.t, r.addr)
		e.create(c, 900, 900+n)
		c.Abort()
	}
	r.finish(e.t)
}

// refused starts a member and returns why it does not serve.
func (e *ensemble) refused(i int) error {
	e.t.Helper()
	cfg, err := config.Load(filepath.Join(e.home(i), "zoo.cfg"), nil)
	require.NoError(e.t, err)
	ctx, cancel := context.WithTimeout(e.t.Context(), patience)
	defer cancel()
	return server.New(cfg, persistence.OS{}, zap.NewNop()).Run(ctx)
}

// files are the names and bytes of a member's directory.
func (e *ensemble) files(i int) map[string]string {
	all := map[string]string{}
	list, err := os.ReadDir(e.below(i))
	require.NoError(e.t, err)
	for _, f := range list {
		text, err := os.ReadFile(filepath.Join(e.below(i), f.Name()))
		require.NoError(e.t, err)
		all[f.Name()] = string(text)
	}
	return all
}

// A member is stopped, its directory is served and written to without the others, who go on
// meanwhile: they give the same zxids to other transactions, and more of them, or begin another
// epoch. The member does not come back, and says what to do. Empty it does.
func TestAMemberThatRanAloneDoesNotComeBack(t *testing.T) {
	for _, anotherReign := range []bool{false, true} {
		t.Run(fmt.Sprint("another reign ", anotherReign), func(t *testing.T) {
			e := newEnsemble(t, 3, 0)
			e.start(0, 1, 2)
			leader := e.serving()
			c := e.client(leader)
			e.create(c, 0, 10)
			e.same()
			away := (leader + 1) % 3
			e.stop(away)
			e.runAlone(away, 3)
			e.create(c, 100, 130)
			c.Abort()
			if anotherReign {
				e.stop(leader)
				e.start(leader)
				e.serving()
			}
			before := e.files(away)
			err := e.refused(away)
			require.ErrorIs(t, err, persistence.ErrDirectory)
			var refusal *alone.Error
			require.ErrorAs(t, err, &refusal)
			require.GreaterOrEqual(t, int64(refusal.Last-refusal.From), int64(3), "a session, 3 nodes")
			require.ErrorContains(t, err, e.below(away)+" is a member's and was written to by a server"+
				" alone: transactions 0x1")
			require.Equal(t, before, e.files(away), "a start that is refused changes nothing")
			require.NoError(t, os.Rename(e.below(away), e.below(away)+".alone"))
			e.start(away)
			e.serving()
			e.has(away, "/n129")
			e.same()
		})
	}
}

// Nothing is left of two of three members. The third one serves alone, and is what the ensemble
// begins from again.
func TestAMemberThatRanAloneIsWhatTheEnsembleBeginsFrom(t *testing.T) {
	e := newEnsemble(t, 3, 0)
	e.start(0, 1, 2)
	c := e.client(e.serving())
	e.create(c, 0, 10)
	c.Abort()
	e.same()
	for i := range 3 {
		e.stop(i)
	}
	require.NoError(t, os.RemoveAll(e.below(0)))
	require.NoError(t, os.RemoveAll(e.below(2)))
	e.runAlone(1, 3)
	e.runAlone(1, 0)
	require.Error(t, e.refused(1))
	require.NoError(t, os.Remove(alone.Path(e.below(1))))
	e.start(1, 0)
	require.Equal(t, 1, e.serving(), "it has the history")
	e.start(2)
	e.serving()
	for i := range 3 {
		e.has(i, "/n902")
	}
	e.same()
}

// A server alone that wrote nothing leaves no note. One that was killed between its note and its
// first transaction leaves a note that means nothing; the member forgets it, because what the
// ensemble writes next has the zxid that the note names.
func TestAMemberThatRanAloneAndWroteNothingComesBack(t *testing.T) {
	e := newEnsemble(t, 3, 0)
	e.start(0, 1, 2)
	leader := e.serving()
	c := e.client(leader)
	e.create(c, 0, 10)
	e.same()
	away := (leader + 1) % 3
	e.stop(away)
	e.runAlone(away, 0)
	require.NoFileExists(t, alone.Path(e.below(away)))
	e.start(away)
	e.serving()
	e.same()
	e.stop(away)
	_, text, _ := strings.Cut(e.word(leader, "srvr"), "\nZxid: 0x")
	text, _, _ = strings.Cut(text, "\n")
	last, err := strconv.ParseInt(text, 16, 64)
	require.NoError(t, err)
	require.NoError(t, alone.Leave(persistence.OS{}, e.below(away),
		alone.Note{From: jute.Zxid(last) + 1, Epoch: 1}))
	e.start(away)
	e.serving()
	e.create(c, 100, 110)
	c.Abort()
	e.same()
	e.stop(away)
	e.start(away)
	e.serving()
	e.same()
}

// A member's directory can be served by a server alone, which warns. A directory that was never a
// member's gets neither warning nor note.
func TestAMembersDirectoryAlone(t *testing.T) {
	warned := func(dir string) int {
		core, lines := observer.New(zap.WarnLevel)
		r := startLogging(t, zap.New(core), dir, persistence.OS{})
		dial(t, r.addr).Abort()
		r.finish(t)
		return lines.FilterMessageSnippet("this directory was a member's").Len()
	}
	e := newEnsemble(t, 1, 0)
	e.extra = "standaloneEnabled=false\n"
	e.start(0)
	e.serving()
	e.stop(0)
	data := filepath.Join(e.home(0), "data")
	require.Equal(t, 1, warned(data))
	note, err := os.ReadFile(alone.Path(e.below(0)))
	require.NoError(t, err)
	require.Equal(t, 1, warned(data))
	again, err := os.ReadFile(alone.Path(e.below(0)))
	require.NoError(t, err)
	require.Equal(t, string(note), string(again), "the histories part where they did")
	fresh := t.TempDir()
	require.Zero(t, warned(fresh))
	require.Zero(t, warned(fresh))
	require.NoFileExists(t, alone.Path(filepath.Join(fresh, "version-2")))
}

// A server alone ends the ephemerals of sessions that nobody knows, without a transaction. The tree
// is not the ensemble's then, although nothing was written.
func TestAMemberThatRanAloneWithoutTheOrphansDoesNotComeBack(t *testing.T) {
	dir := t.TempDir()
	d, err := persistence.Open(persistence.OS{}, persistence.DefaultOptions(dir))
	require.NoError(t, err)
	_, err = d.Recover(discard{})
	require.NoError(t, err)
	require.NoError(t, d.SetAcceptedEpoch(1))
	require.NoError(t, d.SetCurrentEpoch(1))
	w, err := d.CreateSnapshot(0)
	require.NoError(t, err)
	require.NoError(t, w.Node("", nil, -1, &jute.StatPersisted{}))
	require.NoError(t, w.Node("/orphan", nil, -1, &jute.StatPersisted{EphemeralOwner: 77}))
	_, err = w.Finish(snap.Trailer{})
	require.NoError(t, err)
	require.NoError(t, d.Close())
	below := filepath.Join(dir, "version-2")
	require.NoError(t, alone.Refuse(persistence.OS{}, below, 0))
	startLogging(t, zaptest.NewLogger(t), dir, persistence.OS{}).finish(t)
	require.ErrorContains(t, alone.Refuse(persistence.OS{}, below, 0), "transactions 0x0 to 0x0")
}

// A member says that its directory was copied: it cannot know whether that is older than its word.
func TestAMemberFromACopy(t *testing.T) {
	e := newEnsemble(t, 1, 0)
	e.extra = "standaloneEnabled=false\n"
	e.start(0)
	e.serving()
	e.stop(0)
	said := func() int {
		core, lines := observer.New(zap.WarnLevel)
		cfg, err := config.Load(filepath.Join(e.home(0), "zoo.cfg"), nil)
		require.NoError(t, err)
		s := server.New(cfg, persistence.OS{}, zap.New(core))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		s.Listening = func([]netip.AddrPort) { cancel() }
		require.NoError(t, s.Run(ctx))
		return lines.FilterMessageSnippet("this member's directory is a copy").Len()
	}
	require.Zero(t, said())
	require.NoError(t, os.Rename(e.below(0), e.below(0)+".old"))
	require.NoError(t, os.CopyFS(e.below(0), os.DirFS(e.below(0)+".old")))
	require.Equal(t, 1, said())
	require.Zero(t, said(), "it is its own now")
}
