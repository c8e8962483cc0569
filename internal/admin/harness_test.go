package admin_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"quoll/client/wire"
	"quoll/datatree"
	"quoll/internal/admin"
	"quoll/internal/config"
	"quoll/internal/metrics"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/processor"
	"quoll/processor/auth"
	"quoll/processor/lane"
	"quoll/processor/mail"
	"quoll/processor/prep"
	"quoll/processor/reads"
	"quoll/processor/stats"
	"quoll/processor/throttle"
	"quoll/quorum/effects"
)

// world is a server in one goroutine, with a log that is durable at once and a clock that the test
// moves.
type world struct {
	asked    effects.Ticket
	t        testing.TB
	now      replica.Now
	tree     *datatree.Tree
	shared   *lane.Shared
	replica  *replica.Replica
	lane     *lane.Lane
	batches  []*mail.Batch
	commands *admin.Commands
	audit    *admin.Audit
	doors    admin.Doors
	serving  lane.Serving
	// watched is Fired's arguments.
	watched []int
}

func (w *world) Submit(_ *lane.Lane, b *mail.Batch) { w.batches = append(w.batches, b) }

func (w *world) Applied(r *mail.Request, e *jute.Entry, result *datatree.Result) {
	w.audit.Applied(r, e, result)
}

func (w *world) Fired(_ jute.EventType, n int) { w.watched = append(w.watched, n) }

func newWorld(t testing.TB, defines ...string) *world {
	t.Helper()
	return memberWorld(t, nil, defines...)
}

// memberWorld is a member of an ensemble, if member is not nil.
func memberWorld(t testing.TB, member func() admin.Ensemble, defines ...string) *world {
	t.Helper()
	cfg, err := config.Load("", append([]string{
		"dataDir=/data", "clientPort=2181", "tickTime=2000",
	}, defines...))
	require.NoError(t, err)
	w := &world{t: t, now: replica.Now{MonoMillis: 5_000, WallMillis: 1_700_000_000_000}}
	rules := &auth.Rules{DigestEnabled: true}
	conns := mail.NewConns()
	w.tree = datatree.New(datatree.Options{Digest: true, ExtendedTypes: true})
	w.replica = replica.New(replica.Config{
		Chain: processor.Rules{
			Prep: prep.Rules{
				Auth: rules, Digest: true, ExtendedTypes: true, CloseSessionTxn: true,
			},
			MaxApplyBatch: 16,
		},
		Roll: replica.RollRules{SnapCount: 1_000_000}, TickMillis: 2000, IntervalMillis: 100_000,
		ExpiriesPerStepAtMost: 16,
		Reap:                  replica.ReapRules{CheckIntervalMillis: 1 << 40},
		Random:                func(int64) int64 { return 0 },
		Hooks:                 processor.Hooks{Applied: w.Applied, Fired: w.Fired},
	}, w.tree, nil, conns, w.now)
	w.serving.Store(lane.ReadWrite)
	w.shared = &lane.Shared{
		Tree: w.tree, Conns: conns, Core: w, Clock: func() int64 { return w.now.MonoMillis },
		Serving: &w.serving, Counts: new(stats.Counts), Large: new(throttle.Large),
		Rules: lane.Rules{
			Auth: rules, MaxFrameBytes: 1 << 20, FirstFrameBytes: 64 << 10,
			MinTimeoutMillis: 4000, MaxTimeoutMillis: 40000, MaxInFlight: 100,
			MaxInFlightBytes: 1 << 20, OutputPauseBytes: 1 << 20, OutstandingLimit: 1000,
			MaxBatchRequests: 16, MaxBatchBytes: 64 << 10, MaxInputRequests: 64, BulkBytes: 64 << 10, MaxBulkBytes: 1 << 20,
			Reads: reads.Limits{ChunkNames: 2, ChunkBytes: 100},
		},
	}
	m := metrics.NewServer(metrics.NewRegistry())
	w.commands = admin.New(admin.Deps{
		Config: cfg, Shared: w.shared, Metrics: m, Logger: zap.NewNop(),
		Version:    "3.9.5-abc, built on 01/02/2026 03:04 UTC",
		WallMillis: func() int64 { return w.now.WallMillis },
		Sessions:   w.sessions,
		Ensemble:   member,
		Live: func() config.Live {
			return config.Live{ClientPort: 2181, DataDirBytes: 7, LogDirBytes: 9}
		},
		Doors: func() admin.Doors { return w.doors },
	})
	w.shared.Words = w.commands
	w.lane = lane.New(w.shared, func() {})
	w.lane.Record(m.Final.ReadLatency.Recorder(), m.Final.UpdateLatency.Recorder())
	return w
}

