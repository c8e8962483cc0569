package server_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"quoll/client/wire"
	"quoll/jute"
	"quoll/persistence"
	"quoll/processor/session"
	"quoll/reactor"
)

// raw is a connection on which a test can send any bytes.
type raw struct {
	net.Conn
	t      *testing.T
	id     jute.SessionID
	passwd []byte
}

func dialRaw(t *testing.T, addr string) *raw {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	t.Cleanup(func() { _ = c.Close() })
	return &raw{Conn: c, t: t}
}

// connect sends a connect request and takes the answer, if there is one.
func (c *raw) connect(in *jute.ConnectRequest) {
	c.t.Helper()
	if in.Passwd == nil {
		in.Passwd = make([]byte, 16)
	}
	c.write(jute.Append(nil, in))
	var out jute.ConnectResponse
	if frame, err := c.frame(); err == nil {
		_, err := jute.Decode(frame, &out)
		require.NoError(c.t, err)
		c.id, c.passwd = out.SessionID, out.Passwd
	}
}

// ask sends one request.
func (c *raw) ask(op jute.OpCode, body jute.Record) {
	c.t.Helper()
	frame := jute.Append(nil, &jute.RequestHeader{Xid: 1, Type: op})
	if body != nil {
		frame = jute.Append(frame, body)
	}
	c.write(frame)
}

// write sends a frame.
func (c *raw) write(frame []byte) {
	c.t.Helper()
	_, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
	require.NoError(c.t, err)
}

func (c *raw) frame() ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err := io.ReadFull(c, frame)
	return frame, err
}

// code is the error code of the next reply.
func (c *raw) code() jute.ErrorCode {
	c.t.Helper()
	frame, err := c.frame()
	require.NoError(c.t, err)
	var h jute.ReplyHeader
	_, err = jute.Decode(frame, &h)
	require.NoError(c.t, err)
	return h.Err
}

// withSession is a connection with a session of the longest timeout.
func withSession(t *testing.T, addr string) *raw {
	t.Helper()
	return withTimeout(t, addr, 1<<20)
}

func withTimeout(t *testing.T, addr string, millis int32) *raw {
	t.Helper()
	c := dialRaw(t, addr)
	c.connect(&jute.ConnectRequest{TimeOut: millis})
	require.NotZero(t, c.id)
	return c
}

// clientLog is a log whose lines about clients the test sees.
type clientLog struct {
	*zap.Logger
	logs  *observer.ObservedLogs
	heard chan string // messages
}

func newClientLog(level zapcore.Level) *clientLog {
	core, logs := observer.New(level)
	l := &clientLog{logs: logs, heard: make(chan string, 1000)}
	l.Logger = zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
		if e.LoggerName == "clients" {
			l.heard <- e.Message
		}
		return nil
	}))
	return l
}

