package replica

import (
	"fmt"
	"time"

	"quoll/processor/session"
	"quoll/quorum"
	"quoll/quorum/effects"
)

// told hands the peer its part of the events.
func (r *Replica) told(ev *Events) {
	r.event = quorum.Event{
		Disk: ev.Disk, Votes: ev.Votes, Links: ev.Links, Tick: ev.PeerTick,
		Jobs: emptied(r.event.Jobs),
	}
	for i := range ev.Jobs {
		j := &ev.Jobs[i]
		if j.Generation&ownJobs != 0 {
			r.snapshots.ended(j.Generation)
			continue
		}
		r.built(j)
		r.event.Jobs = append(r.event.Jobs, j.JobDone)
	}
	r.peer.Step(time.Duration(ev.MonoMillis)*time.Millisecond, &r.event)
}

// deliver takes the peer's effects until it has none. What the chain is told is handed over at
// once, and can cause more effects. The rest is gathered for the end of the step.
func (r *Replica) deliver() {
	for again := true; again; {
		p := r.peer.Take()
		for i := range p.Deliver {
			r.hear(&p.Deliver[i])
		}
		again = len(p.Deliver) > 0
		r.takeDisk(p.Disk)
		r.effects.take(p)
		for i := range p.Jobs {
			r.start(&p.Jobs[i])
		}
	}
}

// hear carries out one delivery.
func (r *Replica) hear(d *effects.Delivery) {
	switch d.Kind {
	case effects.Propose:
		r.chain.Proposed(d.Entry)
	case effects.Commit:
		r.chain.Committed(d.Zxid)
	case effects.Lead:
		r.lead(d.Zxid)
	case effects.Follow:
		r.follow()
	case effects.Serve:
		r.serve()
	case effects.Leave:
		r.leave()
	case effects.Rebuild:
		r.rebuild(&d.Entry)
	case effects.Adopt:
		r.adopt()
	default:
		r.speak(d)
	}
}

// speak carries out a delivery that other servers have caused: what a leader hears of its learners,
// or a learner of its leader.
func (r *Replica) speak(d *effects.Delivery) {
	learner := session.LinkOwner(uint64(d.Link))
	switch d.Kind {
	case effects.Request:
		r.chain.LearnerRequest(learner, &d.Request)
	case effects.Revalidate:
		lives := r.chain.Revalidate(learner, d.Session)
		r.peer.Revalidated(d.Link, d.Session.Session, lives)
	case effects.Touch:
		r.chain.Touch(learner, d.Session)
	case effects.LinkGone:
		r.chain.LinkGone(learner)
	case effects.Revalidated:
		r.chain.Revalidated(d.Session.Session, d.OK)
	case effects.Synced:
		r.chain.Synced()
	case effects.Heard:
		r.heard = r.chain.Heard(r.heard[:0])
		r.peer.Heard(r.heard)
	default:
		panic(fmt.Sprintf("replica: no delivery has kind %d", d.Kind))
	}
}

// takeDisk adds operations to Effects.Disk, and decides behind which ones the log rolls.
func (r *Replica) takeDisk(ops []effects.DiskOp) {
	for i := range ops {
		op := &ops[i]
		roll := op.Kind == effects.Append && r.rolling.logged(len(op.Entry.Payload))
		r.effects.Disk = append(r.effects.Disk, DiskOp{DiskOp: *op, Roll: roll})
		r.snapshots.wanted = r.snapshots.wanted || roll
		if op.Kind == effects.Load {
			r.building = op.Generation
		}
	}
}

// start starts a job of the peer. Those that walk a tree begin here, the others are passed on.
func (r *Replica) start(j *effects.Job) {
	switch j.Kind {
	case effects.StreamTree:
		r.stream(j)
		return
	case effects.SaveTree:
		r.save(j)
		return
	case effects.BuildTree:
		r.building = j.Generation
	case effects.Cancel:
		if r.building == j.Generation {
			r.building = 0
		}
		if r.snapshots.cancel(j.Generation) {
			return
		}
	}
	r.effects.Jobs = append(r.effects.Jobs, *j)
}

// built takes the tree that a job has made, unless nobody waits for it any more.
func (r *Replica) built(j *JobDone) {
	if j.Built != nil && j.Generation == r.building {
		r.beside, r.building = j.Built, 0
	}
}
