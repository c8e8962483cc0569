package effects

import (
	"fmt"

	"quoll/jute"
)

// Tickets knows the transaction of each ticket that is given and not done. Transactions whose zxids
// are consecutive, as their tickets are, form one run. Mostly there is one run only.
type Tickets struct {
	given, done Ticket
	runs        []run
}

// run begins with a ticket and the zxid of its transaction, and goes on up to the next run.
type run struct {
	ticket Ticket
	zxid   jute.Zxid
}

// Give gives the next ticket to the append of a transaction.
func (t *Tickets) Give(zxid jute.Zxid) {
	t.given++
	if n := len(t.runs); n > 0 && t.runs[n-1].at(t.given) == zxid {
		return
	}
	t.runs = append(t.runs, run{ticket: t.given, zxid: zxid})
}

func (r run) at(ticket Ticket) jute.Zxid { return r.zxid + jute.Zxid(ticket-r.ticket) }

// Take takes back all tickets up to a ticket, and returns the transaction of the last one. ok is
// false if this ticket was taken back before.
func (t *Tickets) Take(ticket Ticket) (last jute.Zxid, ok bool) {
	if ticket > t.given {
		panic(fmt.Sprintf("effects: ticket %d is done, of %d given", ticket, t.given))
	}
	if ticket <= t.done {
		return 0, false
	}
	t.done = ticket
	n := 0
	for n+1 < len(t.runs) && t.runs[n+1].ticket <= ticket {
		n++
	}
	last = t.runs[n].at(ticket)
	if t.runs = append(t.runs[:0], t.runs[n:]...); t.done == t.given {
		t.runs = t.runs[:0]
	}
	return last, true
}