// wait returns when a message was logged.
func (l *clientLog) wait(t *testing.T, message string) {
	t.Helper()
	for {
		select {
		case m := <-l.heard:
			if m == message {
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatal("not heard: ", message)
		}
	}
}

func (l *clientLog) lines() []observer.LoggedEntry {
	return l.logs.Filter(func(e observer.LoggedEntry) bool {
		return e.LoggerName == "clients"
	}).All()
}

// of returns the fields by which a line must name a client.
func of(c *raw, id jute.SessionID) map[string]any {
	who := map[string]any{"address": c.LocalAddr().String()}
	if id != 0 {
		who["session"] = id.String()
	}
	return who
}

// refusal is one event of a client, and the line that it must leave.
type refusal struct {
	text    string
	level   zapcore.Level
	do      func(t *testing.T, addr string) (who map[string]any)
	defines []string
}

// afterSession lets a client with a session do something. The line must name address and session.
func afterSession(
	text string, level zapcore.Level, do func(c *raw), defines ...string,
) refusal {
	return refusal{text, level, func(t *testing.T, addr string) map[string]any {
		c := withSession(t, addr)
		do(c)
		return of(c, c.id)
	}, defines}
}

// beforeSession lets a client without a session do something. The line must name the address.
func beforeSession(
	text string, level zapcore.Level, do func(c *raw), defines ...string,
) refusal {
	return refusal{text, level, func(t *testing.T, addr string) map[string]any {
		c := dialRaw(t, addr)
		do(c)
		_, _ = io.ReadAll(c)
		return of(c, 0)
	}, defines}
}

const (
	infoLevel = zapcore.InfoLevel
	warnLevel = zapcore.WarnLevel
)

func sessionRefusals() []refusal {
	const someone = jute.SessionID(0x1234567890)
	password := session.Password(someone)
	asking := func(text string, level zapcore.Level, in *jute.ConnectRequest) refusal {
		return refusal{text, level, func(t *testing.T, addr string) map[string]any {
			c := dialRaw(t, addr)
			c.connect(in)
			_, _ = io.ReadAll(c)
			return of(c, in.SessionID)
		}, nil}
	}
	return []refusal{
		afterSession("session established", infoLevel, func(*raw) {}, "quoll.logSessions=info"),
		afterSession("session closed by its client", infoLevel, func(c *raw) {
			c.ask(jute.OpCloseSession, nil)
			_, _ = io.ReadAll(c)
		}),
		{"session expired", infoLevel, func(t *testing.T, addr string) map[string]any {
			c := withTimeout(t, addr, 1)
			return of(c, c.id)
		}, []string{"tickTime=200"}},
		{"session expired", infoLevel, func(t *testing.T, addr string) map[string]any {
			c := withTimeout(t, addr, 1)
			require.NoError(t, c.Close()) // its address is still known
			return of(c, c.id)
		}, []string{"tickTime=200"}},
		asking("session refused: unknown, probably expired", infoLevel,
			&jute.ConnectRequest{SessionID: someone, Passwd: password[:]}),
		asking("session refused: wrong password", warnLevel,
			&jute.ConnectRequest{SessionID: someone}),
		asking("session refused: the client has seen a newer zxid than this server", infoLevel,
			&jute.ConnectRequest{SessionID: someone, LastZxidSeen: 1 << 40}),
		asking("session refused: the client has seen a newer zxid than this server", infoLevel,
			&jute.ConnectRequest{LastZxidSeen: 1 << 40}),
		{"session refused: quoll.maxSessions", warnLevel,
			func(t *testing.T, addr string) map[string]any {
				withSession(t, addr)
				c := dialRaw(t, addr)
				c.connect(&jute.ConnectRequest{TimeOut: 1})
				return of(c, 0)
			}, []string{"quoll.maxSessions=1"}},
	}
}

func requestRefusals() []refusal {
	bytes := func(b ...byte) func(*raw) {
		return func(c *raw) {
			_, err := c.Write(b)
			require.NoError(c.t, err)
		}
	}
	auth := func(scheme string, proof []byte) func(*raw) {
		return func(c *raw) {
			c.ask(jute.OpAuth, &jute.AuthPacket{Scheme: []byte(scheme), Auth: proof})
			require.Equal(c.t, jute.AuthFailed, c.code())
		}
	}
	return []refusal{
		beforeSession("connection closed: length of a frame", warnLevel, bytes(0x7f, 0, 0, 0)),
		beforeSession("connection closed: length of a frame", warnLevel, bytes([]byte("GET / HTTP")...)),
		afterSession("connection closed: length of a frame", warnLevel, bytes(0xff, 0, 0, 0)),
		beforeSession("connection closed: a request that cannot be decoded", warnLevel,
			bytes(0, 0, 0, 1, 0)),
		afterSession("connection closed: a request that cannot be decoded", warnLevel,
			bytes(0, 0, 0, 1, 0)),
		afterSession("connection closed: a request that cannot be decoded", warnLevel,
			func(c *raw) { c.ask(jute.OpAuth, nil) }),
		afterSession("connection closed: unknown operation", warnLevel,
			func(c *raw) { c.ask(999, nil) }),
		afterSession("connection closed: authentication failed", warnLevel, auth("digest", nil)),
		afterSession("connection closed: unknown authentication scheme", warnLevel,
			auth("kerberos", nil)),
		afterSession("connection closed: not authenticated as enforce.auth.schemes demands",
			warnLevel, func(c *raw) { c.ask(jute.OpExists, &jute.PathWatch{Path: []byte("/")}) },
			"enforce.auth.enabled=true", "enforce.auth.schemes=digest"),
		beforeSession("connection closed: more input than is taken from it", warnLevel,
			func(c *raw) {
				_, err := c.Write(append([]byte{0, 2, 0, 0}, make([]byte, 100<<10)...))
				require.NoError(c.t, err)
			}, "quoll.firstFrameBytes=1000000"),
	}
}

func limitRefusals() []refusal {
	watch := &jute.PathWatch{Path: []byte("/"), Watch: true}
	checks := &jute.MultiRequest{Ops: []jute.MultiOp{
		wire.CheckOp("/", -1), wire.CheckOp("/", -1),
	}}
	refused := func(op jute.OpCode, body jute.Record, code jute.ErrorCode) func(*raw) {
		return func(c *raw) {
			c.ask(op, body)
			require.Equal(c.t, code, c.code())
		}
	}
	return []refusal{
		afterSession("watch refused: quoll.maxWatches", warnLevel, func(c *raw) {
			c.ask(jute.OpExists, watch)
			require.Equal(c.t, jute.OK, c.code())
			c.ask(jute.OpExists, &jute.PathWatch{Path: []byte("/a"), Watch: true})
			require.NotEqual(c.t, jute.OK, c.code())
		}, "quoll.maxWatches=1"),
		afterSession("connection closed: an unfinished request, see quoll.inputTotalBytes",
			warnLevel, func(c *raw) {
				_, err := c.Write(append([]byte{0, 8, 0, 0}, make([]byte, 300<<10)...))
				require.NoError(c.t, err)
				_, _ = io.ReadAll(c)
			}, "quoll.inputTotalBytes=100000"),
		afterSession("connection closed: quoll.watchBytes of watched paths", warnLevel, longWatch,
			"quoll.watchBytes=1000"),
		afterSession("connection closed: quoll.watchTotalBytes of watched paths", warnLevel,
			longWatch, "quoll.watchTotalBytes=1000"),
		afterSession("multi refused: quoll.maxMultiOps, or its reply would be too long", warnLevel,
			refused(jute.OpMulti, checks, jute.BadArguments), "quoll.maxMultiOps=1"),
		afterSession("multi refused: quoll.maxMultiOps, or its reply would be too long", warnLevel,
			refused(jute.OpMultiRead, &jute.MultiRequest{Ops: []jute.MultiOp{
				readOp("/"), readOp("/"),
			}}, jute.BadArguments), "quoll.maxMultiOps=1"),
		afterSession("write refused: its transaction could not be read back", warnLevel,
			longWrite, "jute.maxbuffer=2000"),
		afterSession("write refused: its transaction could not be read back", warnLevel,
			longWrite, "jute.maxbuffer=8000", "jute.maxbuffer.extrasize=1024"),
		afterSession("connection closed: largeRequestMaxBytes", warnLevel, func(c *raw) {
			c.ask(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/a"), Data: make([]byte, 500)})
			_, _ = io.ReadAll(c)
		}, "zookeeper.largeRequestThreshold=100", "zookeeper.largeRequestMaxBytes=200"),
	}
}

func readOp(path string) jute.MultiOp {
	return jute.MultiOp{
		MultiHeader: jute.MultiHeader{Type: jute.OpGetData, Err: -1},
		Read:        &jute.PathWatch{Path: []byte(path)},
	}
}

// longWatch watches a path that is longer than the limit of all watched paths.
func longWatch(c *raw) {
	path := append([]byte("/"), make([]byte, 2000)...)
	for i := range path[1:] {
		path[1+i] = 'a'
	}
	c.ask(jute.OpExists, &jute.PathWatch{Path: path, Watch: true})
	_, _ = io.ReadAll(c)
}

// longWrite sends an ACL that is short in the request and long in the log.
func longWrite(c *raw) {
	for i := range 40 {
		c.ask(jute.OpAuth, &jute.AuthPacket{Scheme: []byte("digest"), Auth: fmt.Append(nil, i, ":x")})
		require.Equal(c.t, jute.OK, c.code())
	}
	var acl []jute.ACL
	for perms := range jute.Perms(5) {
		acl = append(acl, jute.ACL{Perms: perms + 1, ID: jute.ID{Scheme: "auth"}})
	}
	c.ask(jute.OpCreate, &jute.CreateRequest{Path: []byte("/a"), ACL: acl})
	require.Equal(c.t, jute.BadArguments, c.code())
}

func doorRefusals() []refusal {
	second := func(t *testing.T, addr string) map[string]any {
		withSession(t, addr)
		c := dialRaw(t, addr)
		_, _ = io.ReadAll(c)
		return of(c, 0)
	}
	return []refusal{
		{"connection refused: maxClientCnxns of its address", warnLevel, second,
			[]string{"maxClientCnxns=1"}},
		{"connection refused: maxCnxns", warnLevel, second, []string{"maxCnxns=1"}},
	}
}

// quietFlushes prevents lines about slow flushes. Tests that count lines need it on a loaded
// machine.
const quietFlushes = "fsync.warningthresholdms=60000"

// A single refusal of each kind leaves one line, with the address and, if there is one, the
// session.
func TestALoneRefusalLeavesOneLine(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		var all []refusal
		all = append(all, sessionRefusals()...)
		all = append(all, requestRefusals()...)
		all = append(all, limitRefusals()...)
		all = append(all, doorRefusals()...)
		for i, r := range all {
			t.Run(fmt.Sprint(i, " ", r.text), func(t *testing.T) {
				log := newClientLog(infoLevel)
				s := startLogging(t, log.Logger, t.TempDir(), persistence.OS{},
					append([]string{transport, "tickTime=2000", quietFlushes}, r.defines...)...)
				who := r.do(t, s.addr)
				log.wait(t, r.text)
				s.finish(t)
				lines := log.lines()
				require.Len(t, lines, 1)
				require.Equal(t, r.text, lines[0].Message)
				require.Equal(t, r.level, lines[0].Level)
				require.Subset(t, lines[0].ContextMap(), who)
				if who["session"] == nil {
					require.NotContains(t, lines[0].ContextMap(), "session")
				}
			})
		}
	})
}

