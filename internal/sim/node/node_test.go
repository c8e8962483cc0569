package node

import (
	"github.com/stretchr/testify/require"
	"net/netip"
	"testing"

	"quoll/internal/replica"
	"quoll/internal/sim/fuse"
	"quoll/internal/sim/history"
	"quoll/internal/sim/pipe"
	"quoll/internal/sim/witness"
	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/quorum/effects"
)

// book records what nodes tell, each apart.
type book struct {
	logs       map[*Node][]history.Txn
	recoveries map[*Node][]history.Recovery
	stood      int
}

func (b *book) Asked(n *Node, _ *effects.DiskOp, t *history.Txn) { b.logs[n] = append(b.logs[n], *t) }
func (b *book) Said(*Node, witness.Says)                         {}
func (b *book) Reigns(*Node, int64)                              {}
func (b *book) Served(*Node, jute.Zxid)                          {}
func (b *book) Unserved(*Node)                                   {}
func (b *book) Settled(*Node, int)                               {}
func (b *book) Applied(*Node, jute.Zxid, uint64)                 {}
func (b *book) Logged(*Node, *jute.Entry) error                  { return nil }
func (b *book) Recovered(n *Node, r history.Recovery, _ persistence.Epochs) {
	b.recoveries[n] = append(b.recoveries[n], r)
}
func (b *book) LeastTimeout(jute.SessionID) int32 { return 0 }
func (b *book) Forgotten(jute.SessionID)          {}
func (b *book) Stood(*Node, int64, int64)         { b.stood++ }
func (b *book) Tape(*pipe.End) *history.Tape      { return &history.Tape{Conn: new(history.Conn)} }

// guest is a client that asks for a session and nothing else.
type guest struct {
	end *pipe.End
	got []byte
}

func (g *guest) Taken() {}
func (g *guest) Arrived(int) {
	for g.end.Arrived() > 0 {
		g.got = append(g.got, g.end.Read()...)
	}
}

func visit(t *testing.T, net *pipe.Net, n *Node) *guest {
	t.Helper()
	g := new(guest)
	var err error
	g.end, err = net.Dial(netip.MustParseAddr("10.0.0.1"), n.Address(), nil, g)
	require.NoError(t, err)
	b := jute.Append(jute.FrameStart(nil), &jute.ConnectRequest{
		TimeOut: 60_000, Passwd: make([]byte, 16), HasReadOnly: true,
	})
	jute.FrameEnd(b, 0)
	g.end.Write(b)
	return g
}

func (g *guest) session() jute.SessionID {
	var r jute.ConnectResponse
	if len(g.got) > 4 {
		_, _ = jute.Decode(g.got[4:], &r)
	}
	return r.SessionID
}

func setting() *Setting {
	return &Setting{
		Times: Times{TickMillis: 50, IntervalMillis: 12, MinTimeout: 100, MaxTimeout: 60_000},
		Lanes: 1, Rest: 1, SlowWalk: 1, ChunkNames: 2, CloseTxn: true,
		Limits: Limits{
			SnapCount: 1000, ApplyBatch: 16, InFlight: 100, InFlightBytes: 1 << 20,
			OutputPause: 1 << 20, Outstanding: 1000, BatchRequests: 256, BatchBytes: 64 << 10,
			BulkBytes: 64 << 10, MaxFrame: 4000, Receive: 1 << 20, OutputCap: 1 << 20,
			ReapCheckMillis: 1000, ReapMaxPerMinute: 100,
		},
	}
}

