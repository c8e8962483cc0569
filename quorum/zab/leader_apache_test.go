package zab

import (
	"bytes"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// apache is a learner as Apache's Learner, Follower and Observer of 3.9.5 are, with what makes them
// hard to lead. It dies (the test fails) where they would exit or reconnect for ever.
//
//   - In front of NEWLEADER a DIFF is kept in memory and logged at NEWLEADER. Behind a SNAP or a
//     TRUNC it is applied in memory alone, and a snapshot is written at NEWLEADER: the log has
//     nothing of it.
//   - What is not committed in front of NEWLEADER is logged behind UPTODATE.
//   - A TRUNC cuts at once, behind the first record at or above its zxid.
//   - An observer writes the epoch and acknowledges before its DIFF is logged.
//   - A hole inside an epoch, a COMMIT that is not the next one, a PING in front of NEWLEADER or
//     anything that is not committed at an observer is the end.
type apache struct {
	n     *simNode
	pipe  *pipe
	epoch int64
	phase apachePhase

	snapshotNeeded bool
	lastQueued     jute.Zxid
	notLogged      []jute.Entry // packetsNotLogged
	toCommit       []jute.Zxid  // packetsCommitted
	pending        []jute.Entry // pendingTxns
	logging        []jute.Entry // with the SyncRequestProcessor
}

type apachePhase uint8

const (
	apacheRegisters apachePhase = iota
	apacheChooses
	apacheSyncs
	apacheEntered
	apacheServes
)

// apacheDisk is the directory of an Apache server: records, perhaps with holes, and the newest
// snapshot.
type apacheDisk struct {
	// snapped is the epoch in which the snapshot came by a SNAP or behind a TRUNC. hides is the end
	// of what the log has above it, with what it had before; 0: nothing. A SNAP does not touch the
	// log.
	//
	// Three losses are Apache's own, and no leader can prevent them. Of a log that hides something in
	// front of other transactions the next start makes a tree that no leader has. And a log that
	// begins above the snapshot cannot be cut at the snapshot's end: TRUNC leaves the first record.
	// What is committed behind a SNAP or TRUNC is in memory alone until NEWLEADER: if the
	// connection ends before, the log of a DIFF that follows has a hole. The leader of the same
	// reign must know of all three, and send a SNAP again. That of a later reign cannot know:
	// ACKEPOCH tells where the history ends, not where the log begins or that it has a hole.
	snapped int64
	hides   jute.Zxid
	brought bool  // what it hid is in the tree
	ahead   int64 // the epoch in which the tree got ahead of the log; 0: it is not
	log     []jute.Entry
	snap    simTree
}

// covers reports that something stands behind what the log hides.
func (d *apacheDisk) covers() bool { return d.hides > 0 && last(d.log) > d.hides }

// restore is what a start makes of it.
func (d *apacheDisk) restore() simTree {
	tree := simTree{append([]jute.Entry(nil), d.snap.entries...), d.snap.zxid}
	for _, e := range d.log {
		if e.Header.Zxid > tree.zxid {
			tree.entries = append(tree.entries, e)
			tree.zxid = e.Header.Zxid
		}
	}
	return tree
}

func (a *apache) send(t ensemble.PacketType, zxid jute.Zxid, data []byte) {
	q := ensemble.QuorumPacket{Type: t, Zxid: zxid, Data: data}
	a.write(jute.Append(nil, &q))
}

func (a *apache) write(data []byte) {
	if i := a.pipe.end(a.n); a.pipe.open[i] {
		a.pipe.items[1-i] = append(a.pipe.items[1-i], data)
	}
}

func (a *apache) register() {
	kind := ensemble.PacketFollowerInfo
	if a.n.observer {
		kind = ensemble.PacketObserverInfo
	}
	a.send(kind, jute.Zxid(a.n.disk.accepted<<32), jute.Append(nil, &ensemble.LearnerInfo{
		ServerID: a.n.id, ProtocolVersion: ensemble.LearnerProtocol}))
}

// kept brings what oracles look at up to date: the disk as a start would see it.
func (a *apache) kept() {
	d := &a.n.disk
	tree := a.n.apacheDisk.restore()
	d.entries, d.snapshot, d.snapZxid = tree.entries, len(tree.entries), tree.zxid
}

func (a *apache) dies(ok bool, format string, args ...any) { a.n.s.require(ok, format, args...) }

// packet handles a packet; false ends the role.
func (a *apache) packet(q *ensemble.QuorumPacket) bool {
	switch a.phase {
	case apacheRegisters:
		return a.accept(q)
	case apacheChooses:
		a.choose(q)
	case apacheServes:
		a.serve(q)
	default:
		a.sync(q)
	}
	a.kept()
	return true
}

func (a *apache) accept(q *ensemble.QuorumPacket) bool {
	a.dies(q.Type == ensemble.PacketLeaderInfo, "Apache %d: first packet %v", a.n.id, q.Type)
	current := ensemble.CurrentEpoch{Epoch: ensemble.AlreadyAccepted}
	d := &a.n.disk
	switch a.epoch = q.Zxid.Epoch(); {
	case a.epoch < d.accepted:
		return false
	case a.epoch > d.accepted:
		d.accepted = a.epoch
		current.Epoch = int32(d.current)
	}
	a.phase = apacheChooses
	a.send(ensemble.PacketAckEpoch, a.n.tree.zxid, jute.Append(nil, &current))
	return true
}

func (a *apache) choose(q *ensemble.QuorumPacket) {
	n, d := a.n, &a.n.apacheDisk
	a.phase, a.snapshotNeeded = apacheSyncs, q.Type != ensemble.PacketDiff
	switch q.Type {
	case ensemble.PacketDiff:
	case ensemble.PacketSnap:
		a.phase = apacheChooses // the tree is read next
	case ensemble.PacketTrunc:
		// FileTxnLog.truncate: behind the first record at or above the zxid.
		at := 0
		for at < len(d.log) && d.log[at].Header.Zxid < q.Zxid {
			at++
		}
		known := d.snapped == a.epoch
		if n.s.lost = n.s.lost || !known && at == len(d.log); n.s.lost {
			return
		}
		a.dies(at < len(d.log), "Apache %d: TRUNC %v, its log ends with %v", n.id, q.Zxid, last(d.log))
		d.log = d.log[: at+1 : at+1]
		d.brought = !known && d.covers()
		if n.tree = d.restore(); n.tree.zxid != q.Zxid && !known {
			n.s.lost = true
			return
		}
		a.dies(n.tree.zxid == q.Zxid, "Apache %d: TRUNC %v, and it has %v", n.id, q.Zxid, n.tree.zxid)
		n.s.counts["apache TRUNC"]++
	default:
		a.dies(false, "Apache %d: %v instead of DIFF, TRUNC or SNAP", n.id, q.Type)
	}
}

// snap takes the tree of a SNAP.
func (a *apache) snap(tree simTree) {
	a.phase = apacheSyncs
	a.n.tree = simTree{append([]jute.Entry(nil), tree.entries...), tree.zxid}
	a.n.snapping, a.n.apacheDisk.brought = true, false
	a.n.s.counts["apache SNAP"]++
}

// process applies a transaction in memory; behind a fuzzy SNAP the tree may have it.
func (a *apache) process(e *jute.Entry) {
	if e.Header.Zxid > last(a.n.tree.entries) {
		if a.n.served {
			a.n.apply(*e)
		} else {
			a.n.tree.entries = append(a.n.tree.entries, *e)
		}
	}
	a.n.tree.zxid = max(a.n.tree.zxid, e.Header.Zxid)
}

func (a *apache) entry(q *ensemble.QuorumPacket) jute.Entry {
	e, err := readEntry(q, q.Data)
	a.dies(err == nil, "Apache %d: %v", a.n.id, err)
	return e
}

// continuous is enforceContinuousProposal.
func (a *apache) continuous(zxid jute.Zxid) {
	a.dies(a.lastQueued == 0 || zxid == a.lastQueued+1 || zxid.Epoch() > a.lastQueued.Epoch(),
		"Apache %d: proposal %v behind %v", a.n.id, zxid, a.lastQueued)
	a.lastQueued = zxid
}

// asks sends a REQUEST.
func (a *apache) asks(op jute.OpCode, cxid int32) {
	r := jute.LearnerRequest{Session: jute.SessionID(a.n.id), Cxid: cxid, Type: op}
	a.write(ensemble.AppendRequest(nil, &r))
}

func (a *apache) sync(q *ensemble.QuorumPacket) {
	n := a.n
	writeToLog := !a.snapshotNeeded || a.phase == apacheEntered
	switch q.Type {
	case ensemble.PacketProposal:
		a.continuous(q.Zxid)
		a.notLogged = append(a.notLogged, a.entry(q))
	case ensemble.PacketCommit:
		a.dies(len(a.notLogged) > 0, "Apache %d: COMMIT %v without a proposal", n.id, q.Zxid)
		if writeToLog {
			a.toCommit = append(a.toCommit, q.Zxid)
			return
		}
		a.dies(a.notLogged[0].Header.Zxid == q.Zxid, "Apache %d: COMMIT %v, next is %v", n.id, q.Zxid,
			a.notLogged[0].Header.Zxid)
		n.apacheDisk.ahead = a.epoch
		a.process(&a.notLogged[0])
		a.notLogged = a.notLogged[1:]
	case ensemble.PacketInform:
		a.continuous(q.Zxid)
		e := a.entry(q)
		if !writeToLog {
			n.apacheDisk.ahead = a.epoch
			a.process(&e)
			return
		}
		a.notLogged, a.toCommit = append(a.notLogged, e), append(a.toCommit, q.Zxid)
	case ensemble.PacketNewLeader:
		a.newLeader(q)
	case ensemble.PacketUpToDate:
		a.upToDate()
	default:
		a.dies(a.phase == apacheEntered, "Apache %d: %v in front of NEWLEADER", n.id, q.Type)
	}
}

func (a *apache) newLeader(q *ensemble.QuorumPacket) {
	n, d := a.n, &a.n.apacheDisk
	a.phase, n.snapping = apacheEntered, false
	if a.snapshotNeeded {
		d.ahead = 0
	}
	if a.snapshotNeeded {
		d.snap = simTree{append([]jute.Entry(nil), n.tree.entries...), n.tree.zxid}
		d.brought = d.brought && q.Type == 0
		if d.snapped, d.hides = a.epoch, 0; last(d.log) > d.snap.zxid {
			d.hides = last(d.log)
		}
	}
	for ; !n.observer && len(a.toCommit) > 0; a.toCommit = a.toCommit[1:] {
		e := a.notLogged[0]
		a.dies(e.Header.Zxid == a.toCommit[0], "Apache %d: %v is committed, next is %v", n.id,
			a.toCommit[0], e.Header.Zxid)
		a.notLogged = a.notLogged[1:]
		a.append(e)
		a.process(&e)
	}
	n.disk.current = a.epoch
	a.send(ensemble.PacketAck, q.Zxid, nil)
}

func (a *apache) upToDate() {
	n := a.n
	a.phase = apacheServes
	a.send(ensemble.PacketAck, jute.Zxid(a.epoch<<32), nil)
	commits := a.toCommit
	for i := range a.notLogged {
		if n.observer {
			a.dies(i < len(commits) && a.notLogged[i].Header.Zxid == commits[i],
				"Apache %d, an observer, has %v, which is not committed", n.id,
				a.notLogged[i].Header.Zxid)
			a.inform(&a.notLogged[i])
			continue
		}
		a.log(a.notLogged[i])
	}
	if !n.observer {
		for _, zxid := range commits {
			a.commit(zxid)
		}
	}
	a.kept()
	n.deliver(&effects.Delivery{Kind: effects.Serve})
}

// log is FollowerZooKeeperServer.logRequest: the record is written and acknowledged later.
func (a *apache) log(e jute.Entry) {
	a.pending = append(a.pending, e)
	a.logging = append(a.logging, e)
}

func (a *apache) commit(zxid jute.Zxid) {
	if len(a.pending) == 0 {
		a.dies(false, "Apache %d: COMMIT %v without seeing it", a.n.id, zxid)
	}
	a.dies(a.pending[0].Header.Zxid == zxid, "Apache %d: COMMIT %v, next is %v", a.n.id, zxid,
		a.pending[0].Header.Zxid)
	e := a.pending[0]
	a.pending = a.pending[1:]
	a.process(&e)
}

// inform is what an observer does of a committed transaction.
func (a *apache) inform(e *jute.Entry) {
	a.logging = append(a.logging, *e)
	a.process(e)
}

func (a *apache) serve(q *ensemble.QuorumPacket) {
	n := a.n
	switch q.Type {
	case ensemble.PacketProposal:
		a.dies(!n.observer, "Apache %d: PROPOSAL at an observer", n.id)
		a.log(a.entry(q))
	case ensemble.PacketCommit:
		a.commit(q.Zxid)
	case ensemble.PacketInform:
		e := a.entry(q)
		a.inform(&e)
	case ensemble.PacketPing:
		a.send(ensemble.PacketPing, q.Zxid, []byte{})
	case ensemble.PacketSync:
		n.synced()
	default:
		a.dies(false, "Apache %d: %v while it serves", n.id, q.Type)
	}
}

// flush is the SyncRequestProcessor.
func (a *apache) flush(count int) {
	for range min(count, len(a.logging)) {
		e := a.logging[0]
		a.logging = a.logging[1:]
		a.append(e)
		if !a.n.observer {
			a.send(ensemble.PacketAck, e.Header.Zxid, nil)
		}
	}
	a.kept()
}

// append writes a record. The same transaction may stand in the log twice: a start tolerates that.
func (a *apache) append(e jute.Entry) {
	d := &a.n.apacheDisk
	tree := d.restore()
	if !history.Follows(tree.zxid, e.Header.Zxid) {
		again := false
		for i := range tree.entries {
			again = again || bytes.Equal(tree.entries[i].Payload, e.Payload)
		}
		if !again && d.ahead > 0 && d.ahead < a.epoch {
			a.n.s.lost = true
			return
		}
		a.dies(again, "Apache %d logs %v behind %v", a.n.id, e.Header.Zxid, tree.zxid)
		a.n.s.counts["apache repeats"]++
	}
	d.log = append(d.log, e)
}

// end is the end of the role: what is with the SyncRequestProcessor is written, and the tree takes
// what is in the log. A tree that a SNAP had begun is dropped.
func (a *apache) end() {
	n := a.n
	a.flush(len(a.logging))
	if n.snapping {
		n.snapping, n.apacheDisk.ahead = false, 0
		n.tree = n.apacheDisk.restore()
		return
	}
	for _, e := range n.apacheDisk.log {
		if e.Header.Zxid > n.tree.zxid {
			n.tree.entries = append(n.tree.entries, e)
			n.tree.zxid = e.Header.Zxid
		}
	}
}