// A client that takes no replies is closed when its session would end, and its session ends too.
func TestAClientThatTakesNothingIsTold(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		const text = "connection closed: the client takes no replies"
		log := newClientLog(infoLevel)
		s := startLogging(t, log.Logger, t.TempDir(), persistence.OS{}, transport, quietFlushes)
		c := withTimeout(t, s.addr, 1)
		c.ask(jute.OpCreate, &jute.CreateRequest{
			Path: []byte("/a"), Data: make([]byte, 1_000_000), ACL: wire.World(),
		})
		require.Equal(t, jute.OK, c.code())
		for range 64 {
			c.ask(jute.OpGetData, &jute.PathWatch{Path: []byte("/a")})
		}
		log.wait(t, text)
		s.finish(t)
		var lines []observer.LoggedEntry
		for _, e := range log.lines() {
			if e.Message == text {
				lines = append(lines, e)
			}
		}
		require.Len(t, lines, 1)
		require.Equal(t, warnLevel, lines[0].Level)
		require.Subset(t, lines[0].ContextMap(), of(c, c.id))
	})
}

// A client that pings keeps its session while the server does not read from it because the disk
// stands still: the ticker calls the lanes. The deadline of a silent client does not move.
func TestAClientThatIsNotReadFromLives(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		disk := &failingDisk{
			FS: persistence.OS{}, reached: make(chan struct{}), hold: make(chan struct{}),
		}
		s := start(t, t.TempDir(), disk, transport, "minSessionTimeout=400",
			"4lw.commands.whitelist=*", "quoll.maxOutstanding=10")
		c := withTimeout(t, s.addr, 1)
		withTimeout(t, s.addr, 1)
		disk.broken.Store(true)
		const writes = 200
		for range writes {
			c.ask(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/"), Version: -1})
		}
		<-disk.reached
		pings := 0
		require.Eventually(t, func() bool { // the deadlines of the two become different
			c.ask(jute.OpPing, nil)
			pings++
			return strings.Contains(word(t, s.addr, "dump"), "Session Sets (2)/(2)")
		}, 20*time.Second, 10*time.Millisecond)
		disk.broken.Store(false)
		close(disk.hold)
		for range writes + pings {
			require.Equal(t, jute.OK, c.code())
		}
		s.finish(t)
	})
}

