package zab

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// sim is an ensemble of leaders and learners in one goroutine: pipes of bytes between them, a naive
// disk each, and an election that names whom it likes. Everything is drawn from a seed.
type sim struct {
	t     testing.TB
	seed  uint64
	rand  *rand.Rand
	log   io.Writer
	now   time.Duration
	nodes []*simNode
	pipes []*pipe
	links effects.LinkID
	texts int
	named *simNode // leader, last
	// quorumSync: all that lead ask a quorum for each sync.
	quorumSync bool
	// lean: a Send without bytes takes no place on a pipe.
	lean bool

	voters    voters
	committed []jute.Entry       // by the word of leaders, in order
	reigns    map[int64]*simNode // who led in an epoch
	counts    map[string]int     // what was reached
	// lost: a server of Apache's has brought back what its leader never had, see apacheDisk. There
	// is nothing to be judged any more.
	lost bool
}

// simDisk is what survives a crash: a snapshot of the first transactions, and the log behind it.
type simDisk struct {
	accepted, current int64
	entries           []jute.Entry
	snapshot          int       // it holds so many entries; nothing below can be read or cut to
	snapZxid          jute.Zxid // of that snapshot
	tmp               *simTree  // saved and not installed
}

// simTree is what a tree holds: a part of the one history.
type simTree struct {
	entries []jute.Entry
	zxid    jute.Zxid
}

func (d *simDisk) last() jute.Zxid {
	if len(d.entries) > d.snapshot {
		return last(d.entries)
	}
	return d.snapZxid
}

func (d *simDisk) upTo(z jute.Zxid) int {
	n := 0
	for n < len(d.entries) && d.entries[n].Header.Zxid <= z {
		n++
	}
	return n
}

// pipe is a connection. Each end has what is on its way to it.
type pipe struct {
	ends  [2]*simNode // who dialled, who accepted
	lives [2]int
	ids   [2]effects.LinkID
	items [2][]any // []byte or simTree, towards that end
	buf   [2][]byte
	cut   [2]*Cutter
	snap  [2]bool // the end stands behind a SNAP packet
	pause [2]bool
	open  [2]bool
	torn  [2]bool // the end hears of that next
	still [2]bool // the end hears nothing
}

func (p *pipe) end(n *simNode) int {
	if p.ends[0] == n {
		return 0
	}
	return 1
}

type simNode struct {
	s        *sim
	id       jute.PeerID
	observer bool
	up       bool
	life     int
	disk     simDisk

	queue   []effects.DiskOp
	done    effects.Ticket
	out     *effects.Pending
	history *history.History
	tree    simTree
	offered []jute.Entry
	beside  *simTree
	jobs    []effects.Job
	applied jute.Zxid

	leader  *Leader
	learner *Learner
	apache  *apache // the role of a server of Apache's; it never leads
	link    effects.LinkID
	served  bool
	next    jute.Zxid // the chain's next zxid, at a leader
	reads   map[uint64]*simRead
	rejoin  int64
	asked   []simAsk // by a learner's clients, in order: requests and syncs; a leader's syncs
	cxid    int32
	first   int32 // the first cxid of this role

	isApache   bool
	apacheDisk apacheDisk
	snapping   bool // its tree is that of a SNAP which is not complete
}

// simRead is a ReadLog that was opened.
type simRead struct{ at, end int }

// simAsk is a request with its cxid, or a sync.
type simAsk struct {
	sync      bool
	cxid      int32
	committed int // so many transactions were, by the word of any leader, when a sync was sent
}

func (s *sim) sync() simAsk { return simAsk{sync: true, committed: len(s.committed)} }

func newSim(t testing.TB, seed uint64, voting, observing int) *sim {
	s := &sim{t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 1)), log: io.Discard,
		reigns: map[int64]*simNode{}, counts: map[string]int{}}
	for i := range voting + observing {
		n := &simNode{s: s, id: jute.PeerID(i + 1), observer: i >= voting}
		if !n.observer {
			s.voters = append(s.voters, n.id)
		}
		s.nodes = append(s.nodes, n)
		n.start()
	}
	return s
}

