package replica

import (
	"slices"

	"quoll/processor/lane"
	"quoll/quorum"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// DiskOp is one operation that the disk must carry out.
type DiskOp struct {
	effects.DiskOp
	// Roll closes the log file behind the transaction of this operation. The next transaction
	// begins a new file.
	Roll bool
}

// Effects are the outputs of one step. CarryOut hands them out, in the order of the fields. When
// Step returns, the replies of the step are in the mailboxes already. The next step reuses the
// Effects.
type Effects struct {
	// Serving is what the lanes may do from now on; nil: nothing has changed.
	Serving *lane.Service
	// Disk operations are carried out in this order, behind those of all earlier steps. The n-th
	// operation since the start has ticket n.
	Disk []DiskOp
	// Links come before Send: what is sent to a connection that is to be closed is dropped.
	Links []effects.LinkOp
	// Send goes out in this order. It need not wait for Disk.
	Send []effects.Outgoing
	// Votes are for the election port, to be carried out in this order.
	Votes []election.LinkEffects
	// Jobs are ReadLog, ReadMore, CanCut, BuildTree and Cancel, in this order. Cancel can also end
	// a snapshot of an earlier step. Jobs need not wait until Disk is carried out.
	Jobs []effects.Job
	// Snapshots are walks over a tree, which may begin at once too.
	Snapshots []*SnapshotJob
	// Again asks for another step even if no event comes, because work is left.
	Again bool
	// LateMillis is how long the process stood still before this tick; 0: it did not. The deadlines
	// of sessions have moved by this time already, so it is only to be reported, after all else.
	LateMillis int64
	// Ended has a reason for each role that has ended, or that did not begin, and Gone one for each
	// learner that a leader has lost. They are only to be reported.
	Ended, Gone []error
	// Newer is a peer whose configuration is newer than ours, once in a life; else nil. It is only
	// to be reported.
	Newer *election.NewerConfig

	service lane.Service // what Serving points to
}

// Hands carry out the effects of a step.
type Hands interface {
	// Serving tells what the lanes may do from now on.
	Serving(lane.Service)
	// Disk takes operations of the disk, in order. The slice is valid until the next step.
	Disk([]DiskOp)
	// Links takes operations on connections of the quorum port. The slice is valid until the next
	// step.
	Links([]effects.LinkOp)
	// Send takes what goes to these connections. The slice is valid until the next step, but who
	// gets it owns the data.
	Send([]effects.Outgoing)
	// Votes takes what is to be done on the election port. It owns them.
	Votes(*election.LinkEffects)
	// Job starts a job, or goes on with one. Its end comes back in Events.Jobs, but that of a
	// cancelled one does not matter.
	Job(effects.Job)
	// Snapshot starts a walk over a tree. Its end comes back in Events.Jobs.
	Snapshot(*SnapshotJob)
	// Again asks for another step.
	Again()
	// Late reports that the process stood still, and that deadlines moved by so many milliseconds.
	Late(millis int64)
	// Ended reports why a role has ended, or did not begin.
	Ended(why error)
	// Gone reports why a leader has lost a learner.
	Gone(why error)
	// Newer reports a peer whose configuration is newer than ours.
	Newer(*election.NewerConfig)
}

// CarryOut hands all effects out, in the order in which they must happen.
func (e *Effects) CarryOut(to Hands) {
	if e.Serving != nil {
		to.Serving(*e.Serving)
	}
	if len(e.Disk) > 0 {
		to.Disk(e.Disk)
	}
	if len(e.Links) > 0 {
		to.Links(e.Links)
	}
	if len(e.Send) > 0 {
		to.Send(e.Send)
	}
	for i := range e.Votes {
		to.Votes(&e.Votes[i])
	}
	for _, job := range e.Jobs {
		to.Job(job)
	}
	for _, job := range e.Snapshots {
		to.Snapshot(job)
	}
	if e.Again {
		to.Again()
	}
	e.report(to)
}

func (e *Effects) report(to Hands) {
	if e.LateMillis > 0 {
		to.Late(e.LateMillis)
	}
	for _, why := range e.Gone {
		to.Gone(why)
	}
	for _, why := range e.Ended {
		to.Ended(why)
	}
	if e.Newer != nil {
		to.Newer(e.Newer)
	}
}

// keepOps is the largest capacity, in operations, that is kept for the next step.
const keepOps = 4096

// emptied returns a slice of the last step, emptied, so that what it points to can be collected.
func emptied[T any](s []T) []T {
	clear(s)
	if cap(s) > keepOps {
		return nil
	}
	return s[:0]
}

// reset empties the effects for the next step.
func (e *Effects) reset() {
	*e = Effects{
		Disk: emptied(e.Disk), Links: emptied(e.Links), Send: emptied(e.Send),
		Votes: emptied(e.Votes), Jobs: emptied(e.Jobs), Snapshots: emptied(e.Snapshots),
		Ended: emptied(e.Ended), Gone: emptied(e.Gone), service: e.service,
	}
}

// serve changes what the lanes may do.
func (e *Effects) serve(service lane.Service) {
	e.service = service
	e.Serving = &e.service
}

// take adds what is passed on unchanged of the effects of a peer. These are valid only until the
// next Take.
func (e *Effects) take(p *quorum.Effects) {
	e.Links = append(e.Links, p.Links...)
	e.Send = append(e.Send, p.Send...)
	e.Ended = append(e.Ended, p.Ended...)
	e.Gone = append(e.Gone, p.Gone...)
	if p.Newer != nil {
		e.Newer = p.Newer
	}
	if v := p.Votes; v != nil && len(v.Close)+len(v.Send)+len(v.Dial)+len(v.Notes) > 0 {
		own := election.LinkEffects{
			Close: slices.Clone(v.Close), Send: slices.Clone(v.Send), Dial: slices.Clone(v.Dial),
			Notes: slices.Clone(v.Notes),
		}
		for i := range own.Send {
			own.Send[i].Data = slices.Clone(own.Send[i].Data)
		}
		e.Votes = append(e.Votes, own)
	}
}