// The line about a client that takes its session to another connection has the new address.
func TestARenewedSessionIsTold(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		log := newClientLog(infoLevel)
		s := startLogging(t, log.Logger, t.TempDir(), persistence.OS{}, transport, quietFlushes,
			"quoll.logSessions=info")
		first, second := withSession(t, s.addr), dialRaw(t, s.addr)
		second.connect(&jute.ConnectRequest{SessionID: first.id, Passwd: first.passwd})
		require.Equal(t, first.id, second.id)
		s.finish(t)
		lines := log.lines()
		require.Len(t, lines, 2)
		require.Equal(t, "session established", lines[0].Message)
		require.Subset(t, lines[0].ContextMap(), of(first, first.id))
		require.Equal(t, "session renewed", lines[1].Message)
		require.Subset(t, lines[1].ContextMap(), of(second, first.id))
	})
}

// Probes, which only check whether the port answers, must not fill the log, at any level.
func TestProbesWriteNothing(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		log := newClientLog(zapcore.DebugLevel)
		s := startLogging(t, log.Logger, t.TempDir(), persistence.OS{}, transport, quietFlushes)
		for _, said := range []string{"", "\x00\x00", "ruok", "\x00\x00\x00\x2dhalf of a frame"} {
			for _, reset := range []bool{false, true} {
				c := dialRaw(t, s.addr)
				_, err := io.WriteString(c, said)
				require.NoError(t, err)
				if reset {
					require.NoError(t, c.Conn.(*net.TCPConn).SetLinger(0))
				}
				require.NoError(t, c.Close())
			}
		}
		require.Contains(t, word(t, s.addr, "srvr"), "Mode: standalone")
		s.finish(t)
		require.Empty(t, log.lines())
	})
}