func (s *sim) say(format string, args ...any) {
	fmt.Fprintf(s.log, "%8d ms  "+format+"\n", append([]any{s.now.Milliseconds()}, args...)...)
}

func (s *sim) chance(percent int) bool { return s.rand.IntN(100) < percent }

func (s *sim) require(ok bool, format string, args ...any) {
	if !ok {
		s.t.Fatalf("seed %d at %v: "+format, append([]any{s.seed, s.now}, args...)...)
	}
}

// start starts the process of a node: the tree has everything that the disk has.
func (n *simNode) start() {
	n.up, n.life = true, n.life+1
	n.queue, n.done, n.out, n.jobs = nil, 0, &effects.Pending{}, nil
	n.disk.tmp = nil
	n.leader, n.learner, n.reads = nil, nil, map[uint64]*simRead{}
	n.apache, n.snapping = nil, false
	n.offered, n.beside, n.asked, n.rejoin = nil, nil, nil, 0
	n.apacheDisk.brought, n.apacheDisk.ahead = n.apacheDisk.covers(), 0
	n.load()
	kept := min(n.s.rand.IntN(6), len(n.disk.entries)-n.disk.snapshot)
	from := len(n.disk.entries) - kept
	before := n.disk.snapZxid
	if from > n.disk.snapshot {
		before = n.disk.entries[from-1].Header.Zxid
	}
	n.history = history.New(history.Limits{Entries: n.s.rand.IntN(5), Bytes: 1 << 20}, before)
	for _, e := range n.disk.entries[from:] {
		n.history.Append(e)
	}
}

func (n *simNode) load() {
	n.tree = simTree{append([]jute.Entry(nil), n.disk.entries...), n.disk.last()}
	n.applied = n.disk.last()
}

func (n *simNode) crash() {
	n.s.say("%d crashes", n.id)
	n.up = false
	n.leader, n.learner, n.served = nil, nil, false
	if a := n.apache; a != nil {
		n.apache = nil
		a.flush(n.s.rand.IntN(1 + len(a.logging)))
	}
	for _, p := range n.s.pipes {
		if (p.ends[0] == n || p.ends[1] == n) && p.open[p.end(n)] {
			p.open[p.end(n)] = false
		}
	}
	// What was not flushed is gone, and some of what was not told to be is there.
	for len(n.queue) > 0 && n.s.chance(60) {
		n.operate()
	}
}

// standing is what the node's peer knows when it has no role.
func (n *simNode) standing() Standing {
	return Standing{Accepted: n.disk.accepted, Current: n.disk.current, Last: n.disk.last(),
		Applied: n.applied}
}

func (n *simNode) lead() {
	n.s.say("%d is named leader: %+v", n.id, n.standing())
	n.leader = NewLeader(LeaderConfig{Me: n.id, Members: n.s.voters, Text: []byte("text"),
		Tick: 200 * time.Millisecond, InitLimit: 2 * time.Second, SyncLimit: time.Second,
		Window: 200 + n.s.rand.IntN(2000), SnapshotSizeFactor: float64(n.s.rand.IntN(3) - 1),
		SnapshotBytes: func() int64 { return 600 }, ForceSnapshotSync: n.s.chance(3),
		QuorumSync: n.s.quorumSync},
		n.standing(), n.history, n.out, n.s.now)
	n.take(nil)
}

