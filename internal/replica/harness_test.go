package replica_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
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

// world is one server in one goroutine: a lane, a replica, and a log that is durable when the test
// says so.
type world struct {
	t       *testing.T
	tree    *datatree.Tree
	replica *replica.Replica
	lane    *lane.Lane
	now     replica.Now
	batches []*mail.Batch
	logged  []jute.Entry
	asked   effects.Ticket // of the last operation of the disk
	woken   bool
	again   bool        // the last step asked for another
	rolled  []jute.Zxid // behind these the log rolled
	walks   int         // snapshots that were asked for
	walking uint64      // generation of the last one
}

func newWorld(t *testing.T) *world { return rollingWorld(t, replica.RollRules{SnapCount: 1000}) }

func rollingWorld(t *testing.T, sync replica.RollRules) *world {
	return worldOver(t, sync, datatree.New(datatree.Options{Digest: true, ExtendedTypes: true}))
}

func worldOver(t *testing.T, sync replica.RollRules, tree *datatree.Tree) *world {
	w := &world{t: t, now: replica.Now{MonoMillis: 1000, WallMillis: 1_700_000_000_000}}
	w.tree = tree
	conns := mail.NewConns()
	rules := &auth.Rules{DigestEnabled: true}
	w.replica = replica.New(replica.Config{
		Chain: processor.Rules{
			Prep: prep.Rules{
				Auth: rules, Digest: true, ExtendedTypes: true, CloseSessionTxn: true,
			},
			MaxApplyBatch: 4,
		},
		Roll:       sync,
		TickMillis: 1000, IntervalMillis: 100, ExpiriesPerStepAtMost: 2,
		Reap:   replica.ReapRules{CheckIntervalMillis: 1000, CandidatesPerTickAtMost: 10},
		Random: func(int64) int64 { return 0 },
	}, w.tree, nil, conns, w.now)
	serving := new(lane.Serving)
	serving.Store(lane.ReadWrite)
	shared := &lane.Shared{
		Tree: w.tree, Conns: conns, Core: w,
		Rules: lane.Rules{
			Auth: rules, MaxFrameBytes: 1 << 20, FirstFrameBytes: 64 << 10, MinTimeoutMillis: 2000, MaxTimeoutMillis: 20000,
			MaxInFlight: 100, MaxInFlightBytes: 1 << 20, OutputPauseBytes: 1 << 20,
			OutstandingLimit: 1000, MaxBatchRequests: 16, MaxBatchBytes: 64 << 10,
			MaxInputRequests: 64, BulkBytes: 64 << 10, MaxBulkBytes: 1 << 20,
			Reads: reads.Limits{ChunkNames: 2, ChunkBytes: 100},
		},
		Clock:   func() int64 { return w.now.MonoMillis },
		Serving: serving,
		Counts:  new(stats.Counts),
		Large:   new(throttle.Large),
	}
	w.lane = lane.New(shared, func() { w.woken = true })
	return w
}

func (w *world) Submit(_ *lane.Lane, b *mail.Batch) { w.batches = append(w.batches, b) }

// step lets the core handle everything that was submitted.
func (w *world) step() {
	ev := replica.Events{Now: w.now, Batches: w.batches}
	w.batches = nil
	w.run(&ev)
}

// flush makes everything that was logged durable.
func (w *world) flush() {
	if w.asked > 0 {
		w.run(&replica.Events{Now: w.now, Disk: w.asked})
	}
}

func (w *world) tick(millis int64) {
	w.now.MonoMillis += millis
	w.now.WallMillis += millis
	if w.lane.Tick(); w.woken {
		w.woken = false
		w.lane.Drain()
	}
	w.run(&replica.Events{Now: w.now, Tick: true})
}

func (w *world) run(ev *replica.Events) {
	effects := w.replica.Step(ev)
	w.again = effects.Again
	for _, a := range effects.Disk {
		w.logged = append(w.logged, a.Entry)
		w.asked++
		if a.Roll {
			w.rolled = append(w.rolled, a.Entry.Header.Zxid)
		}
	}
	for _, job := range effects.Snapshots {
		w.walks++
		w.walking = job.Generation
	}
	if w.woken {
		w.woken = false
		w.lane.Drain()
	}
}

