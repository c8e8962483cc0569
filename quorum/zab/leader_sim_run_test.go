package zab

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

var (
	simSeeds = flag.Int("zab.ensembles", 150, "how many seeds TestEnsembles plays")
	simFrom  = flag.Uint64("zab.first", 1, "the first seed of TestEnsembles")
	simTell  = flag.Bool("zab.tell", false, "tell what happens")
)

// TestEnsembles plays ensembles of leaders and learners from seeds: first with crashes, cut
// connections and wrong elections, then without, until everybody has the same history. In every
// third one a sync asks a quorum.
func TestEnsembles(t *testing.T) {
	counts := map[string]int{}
	for seed := *simFrom; seed < *simFrom+uint64(*simSeeds); seed++ {
		s := playEnsemble(t, seed, seed%3 == 0)
		for name, n := range s.counts {
			counts[name] += n
		}
		if s.lost {
			counts["lost by Apache"]++
		}
	}
	t.Log(counts)
	if *simSeeds < 100 {
		return
	}
	for _, name := range []string{"reign", "commit", "SNAP", "install", "cut", "ReadLog", "synced",
		"request", "DIFF", "TRUNC", "INFORM", "again", "sync by a quorum"} {
		require.NotZero(t, counts[name], name)
	}
}

// TestEnsemblesThatFailed plays the seeds that ever found something.
func TestEnsemblesThatFailed(t *testing.T) {
	for _, seed := range []uint64{10, 34, 89, 511, 535, 542, 14932, 15315, 17642, 18316,
		100239, 100325, 308052} {
		playEnsemble(t, seed, false)
	}
}

func playEnsemble(t *testing.T, seed uint64, quorumSync bool) *sim {
	s := newSim(t, seed, 3, 1)
	switch s.rand.IntN(10) {
	case 0:
		s = newSim(t, seed, 1, 1)
	case 1, 2, 3:
		s = newSim(t, seed, 5, 0)
	}
	s.quorumSync = quorumSync
	for i := 1; i < len(s.nodes) && s.chance(40); i++ {
		s.nodes[i].isApache = true // at least one can lead
	}
	if *simTell {
		s.log = os.Stdout
	}
	for range 1500 {
		if s.step(true); s.lost {
			return s
		}
	}
	s.say("the faults are over")
	s.calmsDown(40_000)
	return s
}

// calmsDown goes on without faults until all is calm.
func (s *sim) calmsDown(steps int) {
	for range steps {
		if s.step(false); s.calm() || s.lost {
			return
		}
	}
	if s.stuck() {
		return
	}
	for _, n := range s.nodes {
		s.say("%d: leader %v learner %v served %v, %d in queue, %d jobs, %+v", n.id, n.leader != nil,
			n.learner != nil, n.served, len(n.queue), len(n.jobs), n.standing())
	}
	s.require(false, "no agreement after the faults")
}

// calm reports that everybody is served and has the same history, all of it committed.
func (s *sim) calm() bool {
	for _, n := range s.nodes {
		if !n.served || len(n.asked) > 0 || len(n.tree.entries) != len(s.committed) ||
			n.leader != nil && n.leader.log.History.Last() > n.leader.log.Committed {
			return false
		}
	}
	return true
}

// step makes one thing happen.
func (s *sim) step(faults bool) {
	n := s.nodes[s.rand.IntN(len(s.nodes))]
	switch k := s.rand.IntN(100); {
	case k < 50:
		for range 3 {
			s.move()
		}
	case k < 65:
		if n.up {
			n.flush(1 + s.rand.IntN(3))
		}
	case k < 75:
		if n.up && len(n.jobs) > 0 {
			n.finish(s.rand.IntN(len(n.jobs)), faults && s.chance(5))
		}
	case k < 83:
		s.now += time.Duration(s.rand.IntN(15)) * time.Millisecond
		n.tick()
	case k < 91:
		s.elect(n, faults)
	case k < 97:
		if faults {
			n.client()
		}
	case faults:
		s.fault(n)
	case !n.up:
		n.start()
	}
}

func (n *simNode) tick() {
	switch {
	case n.leader != nil:
		n.take(n.leader.Tick(n.s.now))
	case n.learner != nil:
		n.take(n.learner.Tick(n.s.now))
	}
}

