package ledger

import (
	"slices"

	"quoll/internal/sim/history"
)

// Outcome is which history came of a run.
type Outcome struct {
	// Txns are the committed transactions, and behind them the rest of the longest log that begins
	// with them.
	Txns history.Log
	// Lost are the transactions that were proposed and are not there.
	Lost history.Log
	// Reigns are the epochs that stood.
	Reigns     []int64
	Recoveries []history.Recovery
}

// Outcome is the outcome of the run so far. Every recovery says where its log leaves the history.
func (l *Ledger) Outcome() Outcome {
	end := l.committed
	for i := range l.nodes {
		if e := l.nodes[i].last; e.depth > end.depth && e.over(l.committed) {
			end = e
		}
	}
	o := Outcome{Txns: end.path(l.root), Lost: slices.Clone(l.forgotten)}
	for _, e := range l.byZxid { // order-free: sorted below
		if !end.over(e) && e != l.root {
			o.Lost = append(o.Lost, e.Txn)
		}
	}
	slices.SortStableFunc(o.Lost, func(a, b history.Txn) int {
		return int(max(-1, min(1, a.Entry.Header.Zxid-b.Entry.Header.Zxid)))
	})
	for epoch, r := range l.reigns { // order-free: sorted below
		if r.stood && end.over(r.base) {
			o.Reigns = append(o.Reigns, epoch)
		}
	}
	slices.Sort(o.Reigns)
	for _, f := range l.recovered {
		r, at := f.Recovery, fork(f.log, end)
		r.Commit = fork(f.log, f.committed).zxid
		r.Fork, r.Own = at.zxid, f.log.path(at)
		if len(r.Own) == 0 {
			r.Zxid = at.zxid // it may have been called by the beginning of a reign
		}
		o.Recoveries = append(o.Recoveries, r)
	}
	return o
}

// Unused is how many transactions were asked for and not there at a start.
func (l *Ledger) Unused() int { return l.unused }
