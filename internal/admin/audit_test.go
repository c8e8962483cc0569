package admin_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"quoll/client/wire"
	"quoll/datatree"
	"quoll/internal/admin"
	"quoll/internal/config"
	"quoll/internal/replica"
	"quoll/jute"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// audited runs what on a server with an audit file, and returns the lines of the file without
// times.
func audited(t *testing.T, what func(w *world)) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "audit.log")
	audit, err := admin.OpenAudit(config.Observability{Audit: true, AuditFile: file}, zap.NewNop())
	require.NoError(t, err)
	w := newWorld(t)
	w.audit = audit
	what(w)
	require.NoError(t, audit.Close())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	stamp := regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} `)
	session := regexp.MustCompile(`session=0x[0-9a-f]+`)
	var lines []string
	for _, l := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		require.Regexp(t, stamp, l)
		lines = append(lines, session.ReplaceAllString(stamp.ReplaceAllString(l, ""), "session=S"))
	}
	return lines
}

// TestAuditLines holds what Apache ZooKeeper 3.9.5 wrote for the same requests.
func TestAuditLines(t *testing.T) {
	multi := func(ops ...jute.MultiOp) *jute.MultiRequest { return &jute.MultiRequest{Ops: ops} }
	lines := audited(t, func(w *world) {
		w.audit.Started(false)
		a := w.connect("127.0.0.1:4001", 10_000)
		a.create("/a", jute.ModePersistent)
		a.create("/a", jute.ModePersistent)
		a.create("/e", jute.ModeEphemeral)
		b := w.connect("127.0.0.1:4002", 4_000)
		b.ask(jute.OpAuth, &jute.AuthPacket{Scheme: []byte("digest"), Auth: []byte("bob:secret")})
		b.ask(jute.OpAuth, &jute.AuthPacket{Scheme: []byte("digest"), Auth: []byte("amy:secret")})
		b.ask(jute.OpMulti, multi(wire.SetOp("/a", []byte("1"), -1),
			wire.CreateOp("/m", nil, wire.World(), jute.ModePersistentSequential),
			wire.DeleteOp("/e", -1), wire.CheckOp("/a", -1)))
		b.ask(jute.OpMulti, multi(wire.SetOp("/a", nil, -1), wire.DeleteOp("/nope", -1)))
		b.ask(jute.OpSetACL, &jute.SetACLRequest{Path: []byte("/a"), Version: -1, ACL: []jute.ACL{
			{Perms: 31, ID: jute.ID{Scheme: "digest", ID: "bob:xyz="}},
			{Perms: 31, ID: jute.ID{Scheme: "world", ID: "anyone"}},
		}})
		b.ask(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/nope"), Version: -1})
		b.ask(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/a"), Version: 88})
		b.ask(jute.OpDelete, &jute.PathVersion{Path: []byte("/nope"), Version: -1})
		b.ask(jute.OpCreateTTL, &jute.CreateTTLRequest{TTL: 10_000, CreateRequest: jute.CreateRequest{
			Path: []byte("/ttl"), ACL: wire.World(), Flags: jute.ModePersistentTTL,
		}})
		b.create("/cont", jute.ModeContainer)
		b.create("/seq", jute.ModePersistentSequential)
		b.create("/e2", jute.ModeEphemeral)
		b.create("/e3", jute.ModeEphemeral)
		b.ask(jute.OpDelete, &jute.PathVersion{Path: []byte("/cont"), Version: -1})
		b.create("bad", jute.ModeEphemeral)
		b.ask(jute.OpCloseSession, nil)
		w.audit.Stopped()
	})
	me := "user=" + admin.UserName()
	first := "session=S\tuser=127.0.0.1\tip=127.0.0.1\toperation="
	second := "session=S\tuser=bob,amy,127.0.0.1\tip=127.0.0.1\toperation="
	gone := "session=S\t" + me + "\toperation=ephemeralZNodeDeletionOnSessionCloseOrExpire\tznode="
	require.Equal(t, []string{
		"INFO audit: " + me + "\toperation=serverStart\tresult=success",
		"INFO audit: " + first + "create\tznode=/a\tznode_type=persistent\tresult=success",
		"ERROR audit: " + first + "create\tznode=/a\tznode_type=persistent\tresult=failure",
		"INFO audit: " + first + "create\tznode=/e\tznode_type=ephemeral\tresult=success",
		"INFO audit: " + second + "setData\tznode=/a\tresult=success",
		"INFO audit: " + second + "create\tznode=/m0000000002\tresult=success",
		"INFO audit: " + second + "delete\tznode=/e\tresult=success",
		"ERROR audit: " + second + "multiOperation\tresult=failure",
		"INFO audit: " + second +
			"setAcl\tznode=/a\tacl=digest:bob:xyz=:cdrwaworld:anyone:cdrwa\tresult=success",
		"ERROR audit: " + second + "setData\tznode=/nope\tresult=failure",
		"ERROR audit: " + second + "setData\tznode=/a\tresult=failure",
		"ERROR audit: " + second + "delete\tznode=/nope\tresult=failure",
		"INFO audit: " + second +
			"create\tznode=/ttl\tznode_type=persistent_with_ttl\tresult=success",
		"INFO audit: " + second + "create\tznode=/cont\tznode_type=container\tresult=success",
		"INFO audit: " + second +
			"create\tznode=/seq0000000005\tznode_type=persistent_sequential\tresult=success",
		"INFO audit: " + second + "create\tznode=/e2\tznode_type=ephemeral\tresult=success",
		"INFO audit: " + second + "create\tznode=/e3\tznode_type=ephemeral\tresult=success",
		"INFO audit: " + second + "delete\tznode=/cont\tresult=success",
		"ERROR audit: " + second + "create\tznode=bad\tznode_type=ephemeral\tresult=failure",
		"INFO audit: " + gone + "/e2\tresult=success",
		"INFO audit: " + gone + "/e3\tresult=success",
		"INFO audit: " + me + "\toperation=serverStop\tresult=invoked",
	}, lines)
}

// TestAuditOfExpiry: the server is the user of the lines about ephemerals of an expired session.
func TestAuditOfExpiry(t *testing.T) {
	lines := audited(t, func(w *world) {
		w.connect("127.0.0.1:4001", 4_000).create("/e", jute.ModeEphemeral)
		w.later(20_000)
		w.step(&replica.Events{Tick: true})
	})
	require.Len(t, lines, 2)
	require.Contains(t, lines[1], "ephemeralZNodeDeletionOnSessionCloseOrExpire\tznode=/e\t")
}

// TestAuditOfTheServer: transactions of the server itself have no user, so they get no line.
func TestAuditOfTheServer(t *testing.T) {
	lines := audited(t, func(w *world) {
		w.audit.Started(false)
		w.audit.Applied(nil,
			&jute.Entry{Header: jute.TxnHeader{Type: jute.OpDeleteContainer}}, &datatree.Result{})
	})
	require.Len(t, lines, 1)
}

// TestAuditCannotBeForged: the path of a refused request can have any characters.
func TestAuditCannotBeForged(t *testing.T) {
	lines := audited(t, func(w *world) {
		a := w.connect("[::ffff:1.2.3.4]:1", 10_000)
		a.create("/x\tresult=success\nsession=0x1\x7f", jute.ModePersistent)
	})
	require.Equal(t, []string{"ERROR audit: session=S\tuser=1.2.3.4\tip=1.2.3.4\t" +
		"operation=create\tznode=/x?result=success?session=S?\tznode_type=persistent\t" +
		"result=failure"}, lines)
}

// stuck is a log whose writer waits for the test.
type stuck struct {
	zapcore.Core
	busy, free chan struct{}
}

func (s stuck) With([]zapcore.Field) zapcore.Core { return s }

func (s stuck) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return c.AddCore(e, s)
}

func (s stuck) Write(zapcore.Entry, []zapcore.Field) error {
	select {
	case s.busy <- struct{}{}:
		<-s.free
	case <-s.free:
	}
	return nil
}

// TestAuditDropsRatherThanWaits: lines beyond the bound are counted, and nobody waits for the
// writer.
func TestAuditDropsRatherThanWaits(t *testing.T) {
	core, _ := observer.New(zap.InfoLevel)
	s := stuck{core, make(chan struct{}), make(chan struct{})}
	audit, err := admin.OpenAudit(config.Observability{Audit: true}, zap.New(s))
	require.NoError(t, err)
	audit.Started(false)
	<-s.busy // the writer is in the log, and stays there
	w := newWorld(t)
	w.audit = audit
	a := w.connect("127.0.0.1:1", 10_000)
	long := "/" + strings.Repeat("x", 60_000)
	for range 400 {
		a.create(long, jute.ModePersistent)
	}
	require.Greater(t, audit.Dropped(), int64(100))
	require.Less(t, audit.Dropped(), int64(300))
	close(s.free)
	require.NoError(t, audit.Close())
	before := audit.Dropped()
	audit.Stopped()
	require.Equal(t, before+1, audit.Dropped(), "a closed log takes nothing")
}

// TestAuditToTheLog: failed operations are logged as errors.
func TestAuditToTheLog(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	audit, err := admin.OpenAudit(config.Observability{Audit: true}, zap.New(core))
	require.NoError(t, err)
	audit.Started(true)
	audit.Stopped()
	require.NoError(t, audit.Close())
	entries := logs.All()
	require.Len(t, entries, 2)
	require.Equal(t, zap.ErrorLevel, entries[0].Level)
	require.Equal(t, "user="+admin.UserName()+"\toperation=serverStart\tresult=failure",
		entries[0].Message)
	require.Equal(t, zap.InfoLevel, entries[1].Level)
}

// TestNoAudit: without the setting there is no audit log, and its calls cost nothing.
func TestNoAudit(t *testing.T) {
	audit, err := admin.OpenAudit(config.Observability{AuditFile: "x"}, zap.NewNop())
	require.NoError(t, err)
	require.Nil(t, audit)
	require.NoFileExists(t, "x")
	require.Zero(t, testing.AllocsPerRun(10, func() {
		audit.Applied(nil, nil, nil)
		audit.Started(false)
		audit.Stopped()
	}))
	require.Zero(t, audit.Dropped())
	require.NoError(t, audit.Close())
	_, err = admin.OpenAudit(config.Observability{
		Audit: true, AuditFile: filepath.Join(t.TempDir(), "no", "dir"),
	}, zap.NewNop())
	require.Error(t, err)
}