func (s *sim) fault(n *simNode) {
	switch s.rand.IntN(8) {
	case 0:
		if n.up {
			n.crash()
		}
	case 1, 2:
		if !n.up {
			n.start()
		}
	case 3, 4, 5:
		if len(s.pipes) > 0 {
			p := s.pipes[s.rand.IntN(len(s.pipes))]
			// Each end hears of it when it looks; what is on its way is lost.
			p.items, p.torn = [2][]any{}, [2]bool{true, true}
		}
	case 6:
		k := min(len(n.tree.entries), len(n.disk.entries), len(s.committed))
		if n.served && !n.isApache && k > n.disk.snapshot {
			n.disk.snapshot += s.rand.IntN(k - n.disk.snapshot + 1)
			if n.disk.snapshot > 0 && n.disk.upTo(n.disk.snapZxid) < n.disk.snapshot {
				n.disk.snapZxid = n.disk.entries[n.disk.snapshot-1].Header.Zxid
			}
		}
	}
}

// elect gives a node that looks a role.
func (s *sim) elect(n *simNode, faults bool) {
	if !n.looks() {
		return
	}
	to := s.named
	if to == nil || to.leader == nil || faults && s.chance(20) {
		to = s.nodes[s.rand.IntN(len(s.nodes))]
	}
	for _, other := range s.nodes {
		if !faults && other.leader != nil && other.leader.Established() {
			to = other
		}
	}
	if to != nil && to != n && to.up && to.leader != nil && (n.observer || s.chance(80)) {
		n.dial(to)
		return
	}
	if n.observer || n.isApache || s.chance(50) {
		return
	}
	if to != nil && to.up && to.leader != nil && !faults {
		return
	}
	if s.electable(n, faults) {
		s.named = n
		n.lead()
	}
}

// electable reports whether a quorum could vote for a node.
func (s *sim) electable(n *simNode, faults bool) bool {
	with := 0
	for _, other := range s.nodes {
		switch {
		case other.observer || !other.up || other == n:
		case faults && s.chance(3):
			with++ // a wrong election
		case !other.better(n):
			with++
		}
	}
	return with+1 > len(s.voters)/2
}

// stuck reports that only servers of Apache's could lead, which they do not do here.
func (s *sim) stuck() bool {
	for _, n := range s.nodes {
		if n.leader != nil || !n.observer && !n.isApache && s.electable(n, false) {
			return false
		}
	}
	s.counts["stuck"]++
	return true
}

func (n *simNode) better(than *simNode) bool {
	a, b := n.standing(), than.standing()
	if n.isApache {
		a.Last = n.tree.zxid
	}
	return a.Current > b.Current || a.Current == b.Current && a.Last > b.Last
}

// move moves bytes towards one end of a pipe.
func (s *sim) move() {
	if len(s.pipes) == 0 {
		return
	}
	at, i := s.rand.IntN(len(s.pipes)), s.rand.IntN(2)
	p := s.pipes[at]
	if !p.open[0] && !p.open[1] {
		s.pipes = append(s.pipes[:at:at], s.pipes[at+1:]...)
		return
	}
	n, other := p.ends[i], p.ends[1-i]
	gone := p.torn[i] || !p.open[1-i] || other.life != p.lives[1-i]
	switch {
	case !n.up || n.life != p.lives[i]:
		p.open[i] = false
	case p.still[i]:
	case !p.open[i]:
		p.items[i] = nil
	case n.apache != nil && n.apache.pipe == p && p.snap[i] && len(p.items[i]) > 0 && !p.torn[i]:
		if tree, ok := p.items[i][0].(simTree); ok {
			p.items[i], p.snap[i] = p.items[i][1:], false
			n.apache.snap(tree)
		}
	case p.pause[i] || p.snap[i] && !gone:
	case p.torn[i] || gone && len(p.items[i]) == 0 || p.snap[i]:
		p.open[i] = false
		n.event(p, effects.LinkEvent{Kind: effects.Closed})
	case len(p.items[i]) > 0:
		s.moveBytes(p, i)
	}
}

func (s *sim) moveBytes(p *pipe, i int) {
	other := p.ends[1-i]
	data, ok := p.items[i][0].([]byte)
	if !ok {
		return // the tree, for the job
	}
	k := min(len(data), 1+s.rand.IntN(400))
	p.buf[i] = append(p.buf[i], data[:k]...)
	if p.items[i][0] = data[k:]; k == len(data) {
		p.items[i] = p.items[i][1:]
	}
	if p.open[1-i] && other.up && other.life == p.lives[1-i] {
		other.event(p, effects.LinkEvent{Kind: effects.Wrote, Bytes: k})
	}
	s.packets(p, i)
}