// all runs steps, flushes and lanes until no work is left.
func (w *world) all() {
	for len(w.batches) > 0 || w.replica.InFlight() > 0 || w.again {
		w.step()
		w.flush()
	}
}

// wire is a connection as the test holds it.
type wire struct {
	w      *world
	stream *lane.Stream
	out    []byte
	parked bool
	closed bool
	left   []byte // input that was not consumed
	xid    int32
	id     jute.SessionID
	passwd []byte

	tells    bool  // the kernel tells when the last byte came
	came     int64 // when the last byte came
	progress int64 // of the output
	hungUp   bool
}

func (c *wire) Write(p []byte)                { c.out = append(c.out, p...) }
func (c *wire) Pending() int                  { return 0 }
func (c *wire) Room() int                     { return 32 << 10 }
func (c *wire) HungUp() bool                  { return c.hungUp }
func (c *wire) Progress() int64               { return c.progress }
func (c *wire) Park()                         { c.parked = true }
func (c *wire) Unpark()                       { c.parked = false }
func (c *wire) Again()                        {}
func (c *wire) Established()                  {}
func (c *wire) SetStallTimeout(time.Duration) {}
func (c *wire) Close()                        { c.closed = true }
func (c *wire) CloseAfterFlush()              { c.closed = true }

func (c *wire) Silent() (time.Duration, bool) {
	return time.Duration(c.w.now.MonoMillis-c.came) * time.Millisecond, c.tells
}

func (w *world) dial() *wire {
	c := &wire{w: w}
	c.stream = w.lane.Open(c, netip.MustParseAddrPort("10.0.0.1:4444"))
	return c
}

// feed gives bytes to the stream in one input and ends the turn.
func (c *wire) feed(p []byte) {
	c.left = append(c.left, p...)
	c.came = c.w.now.MonoMillis
	if !c.parked {
		c.left = c.left[c.stream.Input(c.left):]
	}
	c.w.lane.Turn()
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
func (w *world) connect() *wire {
	c := w.dial()
	c.feed(frame(&jute.ConnectRequest{TimeOut: 4000, Passwd: make([]byte, 16), HasReadOnly: true}))
	w.all()
	var r jute.ConnectResponse
	_, err := jute.Decode(c.take(), &r)
	require.NoError(w.t, err)
	require.NotZero(w.t, r.SessionID)
	c.id, c.passwd = r.SessionID, r.Passwd
	return c
}

// take is the next frame that was sent, nil when there is none.
func (c *wire) take() []byte {
	if len(c.out) < 4 {
		return nil
	}
	n := int(binary.BigEndian.Uint32(c.out))
	f := c.out[4 : 4+n]
	c.out = c.out[4+n:]
	return f
}

// reply is one frame taken apart.
type reply struct {
	jute.ReplyHeader
	body []byte
}

func (c *wire) reply() *reply {
	f := c.take()
	if f == nil {
		return nil
	}
	var r reply
	n, err := jute.Decode(f, &r.ReplyHeader)
	require.NoError(c.w.t, err)
	r.body = f[n:]
	return &r
}

// ask makes the frame of a request with the next xid.
func (c *wire) ask(op jute.OpCode, body jute.Record) []byte {
	c.xid++
	if body == nil {
		return frame(&jute.RequestHeader{Xid: c.xid, Type: op})
	}
	return frame(&jute.RequestHeader{Xid: c.xid, Type: op}, body)
}

var open = []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}

func create(path, data string, mode jute.CreateMode) *jute.CreateRequest {
	return &jute.CreateRequest{Path: []byte(path), Data: []byte(data), ACL: open, Flags: mode}
}

func get(path string) *jute.PathWatch { return &jute.PathWatch{Path: []byte(path)} }

func set(path, data string) *jute.SetDataRequest {
	return &jute.SetDataRequest{Path: []byte(path), Data: []byte(data), Version: -1}
}

func (r *reply) data(t *testing.T) string {
	var d jute.DataStat
	_, err := jute.Decode(r.body, &d)
	require.NoError(t, err)
	return string(d.Data)
}

// replicaApplies makes everything that is logged durable, but does not wake the lane.
func (w *world) replicaApplies() {
	ev := replica.Events{Now: w.now, Disk: w.asked}
	for _, a := range w.replica.Step(&ev).Disk {
		w.logged = append(w.logged, a.Entry)
		w.asked++
	}
	w.woken = false
}
