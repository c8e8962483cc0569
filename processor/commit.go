package processor

import (
	"quoll/jute"
	"quoll/processor/arena"
	"quoll/processor/mail"
)

// Commit is the fourth stage. It holds every entry that was proposed until a quorum has it on disk.
// It finds the own request that the entry answers, with the requests that the session sent behind
// that one (rule 2).
//
//	proposed   [e1 s1] [e2 s7, foreign] [e3 s1] [e4 s3]    released from the front as zxids commit
//	              |                        |       |
//	flights    [w1 s1]                  [w3 s1] [w4 s3]    own requests, in the order of sending
//	                                       |
//	behind                         read s1, read s1        answered right after e3 is applied
//
// When this server leads it marks each entry that it proposes as own or foreign. The entries of
// another leader are not marked. Such an entry answers the first flight if it has the flight's
// session and cxid, and its type or that of an error: own requests come back in the order in which
// they were sent.
//
// Invariants: sequence numbers count up by one along the flights, and go on where those of an
// earlier chain of the same sessions ended. A session's LastWrite is the number of its newest
// flight, or below that of the first. A flight stays until its entry comes, whether or not its
// connection is still there.
type Commit struct {
	proposed fifo[proposal]
	flights  fifo[flight]
	first    uint64 // sequence number of the first flight
	granted  []grant
}

// grant is a connect that waits until an entry is applied. Its session came from a learner, and the
// entry is the last that was proposed for it there.
type grant struct {
	behind  jute.Zxid
	request mail.Request
}

// proposal is an entry that is not committed yet.
type proposal struct {
	entry jute.Entry
	owner owner
}

// owner says whose request an entry answers.
type owner uint8

const (
	unknown owner = iota // another server leads, and does not say
	own                  // the next of this server's flights
	foreign              // a request of another server, or none
)

// flight is an own request on its way, and what waits behind it.
type flight struct {
	request mail.Request
	behind  []mail.Request
}

// fly puts an own request behind those in flight, and gives its sequence number.
func (c *Commit) fly(r *mail.Request) uint64 {
	c.flights.push(flight{request: *r})
	return c.first + uint64(c.flights.len()) - 1
}

// propose puts an entry behind those that are proposed.
func (c *Commit) propose(e jute.Entry, of owner) {
	c.proposed.push(proposal{entry: e, owner: of})
}

// wait puts a request behind the flight with the sequence number. It is false when that flight has
// come back: the request need not wait then.
func (c *Commit) wait(r *mail.Request, seq uint64) bool {
	if seq < c.first {
		return false
	}
	f := c.flights.at(int(seq - c.first))
	f.behind = append(f.behind, *r)
	return true
}

// waitFor puts a connect behind an entry. It is false when the entry is applied, and when there is
// none: the connect need not wait then.
func (c *Commit) waitFor(r *mail.Request, entry jute.Zxid) bool {
	if !c.pending(entry) {
		return false
	}
	c.granted = append(c.granted, grant{behind: entry, request: *r})
	return true
}

// pending says whether an entry that was proposed is not applied yet.
func (c *Commit) pending(entry jute.Zxid) bool {
	return c.proposed.len() > 0 && c.proposed.at(0).entry.Header.Zxid <= entry
}

// grants takes out the connects that need not wait any more, and visits them.
func (c *Commit) grants(visit func(*mail.Request)) {
	wait := c.granted[:0]
	for i := range c.granted {
		if g := &c.granted[i]; c.pending(g.behind) {
			wait = append(wait, *g)
		} else {
			visit(&g.request)
		}
	}
	clear(c.granted[len(wait):])
	c.granted = wait
}

// abandon forgets everything, and gives the requests to drop. Sequence numbers go on.
func (c *Commit) abandon(drop func(*mail.Request)) {
	for i := range c.flights.len() {
		f := c.flights.at(i)
		drop(&f.request)
		for k := range f.behind {
			drop(&f.behind[k])
		}
	}
	for i := range c.granted {
		drop(&c.granted[i].request)
	}
	*c = Commit{first: c.first + uint64(c.flights.len())}
}

// next releases the first entry if its zxid is committed, and the flight that it answers, nil when
// it answers none. Both pointers are valid until something is put in.
func (c *Commit) next(committed jute.Zxid) (*jute.Entry, *flight) {
	if c.proposed.len() == 0 || c.proposed.at(0).entry.Header.Zxid > committed {
		return nil, nil
	}
	p := c.proposed.pop()
	if !c.answers(p) {
		return &p.entry, nil
	}
	c.first++
	return &p.entry, c.flights.pop()
}

// answers says whether an entry is that of the first flight.
func (c *Commit) answers(p *proposal) bool {
	if p.owner != unknown || c.flights.len() == 0 {
		return p.owner == own
	}
	h, r := &p.entry.Header, &c.flights.at(0).request
	return h.ClientID == r.Session && h.Cxid == r.Xid &&
		(h.Type == r.Type || h.Type == jute.OpError)
}

// compact gives back the memory of what was released.
func (c *Commit) compact() {
	c.proposed.compact()
	c.flights.compact()
}

// Len is how many entries are proposed and not committed.
func (c *Commit) Len() int { return c.proposed.len() }

// commitKeep is the longest queue whose memory is kept for reuse: that of a crowd goes back.
const commitKeep = 4096

// fifo is a queue whose places are used again.
type fifo[T any] struct {
	all  []T // from head on
	head int
}

func (q *fifo[T]) len() int    { return len(q.all) - q.head }
func (q *fifo[T]) push(t T)    { q.all = append(q.all, t) }
func (q *fifo[T]) at(i int) *T { return &q.all[q.head+i] }

// pop takes the first out. Its place is free at the next compact.
func (q *fifo[T]) pop() *T {
	q.head++
	return &q.all[q.head-1]
}

func (q *fifo[T]) compact() {
	switch {
	case q.head == len(q.all):
		clear(q.all)
		q.all, q.head = arena.Emptied(q.all, commitKeep), 0
	case q.head > 1024 && q.head > len(q.all)/2:
		n := copy(q.all, q.all[q.head:])
		clear(q.all[n:])
		q.all, q.head = q.all[:n], 0
	}
}
