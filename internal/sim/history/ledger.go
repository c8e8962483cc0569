package history

import (
	"bytes"
	"fmt"
	"slices"

	"quoll/jute"
)

// Ledger records what each node has in its log while a run goes on. At the end it says which
// history came of that.
//
// A transaction is committed when more than half of the nodes have said that it is durable. From
// then on it belongs to the history. Transactions behind it that only some nodes have may be lost.
// Each node's log is a beginning of the history, then perhaps transactions of its own.
type Ledger struct {
	begin      jute.Zxid // of every node's log: what stands before is in its first snapshot
	logs       []Log     // of each node, from node 1 on
	durable    []jute.Zxid
	started    []jute.Zxid // what each node started with
	committed  Log         // the longest that ever was
	recoveries []found
}

// found is a recovery with the log that it found.
type found struct {
	Recovery
	log       Log
	committed int // transactions of its log that were committed then
}

// NewLedger begins with nodes whose logs are empty, behind a snapshot whose zxid is begin.
func NewLedger(nodes int, begin jute.Zxid) *Ledger {
	return &Ledger{begin: begin, logs: make([]Log, nodes), durable: make([]jute.Zxid, nodes),
		started: make([]jute.Zxid, nodes)}
}

// Append: a node puts a transaction at the end of its log.
func (l *Ledger) Append(node int, t Txn) error {
	log := &l.logs[node-1]
	if z := t.Entry.Header.Zxid; !Follows(z, l.last(*log)) {
		return fmt.Errorf("node %d puts %v behind %v", node, z, l.last(*log))
	}
	*log = append(*log, t)
	return nil
}

// last is the end of a node's log.
func (l *Ledger) last(log Log) jute.Zxid { return max(l.begin, log.Last()) }

// Log is the log of a node, as far as it was appended.
func (l *Ledger) Log(node int) Log { return l.logs[node-1] }

// Logged says what is wrong with a transaction that a node finds in its log, nil for nothing.
func (l *Ledger) Logged(node int, e *jute.Entry) error {
	t := l.logs[node-1].At(e.Header.Zxid)
	if t == nil || !bytes.Equal(t.Entry.Payload, e.Payload) {
		return fmt.Errorf("transaction %v is not the one that was proposed", e.Header.Zxid)
	}
	return nil
}

// Durable: a node has said that its log is on disk up to a zxid.
func (l *Ledger) Durable(node int, zxid jute.Zxid) {
	l.durable[node-1] = max(l.durable[node-1], zxid)
	l.commit(node)
}

// commit looks whether more is committed, now that a node has more on disk.
func (l *Ledger) commit(node int) {
	log := l.logs[node-1].UpTo(l.durable[node-1])
	shared := make([]int, len(l.logs)) // with each node
	for i := range l.logs {
		shared[i] = common(log, l.logs[i].UpTo(l.durable[i]))
	}
	slices.Sort(shared)
	if most := shared[(len(shared)-1)/2]; most > len(l.committed) {
		l.committed = log[:most:most]
	}
}

// Applied says what is wrong with a tree that shows transactions up to a zxid, nil for nothing.
// Except for what the node started with, only committed transactions may be shown.
func (l *Ledger) Applied(node int, zxid jute.Zxid) error {
	if last := l.last(l.committed); zxid > max(last, l.started[node-1]) && zxid.Counter() > 0 {
		return fmt.Errorf("node %d shows %v, and no more than %v is committed", node, zxid, last)
	}
	return nil
}

// Recovered: a node has found its log up to r.Zxid. lost is the part of its log behind that.
func (l *Ledger) Recovered(r Recovery) (lost Log, err error) {
	had := l.logs[r.Node-1]
	log := had.UpTo(r.Zxid)
	if l.last(log) != r.Zxid {
		return nil, fmt.Errorf("node %d recovered to %v, which it does not have behind %v", r.Node,
			r.Zxid, l.last(log))
	}
	r.Shown, r.Durable = l.last(l.committed), l.durable[r.Node-1]
	l.logs[r.Node-1], l.durable[r.Node-1], l.started[r.Node-1] = log, r.Zxid, r.Zxid
	l.commit(r.Node)
	l.recoveries = append(l.recoveries, found{r, log, common(log, l.committed)})
	return had[len(log):], nil
}

// History is the outcome: the committed transactions, and behind them the rest of the longest log
// that begins with them. Every recovery says where its log leaves the history.
func (l *Ledger) History() (history Log, recoveries []Recovery) {
	history = l.committed
	for _, log := range l.logs {
		if len(log) > len(history) && common(log, l.committed) == len(l.committed) {
			history = log
		}
	}
	for _, f := range l.recoveries {
		r, fork := f.Recovery, common(f.log, history)
		r.Commit = l.last(f.log[:f.committed])
		r.Fork, r.Own = l.last(f.log[:fork]), f.log[fork:]
		recoveries = append(recoveries, r)
	}
	return history, recoveries
}
