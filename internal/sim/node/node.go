package node

import (
	"net/netip"
	"runtime/debug"

	"quoll/internal/sim/fuse"
	"quoll/internal/sim/history"
	"quoll/internal/sim/lease"
	"quoll/internal/sim/pipe"
	"quoll/internal/sim/simfs"
	"quoll/internal/sim/witness"
	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/persistence"
	"quoll/quorum/effects"
)

// Recorder is told everything that is needed to judge a run.
type Recorder interface {
	// Asked: the disk is asked for an operation, the one of the next ticket. t is the transaction
	// of an append.
	Asked(n *Node, op *effects.DiskOp, t *history.Txn)
	// Said: it tells other servers what is on its disk.
	Said(n *Node, s witness.Says)
	// Reigns: it leads in an epoch, with a quorum.
	Reigns(n *Node, epoch int64)
	// Served: clients may see its tree, which shows the transactions up to a zxid.
	Served(n *Node, zxid jute.Zxid)
	// Unserved: clients see it no more.
	Unserved(n *Node)
	// Settled: so many operations more are said to be durable.
	Settled(n *Node, operations int)
	// Applied: its tree shows the transactions up to a zxid.
	Applied(n *Node, zxid jute.Zxid, digest uint64)
	// Logged says what is wrong with a transaction that a log holds; nil: nothing is.
	Logged(n *Node, e *jute.Entry) error
	// Recovered: a start found this. The transactions that were proposed behind it are lost.
	Recovered(n *Node, r history.Recovery, epochs persistence.Epochs)
	// Forgotten: the files will no longer know a session that has ephemerals.
	Forgotten(id jute.SessionID)
	// Stood: the process stands still from one world time to another.
	Stood(n *Node, from, to int64)
	// LeastTimeout is the shortest timeout, ms, that a session was ever given.
	LeastTimeout(id jute.SessionID) int32
	// Tape is the record of a link.
	Tape(e *pipe.End) *history.Tape
}

// Node is one machine.
type Node struct {
	*world.World
	set    *Setting
	net    *pipe.Net
	record Recorder
	number int

	disk    *simfs.Disk
	process *process // nil: the server is down
	life    int      // how often it was started
	healed  bool     // no more faults
	kept    bool     // the server stays down
	// snapshots is how many were written beside a running server.
	snapshots int
	rotten    int        // snapshots in which a bit was turned
	fuse      *fuse.Fuse // of this life
	wall      int64      // ms by which the wall clock is ahead of the world's time
}

// New makes a machine with an empty disk, whose server is not started yet. Nodes count from 1.
func New(w *world.World, number int, set *Setting, net *pipe.Net, record Recorder) *Node {
	return &Node{
		World: w, set: set, net: net, record: record, number: number,
		disk: simfs.New(), wall: 1_700_000_000_000, fuse: fuse.New(w, fuse.Rules{}),
	}
}

// Address is where its server takes clients.
func (n *Node) Address() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(n.number)}), 2181)
}

// Number is the node's number, from 1.
func (n *Node) Number() int { return n.number }

// Life is how often the server was started.
func (n *Node) Life() int { return n.life }

// Up says whether the server runs, or is starting.
func (n *Node) Up() bool { return n.process != nil }

// Heal ends all faults.
func (n *Node) Heal() {
	n.healed = true
	n.fuse.Heal()
	if p := n.process; p != nil {
		p.log.slowUntil = 0
	}
}

// Start starts the server, unless it runs.
func (n *Node) Start() {
	if n.process != nil || n.kept {
		return
	}
	if n.life == 0 && n.set.Begin > 0 {
		n.inherit()
	}
	n.decay()
	n.life++
	n.Note("node %d: start %d finds %v", n.number, n.life, n.disk.Names())
	n.light()
	n.disk.Inject = n.fuse.Call
	p := &process{n: n, life: n.life, works: newWorks()}
	p.clock = clock{n: n, zero: n.Now, perMill: 1000}
	if n.set.Faults.Drift {
		p.clock.perMill = n.Between(900, 1100)
	}
	times := &n.set.Times
	p.leases = lease.NewBook(lease.Rules{
		TickMillis: times.TickMillis, IntervalMillis: times.IntervalMillis,
		MinTimeout: times.MinTimeout, MaxTimeout: times.MaxTimeout,
		KernelTells: n.set.Limits.KernelTells, Throttled: n.set.Throttle.MaxRequests > 0,
	}, p.clock.millis())
	p.log.p = p
	p.witness = witness.New(witness.Config{
		World: n.World, Node: n.number, Millis: p.clock.millis, Leases: p.leases,
		Said: func(s witness.Says) { n.record.Said(n, s) },
	})
	n.process = p
	n.guard(p, func() {
		if err := p.start(); err != nil {
			p.ends("start", err)
		}
	})
}

// light begins the fuse of a life.
func (n *Node) light() {
	f := &n.set.Faults
	n.fuse = fuse.New(n.World, fuse.Rules{
		CrashFS: f.CrashFS, CrashEffect: f.CrashEffect, DiskErrors: f.DiskErrors,
		ShortReads: f.ShortReads, Member: n.set.Peers != nil,
		// Not with forceSync=no: there data that was never flushed is acknowledged.
		Forgets: !n.set.Store.Log.NoSync,
	})
	if n.healed {
		n.fuse.Heal()
	}
	n.fuse.Light()
}

// guard runs a piece of the process. If the process dies in it, the machine stops the process.
func (n *Node) guard(p *process, do func()) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case simfs.Crash:
			n.kill(p, r.String())
		case fuse.End:
			n.kill(p, r.Why)
		default:
			n.Violate("panic: %v\n%s", r, debug.Stack())
		}
	}()
	do()
}

// kill ends the process, alone or with the power.
func (n *Node) kill(p *process, why string) {
	var loss *simfs.Loss
	if n.process == p && n.set.Faults.Power && !n.Chance(3) && !n.healed {
		random := simfs.Random(n.Rand)
		loss = &random
	}
	n.die(p, why, loss)
}

// die ends the process. The power fails with it if loss is given.
func (n *Node) die(p *process, why string, loss *simfs.Loss) {
	if n.process != p || p == nil {
		return
	}
	n.Note("node %d: the server dies: %s", n.number, why)
	n.process = nil
	n.Trace.Mix(uint64(len(why)))
	n.net.Unlisten(n.Address())
	for _, s := range p.sockets() {
		s.link.Kill()
	}
	p.diedInSync()
	if loss != nil {
		n.Note("node %d: the power fails", n.number)
		n.Counts.Add("fault", "power loss")
		n.disk = n.disk.PowerLoss(*loss)
		p.hangUp(func() bool { return n.Chance(2) })
	} else {
		n.Counts.Add("fault", "process killed")
		n.disk = n.disk.Kill()
		p.hangUp(func() bool { return false })
	}
	n.After(n.Between(5_000, 400_000), n.Start)
}