// dial connects a node with a leader.
func (n *simNode) dial(to *simNode) {
	s := n.s
	p := &pipe{ends: [2]*simNode{n, to}, lives: [2]int{n.life, to.life}, open: [2]bool{true, true}}
	for i := range p.ids {
		s.links++
		p.ids[i] = s.links
		p.cut[i] = NewCutter(1 << 20)
	}
	s.pipes = append(s.pipes, p)
	n.link = p.ids[0]
	if n.isApache {
		to.event(p, effects.LinkEvent{Kind: effects.Accepted})
		s.say("%d, an Apache, joins %d: %+v", n.id, to.id, n.standing())
		n.apache, n.first = &apache{n: n, pipe: p}, n.cxid+1
		n.apache.register()
		return
	}
	s.say("%d joins %d by %d: %+v", n.id, to.id, p.ids[0], n.standing())
	c := LearnerConfig{Me: n.id, Observer: n.observer, InitLimit: 2 * time.Second,
		SyncLimit: time.Second, EmptyFor: n.rejoin}
	n.rejoin = 0
	to.event(p, effects.LinkEvent{Kind: effects.Accepted})
	n.learner = NewLearner(c, n.standing(), n.history, n.out, n.link, s.now)
	n.take(nil)
}

// event tells a node of one of its connections.
func (n *simNode) event(p *pipe, ev effects.LinkEvent) {
	ev.Link = p.ids[p.end(n)]
	switch {
	case n.apache != nil:
		n.apacheEvent(p, &ev)
	case n.leader != nil:
		n.take(n.leader.Link(n.s.now, &ev))
	case n.learner != nil:
		n.take(n.learner.Link(n.s.now, &ev))
	}
}

// apacheEvent tells an Apache server of its connection.
func (n *simNode) apacheEvent(p *pipe, ev *effects.LinkEvent) {
	if n.apache.pipe != p {
		return
	}
	ok := ev.Kind != effects.Closed
	if ev.Kind == effects.Packet {
		q, err := readPacket(ev.Data)
		n.s.require(err == nil, "%v", err)
		ok = n.apache.packet(&q)
	}
	if !ok {
		n.s.say("%d, an Apache, leaves", n.id)
		n.apache.end()
		n.apache, n.served, n.asked = nil, false, nil
		p.open[p.end(n)] = false
	}
}

// take carries out what takes no time, and ends the role if there is a reason.
func (n *simNode) take(err error) {
	for {
		e := n.out.Take()
		n.carry(e)
		if len(e.Deliver)+len(e.Disk)+len(e.Send)+len(e.Links)+len(e.Jobs) == 0 {
			break
		}
	}
	if n.leader != nil {
		for _, gone := range n.leader.Gone() {
			n.s.require(!errors.Is(gone, ErrProtocol) && !errors.Is(gone, ErrHole),
				"%d closes a connection: %v", n.id, gone)
		}
	}
	if err != nil {
		n.leave(err)
	}
}

func (n *simNode) carry(e *effects.Effects) {
	s := n.s
	for i := range e.Deliver {
		n.deliver(&e.Deliver[i])
	}
	n.queue = append(n.queue, e.Disk...)
	for _, op := range e.Links {
		p := s.pipe(op.Link)
		i := p.end(n)
		switch op.Kind {
		case effects.Close:
			p.open[i] = false
		case effects.Pause:
			p.pause[i] = true
		case effects.Resume:
			p.pause[i] = false
		}
	}
	for _, o := range e.Send {
		p := s.pipe(o.Link)
		n.acked(o.Data)
		if i := p.end(n); p.open[i] && (len(o.Data) > 0 || !s.lean) {
			for _, j := range n.jobs {
				s.require(j.Kind != effects.StreamTree || j.Link != o.Link,
					"%d writes into the SNAP of %d", n.id, o.Link)
			}
			p.items[1-i] = append(p.items[1-i], append([]byte(nil), o.Data...))
		}
	}
	for _, j := range e.Jobs {
		if j.Kind != effects.Cancel {
			n.jobs = append(n.jobs, j)
			continue
		}
		for i := range n.jobs {
			if n.jobs[i].Generation == j.Generation {
				n.jobs = append(n.jobs[:i:i], n.jobs[i+1:]...)
				break
			}
		}
	}
}

