package node

import (
	"slices"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/sim/fuse"
	"quoll/internal/sim/history"
	"quoll/jute"
	"quoll/processor/lane"
	"quoll/processor/mail"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// Submit takes a lane's batch (lane.Core).
func (p *process) Submit(_ *lane.Lane, b *mail.Batch) {
	p.inbox.Submit(b)
	p.poke()
}

// poke plans a step of the core.
func (p *process) poke() {
	if !p.poked {
		p.poked = true
		p.after(p.n.Between(1, 200), p.step)
	}
}

func (p *process) tick() {
	p.after(p.n.set.Times.IntervalMillis*1000*1000/p.clock.perMill, func() {
		p.inbox.Tick()
		p.poke()
		p.shared.Tick()
		p.tick()
	})
}

// step is one turn of the core.
func (p *process) step() {
	n := p.n
	n.fuse.At(fuse.Step)
	ev := p.inbox.Take()
	p.poked = false
	ev.Now = p.now()
	before := p.tree.Peek().LastZxid()
	done := p.replica.Step(&ev)
	p.inbox.Recycle(ev.Batches)
	p.standing()
	n.record.Applied(n, p.tree.Peek().LastZxid(), p.tree.Peek().TreeDigest())
	for _, d := range p.tree.Peek().DigestLog() { // what the hash command shows
		n.record.Applied(n, d.Zxid, d.Digest)
	}
	n.fuse.At(fuse.Stepped)
	if f := p.tree.Faults(); f != (datatree.Faults{}) {
		n.Violate("apply: %+v", f)
	}
	for i := range done.Disk {
		op := &done.Disk[i].DiskOp
		if op.Kind == effects.Append {
			p.propose(op, before, ev.MonoMillis)
			continue
		}
		n.Note("node %d asks its disk for %v %v %d", n.number, op.Kind, op.Zxid, op.Epoch)
		n.record.Asked(n, op, nil)
	}
	p.witness.Stepped()
	if ev.Tick {
		p.leases.Ticked(ev.MonoMillis)
		id, latest, late := p.leases.Overdue(ev.MonoMillis)
		if late && n.set.Peers == nil {
			n.Violate("late expiry: session %v lives at %d, not by %d", id, ev.MonoMillis, latest)
		}
	}
	done.CarryOut(p)
}

// Serving implements replica.Hands. A learner may be part of a reign that stands and let no client
// in yet, because its tree shows more than is committed.
func (p *process) Serving(now lane.Service) {
	if p.changed = p.n.Now; now != lane.NoService {
		p.n.record.Served(p.n, p.tree.Peek().LastZxid())
	} else {
		p.n.record.Unserved(p.n)
		p.told.RoleOver()
		p.leases.RoleOver()
	}
	p.openAt = max(p.openAt, p.n.Now+p.n.Between(0, 20_000))
	p.after(p.openAt-p.n.Now, func() { p.serving.Store(now) })
}

// Disk implements replica.Hands.
func (p *process) Disk(ops []replica.DiskOp) {
	p.log.put(ops)
	p.n.fuse.At(fuse.Appended)
}

// Snapshot implements replica.Hands.
func (p *process) Snapshot(job *replica.SnapshotJob) {
	p.n.fuse.At(fuse.Snapshot)
	p.startWalk(job)
}

// Again implements replica.Hands.
func (p *process) Again() {
	p.n.Counts.Add("session", "expired in another step")
	p.poke()
}

// Late implements replica.Hands.
func (p *process) Late(int64) {
	p.n.Counts.Add("session", "deadlines moved because the process stood still")
}

// Newer implements replica.Hands.
func (p *process) Newer(*election.NewerConfig) {
	p.n.Violate("a configuration that nobody made is told")
}

// propose notes a transaction on its way to the log. before is the last one that was applied when
// the step began.
func (p *process) propose(op *effects.DiskOp, before jute.Zxid, mono int64) {
	n, e, h := p.n, &op.Entry, &op.Entry.Header
	t := history.Txn{Entry: *e, Applied: p.tree.Peek().LastZxid(), Before: before, At: n.Now,
		From: p.witness.Origin(h)}
	t.Entry.Payload = slices.Clone(e.Payload)
	parsed, err := jute.ParseEntry(t.Entry.Payload)
	if err != nil {
		n.Violate("transaction %v cannot be read: %v", h.Zxid, err)
	}
	t.Entry = parsed
	n.Trace.Bytes(t.Entry.Payload)
	n.Note("node %d: logs %v %v, session %v, xid %d", n.number, h.Zxid, h.Type, h.ClientID, h.Cxid)
	switch {
	case h.Type == jute.OpError:
		var txn jute.ErrorResponse
		_, _ = jute.Decode(e.Body, &txn)
		n.Counts.Add("error transaction", txn.Err.String())
	case h.Type == jute.OpCreateSession:
		var txn jute.CreateSessionTxn
		_, _ = jute.Decode(e.Body, &txn)
		p.leases.Created(h.ClientID, txn.TimeOut, mono)
		p.witness.Created(h.ClientID, txn.TimeOut)
	case h.Type == jute.OpCloseSession && h.Cxid == 0:
		n.Counts.Add("session", "expired")
		t.Expiry = p.expiry(h.ClientID, mono)
		p.leases.Ended(h.ClientID)
	case h.Type == jute.OpCloseSession:
		n.Counts.Add("session", "closed")
		p.leases.Ended(h.ClientID)
	case h.Type == jute.OpDeleteContainer && h.ClientID == 0:
		n.Counts.Add("reaper", "deleted a node")
	}
	n.record.Asked(n, op, &t)
}