func (w *world) sessions(bool) admin.Sessions {
	w.step(&replica.Events{Tick: true})
	t := w.replica.Sessions()
	return admin.Sessions{
		Count: t.Len(), Locals: t.Locals(), WallMillis: w.now.WallMillis, Deadlines: t.Deadlines(),
	}
}

// later moves both clocks.
func (w *world) later(millis int64) {
	w.now.MonoMillis += millis
	w.now.WallMillis += millis
}

func (w *world) step(ev *replica.Events) {
	ev.Now = w.now
	ev.Batches, w.batches = w.batches, nil
	if n := len(w.replica.Step(ev).Disk); n > 0 {
		w.asked += effects.Ticket(n)
		w.replica.Step(&replica.Events{Now: w.now, Disk: w.asked})
	}
	w.lane.Drain()
}

// held is a connection as the test holds it.
type held struct {
	w      *world
	stream *lane.Stream
	out    []byte
	closed bool
	xid    int32
}

func (c *held) Write(p []byte)                { c.out = append(c.out, p...) }
func (c *held) Pending() int                  { return 0 }
func (c *held) Room() int                     { return 32 << 10 }
func (c *held) HungUp() bool                  { return false }
func (c *held) Silent() (time.Duration, bool) { return 0, false }
func (c *held) Progress() int64               { return 0 }
func (c *held) Park()                         {}
func (c *held) Unpark()                       {}
func (c *held) Again()                        {}
func (c *held) Established()                  {}
func (c *held) SetStallTimeout(time.Duration) {}
func (c *held) Close()                        { c.closed = true }
func (c *held) CloseAfterFlush()              { c.closed = true }

func (w *world) dial(peer string) *held {
	c := &held{w: w}
	c.stream = w.lane.Open(c, netip.MustParseAddrPort(peer))
	return c
}

// feed gives bytes in one piece, ends the turn, and lets the core handle the requests.
func (c *held) feed(p []byte) (used int) {
	used = c.stream.Input(p)
	c.w.lane.Turn()
	for len(c.w.batches) > 0 {
		c.w.step(&replica.Events{})
	}
	return used
}

// word asks on a connection of its own, which then ends.
func (w *world) word(bytes string) string {
	c := w.dial("10.0.0.9:999")
	require.Positive(w.t, c.feed([]byte(bytes)), "%q was not taken", bytes)
	require.True(w.t, c.closed, "%q left the connection open", bytes)
	c.stream.Closed(nil)
	return string(c.out)
}

func frame(records ...jute.Record) []byte {
	b := jute.FrameStart(nil)
	for _, r := range records {
		b = jute.Append(b, r)
	}
	jute.FrameEnd(b, 0)
	return b
}

// connect opens a session.
func (w *world) connect(peer string, timeout int32) *held {
	c := w.dial(peer)
	c.feed(frame(&jute.ConnectRequest{
		TimeOut: timeout, Passwd: make([]byte, 16), HasReadOnly: true,
	}))
	require.NotEmpty(w.t, c.out)
	return c
}

// ask sends one request.
func (c *held) ask(op jute.OpCode, body jute.Record) {
	c.xid++
	xid := c.xid
	switch op {
	case jute.OpPing:
		xid = jute.XidPing
	case jute.OpAuth:
		xid = -4
	}
	if body == nil {
		c.feed(frame(&jute.RequestHeader{Xid: xid, Type: op}))
		return
	}
	c.feed(frame(&jute.RequestHeader{Xid: xid, Type: op}, body))
}

func (c *held) create(path string, mode jute.CreateMode) {
	c.ask(jute.OpCreate, &jute.CreateRequest{
		Path: []byte(path), Data: []byte("x"), ACL: wire.World(), Flags: mode,
	})
}

func (c *held) get(path string, watch bool) {
	c.ask(jute.OpGetData, &jute.PathWatch{Path: []byte(path), Watch: watch})
}
