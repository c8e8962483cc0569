package effects

// Effects are the work that a peer asks for. They are valid until the next Take.
type Effects struct {
	// Deliver is handed to the chain first, in this order, before anything else is done.
	Deliver []Delivery
	// Disk are operations of the disk. They are carried out in this order, behind all operations
	// asked for before. Each one has the next ticket.
	Disk []DiskOp
	// Links come before Send: what is sent to a connection that is to be closed is dropped.
	Links []LinkOp
	// Send has each connection at most once. It may leave before Disk is durable.
	Send []Outgoing
	// Jobs begin behind all this.
	Jobs []Job
}

// keepEntries is the largest capacity that is kept for later steps.
const keepEntries = 4096

// Pending gathers effects until they are taken. It numbers the operations of the disk: the first
// one of a process has ticket 1. It also numbers the jobs.
type Pending struct {
	now   Effects // since the last Take
	taken Effects // the result of the last Take; the caller uses it until the next Take
	given Ticket
	jobs  uint64
	turn  uint64
}

// Ask asks for an operation of the disk, and gives its ticket.
func (p *Pending) Ask(op DiskOp) Ticket {
	p.now.Disk = append(p.now.Disk, op)
	p.given++
	return p.given
}

// Given is the last ticket.
func (p *Pending) Given() Ticket { return p.given }

// Tell tells the chain something.
func (p *Pending) Tell(d Delivery) { p.now.Deliver = append(p.now.Deliver, d) }

// Link asks for an operation on connections.
func (p *Pending) Link(op LinkOp) { p.now.Links = append(p.now.Links, op) }

// To is what goes to a connection with the effects of this step. The caller appends whole packets
// to it, before the next call.
func (p *Pending) To(link LinkID) *[]byte {
	for i := range p.now.Send {
		if o := &p.now.Send[i]; o.Link == link {
			return &o.Data
		}
	}
	p.now.Send = append(p.now.Send, Outgoing{Link: link})
	return &p.now.Send[len(p.now.Send)-1].Data
}

// Start starts a job, and gives its generation.
func (p *Pending) Start(j Job) uint64 {
	p.jobs++
	j.Generation = p.jobs
	p.now.Jobs = append(p.now.Jobs, j)
	return p.jobs
}

// Again asks for more of a job that was started: ReadMore or Cancel.
func (p *Pending) Again(j Job) { p.now.Jobs = append(p.now.Jobs, j) }

// Load asks for a Load of the disk, and gives its ticket and its generation.
func (p *Pending) Load() (Ticket, uint64) {
	p.jobs++
	return p.Ask(DiskOp{Kind: Load, Generation: p.jobs}), p.jobs
}

// Turn counts the calls of Take. What was told in an earlier turn is with the chain by now, and
// what the chain proposed because of it has its tickets.
func (p *Pending) Turn() uint64 { return p.turn }

// Take returns the effects since the last call. They are valid until the next call.
func (p *Pending) Take() *Effects {
	p.turn++
	p.now, p.taken = p.taken, p.now
	p.now = Effects{
		Deliver: emptied(p.now.Deliver), Disk: emptied(p.now.Disk), Links: emptied(p.now.Links),
		Send: emptied(p.now.Send), Jobs: emptied(p.now.Jobs),
	}
	return &p.taken
}

// emptied returns a slice of an earlier step for reuse, without what it points to.
func emptied[T any](s []T) []T {
	clear(s)
	if cap(s) > keepEntries {
		return nil
	}
	return s[:0]
}