// packets cuts what has arrived into packets.
func (s *sim) packets(p *pipe, i int) {
	for p.open[i] && !p.snap[i] && len(p.buf[i]) > 0 {
		size, err := p.cut[i].Size(p.buf[i])
		require.NoError(s.t, err)
		if size == 0 || size > len(p.buf[i]) {
			if size > 0 {
				p.cut[i] = NewCutter(1 << 20) // asked again when more is there
			}
			return
		}
		p.snap[i] = p.cut[i].Streams()
		data := append([]byte(nil), p.buf[i][:size]...)
		p.buf[i] = p.buf[i][size:]
		s.seen(p, i, data)
		p.ends[i].event(p, effects.LinkEvent{Kind: effects.Packet, Data: data})
	}
}

// seen judges a packet as it arrives.
func (s *sim) seen(p *pipe, i int, data []byte) {
	q, err := readPacket(data)
	require.NoError(s.t, err)
	s.say("%d -> %d  %v %s", p.ends[1-i].id, p.ends[i].id, q.Type, zname(q.Zxid))
	s.counts[q.Type.String()]++
}

// client makes somebody at a node want something.
func (n *simNode) client() {
	s := n.s
	switch {
	case !n.up || !n.served:
	case n.leader != nil && s.chance(90):
		for range 1 + s.rand.IntN(3) {
			n.propose(0, 0)
		}
		n.take(nil)
	case n.leader != nil:
		n.sync()
	case n.apache != nil && s.chance(60):
		n.cxid++
		n.apache.asks(jute.OpSetData, n.cxid)
		n.asked = append(n.asked, simAsk{cxid: n.cxid})
	case n.apache != nil, s.chance(30):
		n.sync()
	default:
		n.cxid++
		n.learner.Forward(&jute.LearnerRequest{Session: jute.SessionID(n.id), Cxid: n.cxid,
			Type: jute.OpSetData})
		n.asked = append(n.asked, simAsk{cxid: n.cxid})
		n.take(nil)
	}
}

// propose is what the chain does of a request.
func (n *simNode) propose(session jute.SessionID, cxid int32) {
	n.s.texts++
	n.next++
	e := txn(n.next, fmt.Sprint("text", n.s.texts))
	e.Header.ClientID, e.Header.Cxid = session, cxid
	e.Payload = jute.AppendEntry(nil, &e)
	n.offered = append(n.offered, e)
	n.leader.Propose(e)
}

func (n *simNode) deliver(d *effects.Delivery) {
	s := n.s
	switch d.Kind {
	case effects.Lead:
		other := s.reigns[d.Zxid.Epoch()]
		s.require(other == nil, "%d leads in epoch %d, as did another", n.id, d.Zxid.Epoch())
		s.reigns[d.Zxid.Epoch()] = n
		s.require(len(n.tree.entries) >= len(s.committed), "%d leads without what is committed", n.id)
		n.tree.zxid, n.next = d.Zxid, d.Zxid
		n.commits() // what its start has applied
		s.counts["reign"]++
		s.say("%d leads in epoch %d", n.id, d.Zxid.Epoch())
	case effects.Serve:
		n.served, n.first = true, n.cxid+1
		if s.lost = s.lost || n.apacheDisk.brought && !s.agrees(n); s.lost {
			return
		}
		s.require(len(n.tree.entries) <= len(s.committed), "%d serves what is not committed", n.id)
		for i := range n.tree.entries {
			s.same(n, i)
		}
	case effects.Propose:
		n.offered = append(n.offered, d.Entry)
	case effects.Commit:
		for len(n.offered) > 0 && n.offered[0].Header.Zxid <= d.Zxid {
			e := n.offered[0]
			n.offered = n.offered[1:]
			n.apply(e)
		}
		s.require(n.tree.zxid == d.Zxid, "%d is at %v, %v is committed", n.id, n.tree.zxid, d.Zxid)
	case effects.Rebuild:
		if d.Entry.Header.Zxid > last(n.beside.entries) {
			n.beside.entries = append(n.beside.entries, d.Entry)
		}
		n.beside.zxid = max(n.beside.zxid, d.Entry.Header.Zxid)
	case effects.Adopt:
		n.tree, n.beside = *n.beside, nil
	case effects.Request:
		n.propose(d.Request.Session, d.Request.Cxid)
		s.counts["request"]++
	case effects.Revalidate:
		n.leader.Revalidated(d.Link, d.Session.Session, true)
	case effects.Heard:
		n.learner.Heard(nil)
	case effects.Synced:
		n.synced()
	}
}