// A connection that never begins a session is closed. The line about it has level debug, as in
// Apache.
func TestAConnectionWithoutASessionIsToldAtDebug(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		log := newClientLog(zapcore.DebugLevel)
		s := startLogging(t, log.Logger, t.TempDir(), persistence.OS{}, transport, quietFlushes,
			"zookeeper.nio.sessionlessCnxnTimeout=50")
		c := dialRaw(t, s.addr)
		_, _ = io.ReadAll(c)
		s.finish(t)
		lines := log.lines()
		require.Len(t, lines, 1)
		require.Equal(t, zapcore.DebugLevel, lines[0].Level)
		require.Subset(t, lines[0].ContextMap(), of(c, 0))
	})
}

// A client that is refused because the process may open no more files gets no answer. The operator
// must find a line in the log.
func TestTheLimitOfDescriptorsIsTold(t *testing.T) {
	var was unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &was))
	log := newClientLog(infoLevel)
	few := was
	few.Cur = 64
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &few))
	s := startLogging(t, log.Logger, t.TempDir(), persistence.OS{}, quietFlushes)
	room := reactor.ConnectionLimit(0)
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &was)) // the clients are in this process
	var refused *raw
	for served := 0; refused == nil; served++ {
		c := dialRaw(t, s.addr)
		c.connect(&jute.ConnectRequest{TimeOut: 1 << 20})
		if c.id == 0 {
			refused = c
			require.Equal(t, room, served)
		}
	}
	require.Contains(t, word(t, s.addr, "srvr"), "Mode: standalone", "the full server is asked")
	s.finish(t)
	lines := log.lines()
	require.Len(t, lines, 1)
	require.Contains(t, lines[0].Message, "limit of open files")
	require.Equal(t, warnLevel, lines[0].Level)
	require.Subset(t, lines[0].ContextMap(), of(refused, 0))
}

// addUp is how many events the lines stand for.
func addUp(lines []observer.LoggedEntry) (events int64) {
	for _, e := range lines {
		n := int64(1)
		if more, ok := e.ContextMap()["more"]; ok {
			n = more.(int64)
		}
		events += n
	}
	return events
}

// 10,000 clients that are refused leave some lines, whose counts are 10,000.
func TestAStormOfRefusalsLeavesFewLines(t *testing.T) {
	const storm, workers = 10_000, 20
	log := newClientLog(infoLevel)
	s := startLogging(t, log.Logger, t.TempDir(), persistence.OS{}, quietFlushes)
	request := jute.Append(jute.FrameStart(nil), &jute.ConnectRequest{
		SessionID: 77, Passwd: make([]byte, 16),
	})
	jute.FrameEnd(request, 0)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range storm / workers {
				c, err := net.Dial("tcp", s.addr)
				if err == nil {
					_, err = c.Write(request)
				}
				if err == nil {
					_, err = io.ReadAll(c)
				}
				if err != nil {
					t.Error(err)
					return
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
	s.finish(t)
	lines := log.lines()
	require.LessOrEqual(t, len(lines), 100)
	require.EqualValues(t, storm, addUp(lines))
	for _, e := range lines {
		require.Contains(t, e.Message, "session refused: wrong password")
	}
}

// 10,000 refusals on one connection, between requests that are served.
func TestAStormOnOneConnection(t *testing.T) {
	const storm = 10_000
	log := newClientLog(infoLevel)
	s := startLogging(t, log.Logger, t.TempDir(), persistence.OS{}, quietFlushes, "quoll.maxWatches=1")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c := dial(t, s.addr)
	_, err := c.Exists(ctx, "/", true)
	require.NoError(t, err)
	futures := make([]*wire.Future, 0, storm)
	for i := range storm {
		futures = append(futures, c.Send(jute.OpExists, &jute.PathWatch{
			Path: fmt.Append(nil, "/", i), Watch: true,
		}))
	}
	for _, f := range futures {
		h, _, err := f.Wait(ctx)
		require.NoError(t, err)
		require.NotEqual(t, jute.OK, h.Err)
	}
	c.Abort()
	s.finish(t)
	lines := log.lines()
	require.LessOrEqual(t, len(lines), 100)
	require.EqualValues(t, storm, addUp(lines))
}