// Three machines in one world: what happens to one happens to none of the others.
func TestNodesShareNothingButTheNetwork(t *testing.T) {
	w := world.New(1, nil)
	net := pipe.New(w, pipe.Rules{WindowBytes: 1 << 20})
	b := &book{logs: map[*Node][]history.Txn{}, recoveries: map[*Node][]history.Recovery{}}
	var nodes []*Node
	for i := range 3 {
		set := setting()
		set.Faults.Drift = i == 1
		nodes = append(nodes, New(w, i+1, set, net, b))
		nodes[i].Start()
	}
	one, two, three := nodes[0], nodes[1], nodes[2]
	w.RunUntil(100_000, nil)
	var guests []*guest
	for _, n := range nodes {
		guests = append(guests, visit(t, net, n))
	}
	w.RunUntil(200_000, nil)
	for i, n := range nodes {
		require.NotZero(t, guests[i].session())
		require.EqualValues(t, 1, n.Last(), "each has its own history")
	}
	require.NotEqual(t, one.process.clock.millis(), two.process.clock.millis(), "and clock")

	// The power of one machine fails: its session is on its own disk, and the others do not notice.
	two.set.Faults.Power = true
	for two.Life() < 5 {
		two.kill(two.process, "killed")
		require.False(t, two.Up())
		_, err := net.Dial(netip.MustParseAddr("10.0.0.1"), two.Address(), nil, new(guest))
		require.ErrorIs(t, err, pipe.ErrRefused)
		visit(t, net, one)
		w.RunUntil(w.Now+500_000, nil)
		require.True(t, two.Up())
	}
	require.Equal(t, 1, one.Life())
	require.Equal(t, 1, three.Life())
	require.Len(t, b.recoveries[two], 5)
	require.EqualValues(t, 1, two.Last())
	require.EqualValues(t, 5, one.Last())
	require.True(t, guests[1].end.Cut())
	require.False(t, guests[0].end.Cut())

	// One machine stands still: the others answer meanwhile, and it answers when it goes on.
	three.process.freeze(w.Now + 1_000_000)
	late, soon := visit(t, net, three), visit(t, net, one)
	w.RunUntil(w.Now+900_000, nil)
	require.Zero(t, late.session())
	require.NotZero(t, soon.session())
	w.RunUntil(w.Now+300_000, nil)
	require.NotZero(t, late.session())
	require.Equal(t, 1, b.stood)

	// A fuse ends one process only.
	three.fuse.LightAt(fuse.Step, 1)
	w.RunUntil(w.Now+300_000, func() bool { return !three.Up() })
	require.False(t, three.Up())
	require.True(t, one.Up() && two.Up())
	require.Empty(t, w.Broken)
}

// The simulated disk gets all calls that the real one gets, in one queue.
func TestTheDiskOfANodeIsInOrder(t *testing.T) {
	w := world.New(1, nil)
	net := pipe.New(w, pipe.Rules{WindowBytes: 1 << 20})
	n := New(w, 1, setting(), net, &book{
		logs: map[*Node][]history.Txn{}, recoveries: map[*Node][]history.Recovery{},
	})
	n.Start()
	w.RunUntil(1000, nil)
	p := n.process
	const e = jute.Zxid(1 << 32)
	snapshot, err := p.store.CreateSnapshot(e)
	require.NoError(t, err)
	require.NoError(t, snapshot.Node("", nil, -1, &jute.StatPersisted{}))
	require.NoError(t, snapshot.Complete(snap.Trailer{}))
	appends := func(zxid jute.Zxid) replica.DiskOp {
		e := jute.Entry{Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpSetData}}
		e.Payload = jute.AppendEntry(nil, &e)
		return replica.DiskOp{DiskOp: effects.DiskOp{Entry: e}}
	}
	var told effects.Ticket
	ops := []replica.DiskOp{
		appends(1), appends(2), {DiskOp: effects.DiskOp{Kind: effects.AcceptEpoch, Epoch: 1}},
		{DiskOp: effects.DiskOp{Kind: effects.Cut, Zxid: 1}}, appends(2),
		{DiskOp: effects.DiskOp{Kind: effects.Install, Zxid: e}},
		{DiskOp: effects.DiskOp{Kind: effects.EnterEpoch, Epoch: 1}}, appends(e + 1),
	}
	want := []jute.Zxid{0, 1, 2, 2, 1, 2, e, e, e + 1} // by ticket
	p.log.writer.Durable = func(ticket effects.Ticket) {
		require.Greater(t, ticket, told)
		told = ticket
		require.Equal(t, want[ticket], p.store.Log().Durable())
	}
	p.log.put(ops)
	w.RunUntil(100_000, nil)
	require.EqualValues(t, len(ops), told)
	epochs, err := p.store.Epochs()
	require.NoError(t, err)
	require.Equal(t, persistence.Epochs{Accepted: 1, Current: 1}, epochs)
	require.Empty(t, w.Broken)
}