func (s *sim) pipe(link effects.LinkID) *pipe {
	for _, p := range s.pipes {
		if p.ids[0] == link || p.ids[1] == link {
			return p
		}
	}
	return &pipe{}
}

// leave is what the peer does when a role ends.
func (n *simNode) leave(err error) {
	n.s.say("%d leaves: %v", n.id, err)
	for _, known := range []error{ErrClosed, ErrTimeout, ErrOldLeader, ErrTree, ErrSnap,
		ErrNoQuorum, ErrDisk, ErrNewEpoch, ErrRollOver} {
		if errors.Is(err, known) {
			n.s.counts[known.Error()]++
			break
		}
	}
	n.s.require(!errors.Is(err, ErrProtocol) && !errors.Is(err, ErrHole) &&
		!errors.Is(err, ErrCommit), "%d leaves: %v", n.id, err)
	for _, p := range n.s.pipes {
		for i := range p.ends {
			if p.ends[i] == n && p.lives[i] == n.life {
				p.open[i] = false
			}
		}
	}
	for len(n.queue) > 0 {
		n.operate()
	}
	st := Standing{}
	if n.leader != nil {
		st = n.leader.Standing()
	} else {
		st = n.learner.Standing()
		if epoch, ok := n.learner.RejoinEmpty(); ok {
			n.rejoin = epoch
		}
	}
	n.s.require(st.Last == n.disk.last() && st.Accepted == n.disk.accepted &&
		st.Current == n.disk.current, "%d has %+v, its disk %+v", n.id, st, n.standing())
	n.applied = st.Applied
	n.leader, n.learner, n.served = nil, nil, false
	n.offered, n.beside, n.jobs, n.asked = nil, nil, nil, nil
	if n.applied > n.disk.last() {
		n.load()
	}
}

func (n *simNode) looks() bool {
	return n.up && n.leader == nil && n.learner == nil && n.apache == nil
}

// flush makes operations of the disk happen.
func (n *simNode) flush(count int) {
	for range min(count, len(n.queue)) {
		n.operate()
	}
	switch {
	case n.apache != nil:
		n.apache.flush(count)
	case n.leader != nil:
		n.take(n.leader.Durable(n.s.now, n.done))
	case n.learner != nil:
		n.take(n.learner.Durable(n.s.now, n.done))
	}
}

func (n *simNode) operate() {
	op, d := n.queue[0], &n.disk
	n.queue = n.queue[1:]
	n.done++
	switch op.Kind {
	case effects.Append:
		n.s.require(history.Follows(d.last(), op.Entry.Header.Zxid), "%d logs %v behind %v", n.id,
			op.Entry.Header.Zxid, d.last())
		d.entries = append(d.entries[:len(d.entries):len(d.entries)], op.Entry)
	case effects.AcceptEpoch:
		n.s.require(op.Epoch > d.accepted, "%d accepts %d behind %d", n.id, op.Epoch, d.accepted)
		d.accepted = op.Epoch
	case effects.EnterEpoch:
		n.s.require(op.Epoch >= d.current && op.Epoch <= d.accepted, "%d enters %d: %+v", n.id,
			op.Epoch, n.standing())
		d.current = op.Epoch
	case effects.Install:
		n.s.require(d.tmp != nil && d.tmp.zxid == op.Zxid, "%d installs %v", n.id, op.Zxid)
		d.entries, d.snapshot, d.snapZxid = d.tmp.entries, len(d.tmp.entries), op.Zxid
		d.tmp = nil
		n.s.counts["install"]++
	case effects.Cut:
		n.s.require(n.canCut(op.Zxid) == nil, "%d cuts to %v", n.id, op.Zxid)
		d.entries = d.entries[:d.upTo(op.Zxid)]
		n.s.counts["cut"]++
	case effects.Load:
		n.beside = &simTree{append([]jute.Entry{}, d.entries...), d.last()}
		done := effects.JobDone{Generation: op.Generation, Zxid: d.last()}
		if n.learner != nil {
			n.take(n.learner.Job(n.s.now, &done))
		}
	}
}