// synced is the answer to the first sync that waits.
func (n *simNode) synced() {
	n.s.require(len(n.asked) > 0 && n.asked[0].sync, "%d: a sync is answered out of order: %v",
		n.id, n.asked)
	n.shows(n.asked[0])
	n.asked = n.asked[1:]
	n.s.counts["synced"]++
}

// shows judges what a read behind a sync would show.
func (n *simNode) shows(asked simAsk) {
	switch fresh := len(n.tree.entries) >= asked.committed; {
	case n.s.quorumSync:
		n.s.counts["sync by a quorum"]++
		n.s.require(fresh, "%d: a sync shows %d transactions, %d were committed when it was sent",
			n.id, len(n.tree.entries), asked.committed)
	case !fresh:
		n.s.counts["stale sync"]++
	}
}

// apply applies a committed transaction.
func (n *simNode) apply(e jute.Entry) {
	s := n.s
	n.tree.entries = append(n.tree.entries, e)
	n.tree.zxid = e.Header.Zxid
	if n.leader != nil {
		n.commits()
	}
	if !n.served {
		return
	}
	s.require(len(n.tree.entries) <= len(s.committed), "%d applies %s, which is not committed", n.id,
		name(&e))
	s.same(n, len(n.tree.entries)-1)
	if n.leader == nil && e.Header.ClientID == jute.SessionID(n.id) && e.Header.Cxid >= n.first {
		s.require(len(n.asked) > 0 && n.asked[0] == simAsk{cxid: e.Header.Cxid},
			"%d: request %d is committed out of order: %v", n.id, e.Header.Cxid, n.asked)
		n.asked = n.asked[1:]
	}
}

func (s *sim) same(n *simNode, i int) {
	s.require(bytes.Equal(n.tree.entries[i].Payload, s.committed[i].Payload),
		"%d has %s in its tree, %s is committed", n.id, name(&n.tree.entries[i]),
		name(&s.committed[i]))
}

// agrees reports that a node has a part of what is committed, and nothing else.
func (s *sim) agrees(n *simNode) bool {
	for i := range n.tree.entries {
		if i >= len(s.committed) ||
			!bytes.Equal(n.tree.entries[i].Payload, s.committed[i].Payload) {
			return false
		}
	}
	return true
}

// commits notes what a leader has committed.
func (n *simNode) commits() {
	for i := len(n.s.committed); i < len(n.tree.entries); i++ {
		n.s.commit(n.tree.entries[i])
	}
}

// commit notes a committed transaction: it is on the disks of a quorum.
func (s *sim) commit(e jute.Entry) {
	s.require(history.Follows(last(s.committed), e.Header.Zxid), "%s is committed behind %v",
		name(&e), last(s.committed))
	have := 0
	for _, n := range s.nodes {
		at := n.disk.upTo(e.Header.Zxid)
		if !n.observer && at > 0 && bytes.Equal(n.disk.entries[at-1].Payload, e.Payload) {
			have++
		}
	}
	s.require(have > len(s.voters)/2, "%s is committed and on %d disks", name(&e), have)
	s.committed = append(s.committed, e)
	s.counts["commit"]++
	if e.Header.Zxid.Epoch() < int64(len(s.reigns)) {
		s.counts["again"]++
	}
}

// acked demands that what a learner acknowledges is on its disk.
func (n *simNode) acked(data []byte) {
	for len(data) > 0 {
		var q ensemble.QuorumPacket
		used, err := jute.Decode(data, &q)
		require.NoError(n.s.t, err)
		data = data[used:]
		if q.Type == ensemble.PacketAck && q.Zxid.Counter() > 0 && n.learner != nil {
			at := n.disk.upTo(q.Zxid)
			n.s.require(at > 0 && n.disk.entries[at-1].Header.Zxid == q.Zxid,
				"%d acknowledges %v, which is not on its disk", n.id, q.Zxid)
		}
	}
}