func (n *simNode) canCut(z jute.Zxid) error {
	switch at := n.disk.upTo(z); {
	case at < n.disk.snapshot || z < n.disk.snapZxid:
		return fmt.Errorf("%w: no snapshot", effects.ErrGap)
	case z.Counter() != 0 && (at == 0 || n.disk.entries[at-1].Header.Zxid != z) &&
		z != n.disk.snapZxid:
		return fmt.Errorf("%w: not there", effects.ErrGap)
	}
	return nil
}

// finish ends a job, or lets it fail.
func (n *simNode) finish(i int, fails bool) {
	j := n.jobs[i]
	done := effects.JobDone{Generation: j.Generation}
	if fails && j.Kind != effects.CanCut {
		done.Err = errors.New("it failed")
	} else if !n.carryOut(j, &done) {
		return
	}
	n.jobs = append(n.jobs[:i:i], n.jobs[i+1:]...)
	if n.leader != nil {
		n.take(n.leader.Job(n.s.now, &done))
	} else if n.learner != nil {
		n.take(n.learner.Job(n.s.now, &done))
	}
}

// carryOut does the work of a job. It returns false when that must wait.
func (n *simNode) carryOut(j effects.Job, done *effects.JobDone) bool {
	d := &n.disk
	switch j.Kind {
	case effects.StreamTree:
		p := n.s.pipe(j.Link)
		i := p.end(n)
		// The tree may have gone on since the packet left.
		tree := simTree{append([]jute.Entry{}, n.tree.entries...), n.tree.zxid}
		if back := n.s.rand.IntN(3); back > 0 {
			at := max(0, len(tree.entries)-back)
			if at > 0 {
				tree.zxid = min(tree.zxid, tree.entries[at-1].Header.Zxid)
			}
		}
		q := ensemble.QuorumPacket{Type: ensemble.PacketSnap, Zxid: tree.zxid}
		p.items[1-i] = append(p.items[1-i], jute.Append(nil, &q), tree)
		done.Zxid = tree.zxid
		n.s.counts["SNAP"]++
	case effects.BuildTree:
		p := n.s.pipe(j.Link)
		i := p.end(n)
		if !p.open[1-i] || p.torn[i] {
			done.Err = io.ErrUnexpectedEOF
			return true
		}
		if len(p.items[i]) == 0 {
			return false
		}
		tree := p.items[i][0].(simTree)
		p.items[i], p.snap[i] = p.items[i][1:], false
		n.beside = &tree
	case effects.SaveTree:
		d.tmp = &simTree{append([]jute.Entry{}, n.beside.entries...), n.beside.zxid}
		done.Zxid = d.tmp.zxid
	case effects.CanCut:
		done.Err = n.canCut(j.UpTo)
	case effects.ReadLog:
		r := &simRead{at: d.upTo(j.From) - 1, end: d.upTo(j.UpTo)}
		if r.at < 0 && d.snapshot == 0 {
			r.at = 0
		} else if r.at < d.snapshot {
			done.Err = fmt.Errorf("%w: purged", effects.ErrGap)
		}
		n.s.require(r.end > 0 && d.entries[r.end-1].Header.Zxid == j.UpTo, "%d reads up to %v of %v",
			n.id, j.UpTo, d.last())
		n.reads[j.Generation] = r
		done.Size = int64(100 * (r.end - r.at))
		n.s.counts["ReadLog"]++
	case effects.ReadMore:
		r := n.reads[j.Generation]
		upTo := min(r.end, r.at+n.s.rand.IntN(3))
		if r.at < d.snapshot {
			done.Err = fmt.Errorf("%w: purged", effects.ErrGap)
			return true
		}
		done.Entries = append(done.Entries, d.entries[r.at:upTo]...)
		r.at = upTo
		done.More = upTo < r.end
	}
	return true
}
