package logwriter

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/jute"
	"quoll/quorum/effects"
)

// record is a log that notes its calls, and fails at one of them.
type record struct {
	calls   []string
	last    jute.Zxid
	failing string
}

func (r *record) note(call string) error {
	r.calls = append(r.calls, call)
	if call == r.failing {
		return errors.New("input/output error")
	}
	return nil
}

func (r *record) Append(e *jute.Entry) error {
	r.last = e.Header.Zxid
	return r.note(fmt.Sprintf("append %d", e.Header.Zxid))
}

func (r *record) Commit() (jute.Zxid, error) { return r.last, r.note("commit") }
func (r *record) Roll() error                { return r.note("roll") }
func (r *record) Settle() error              { return r.note("settle") }

func (r *record) SetAcceptedEpoch(e int64) error { return r.note(fmt.Sprintf("accept %d", e)) }
func (r *record) SetCurrentEpoch(e int64) error  { return r.note(fmt.Sprintf("enter %d", e)) }
func (r *record) Install(z jute.Zxid) error      { return r.note(fmt.Sprintf("install %d", z)) }
func (r *record) Truncate(z jute.Zxid) error     { return r.note(fmt.Sprintf("cut %d", z)) }

func writer(r *record) *Writer {
	return &Writer{Log: r, Store: r, Flushed: func(txns int) {
		r.calls = append(r.calls, fmt.Sprintf("flushed %d", txns))
	}, Durable: func(ticket effects.Ticket) {
		r.calls = append(r.calls, fmt.Sprintf("durable %d", ticket))
	}, Load: func(generation uint64) error {
		return r.note(fmt.Sprintf("load %d", generation))
	}}
}

func txns(zxids ...jute.Zxid) (list []replica.DiskOp) {
	for _, z := range zxids {
		list = append(list, replica.DiskOp{
			DiskOp: effects.DiskOp{Entry: jute.Entry{Header: jute.TxnHeader{Zxid: z}}},
			Roll:   z%10 == 0,
		})
	}
	return list
}

// op returns one operation that is no append.
func op(kind effects.DiskKind, epoch int64, zxid jute.Zxid) []replica.DiskOp {
	return []replica.DiskOp{{DiskOp: effects.DiskOp{Kind: kind, Epoch: epoch, Zxid: zxid}}}
}

func TestABatchIsReportedWhenItIsFlushed(t *testing.T) {
	r := &record{}
	w := writer(r)
	require.NoError(t, w.Write(txns(8, 9)))
	require.NoError(t, w.Write(txns(11)))
	require.Equal(t, []string{
		"append 8", "append 9", "commit", "flushed 2", "durable 2",
		"append 11", "commit", "flushed 1", "durable 3",
	}, r.calls)
}

// The old log must be on disk completely before the next one begins.
func TestARollIsFlushedBefore(t *testing.T) {
	r := &record{}
	require.NoError(t, writer(r).Write(txns(9, 10, 11)))
	require.Equal(t, []string{
		"append 9", "append 10", "commit", "flushed 0", "durable 2", "roll",
		"append 11", "commit", "flushed 3", "durable 3",
	}, r.calls)
}

// The last transaction of a batch rolls the log. The number of transactions is reported
// nevertheless, and its ticket once.
func TestABatchThatEndsWithARoll(t *testing.T) {
	r := &record{}
	require.NoError(t, writer(r).Write(txns(9, 10)))
	require.Equal(t, []string{
		"append 9", "append 10", "commit", "flushed 0", "durable 2", "roll", "commit", "flushed 2",
	}, r.calls)
}

func TestAnEmptyBatchTouchesNothing(t *testing.T) {
	r := &record{}
	require.NoError(t, writer(r).Write(nil))
	require.Empty(t, r.calls)
}

// The order that NEWLEADER demands is the order of the queue: the history, then its epoch, then the
// report of the ticket that the acknowledgement waits for.
func TestTheEpochComesBehindTheHistory(t *testing.T) {
	r := &record{}
	require.NoError(t, writer(r).Write(slices.Concat(
		op(effects.AcceptEpoch, 2, 0), txns(8, 9), op(effects.EnterEpoch, 2, 0), txns(11, 12))))
	require.Equal(t, []string{
		"accept 2", "durable 1",
		"append 8", "append 9", "commit", "flushed 0", "durable 3",
		"enter 2", "durable 4",
		"append 11", "append 12", "commit", "flushed 4", "durable 6",
	}, r.calls)
}

func TestOtherHistoriesComeInOrder(t *testing.T) {
	r := &record{}
	require.NoError(t, writer(r).Write(slices.Concat(
		txns(8), op(effects.Install, 0, 50), op(effects.Cut, 0, 7), op(effects.EnterEpoch, 3, 0))))
	require.Equal(t, []string{
		"append 8", "commit", "flushed 0", "durable 1", "install 50", "durable 2",
		"cut 7", "durable 3", "enter 3", "durable 4", "commit", "flushed 1",
	}, r.calls)
}

// The files are read again when everything before is on disk, and its end is reported before its
// ticket: the tree is there when the ticket comes.
func TestALoadIsPartOfTheOrder(t *testing.T) {
	r := &record{}
	load := []replica.DiskOp{{DiskOp: effects.DiskOp{Kind: effects.Load, Generation: 6}}}
	require.NoError(t, writer(r).Write(slices.Concat(
		txns(8), op(effects.Cut, 0, 7), load, txns(9))))
	require.Equal(t, []string{
		"append 8", "commit", "flushed 0", "durable 1", "cut 7", "durable 2",
		"load 6", "durable 3", "append 9", "commit", "flushed 2", "durable 4",
	}, r.calls)
	r = &record{}
	require.NoError(t, writer(r).Write(append(txns(8), load...)))
	require.Equal(t, []string{
		"append 8", "commit", "flushed 0", "durable 1", "load 6", "durable 2", "commit",
		"flushed 1",
	}, r.calls)
	r = &record{failing: "load 6"}
	require.ErrorContains(t, writer(r).Write(append(load, txns(9)...)), "input/output error")
	require.Equal(t, []string{"load 6"}, r.calls)
}

// Nothing follows a call that failed, and nothing is reported.
func TestAnErrorEndsTheBatch(t *testing.T) {
	for failing, want := range map[string][]string{
		"append 9": {"append 9"},
		"commit":   {"append 9", "append 10", "commit"},
		"roll":     {"append 9", "append 10", "commit", "flushed 0", "durable 2", "roll"},
	} {
		r := &record{failing: failing}
		require.Error(t, writer(r).Write(txns(9, 10)))
		require.Equal(t, want, r.calls)
	}
	for failing, failed := range map[string][]replica.DiskOp{
		"accept 2": op(effects.AcceptEpoch, 2, 0), "enter 2": op(effects.EnterEpoch, 2, 0),
		"install 5": op(effects.Install, 0, 5), "cut 5": op(effects.Cut, 0, 5),
	} {
		r := &record{failing: failing}
		require.ErrorContains(t, writer(r).Write(append(failed, txns(9)...)), "input/output error")
		require.Equal(t, []string{failing}, r.calls)
	}
	r := &record{}
	require.Error(t, writer(r).Write(op(200, 0, 0)))
	require.Empty(t, r.calls)
	r = &record{failing: "settle"}
	require.Error(t, writer(r).Settle())
}

func TestAQueueKeepsTheOrder(t *testing.T) {
	var q Queue
	q.Put(txns(1, 2))
	q.Put(op(effects.Cut, 0, 1))
	q.Put(txns(2))
	require.Equal(t, 4, q.Waiting())
	batch := q.Take()
	require.Equal(t, slices.Concat(txns(1, 2), op(effects.Cut, 0, 1), txns(2)), batch)
	q.Put(txns(3)) // while the batch is written
	q.Recycle(batch)
	require.Equal(t, txns(3), q.Take())
	require.Zero(t, q.Waiting())
	require.Empty(t, q.Take())
}

// The slices of batches are used again.
func TestAQueueAllocatesNothing(t *testing.T) {
	var q Queue
	ops := txns(1, 2, 3)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		q.Put(ops)
		q.Recycle(q.Take())
	}))
}

func TestPutCopiesItsSlice(t *testing.T) {
	var q Queue
	mine := txns(1)
	q.Put(mine)
	mine[0].Entry.Header.Zxid = 99
	require.Equal(t, txns(1), q.Take())
}

func TestGathering(t *testing.T) {
	for _, c := range []struct {
		g       Gathering
		waiting int
		since   time.Duration
		want    time.Duration
	}{
		{Gathering{}, 1, 0, 0},
		{Gathering{Delay: 300, Poll: 100, Most: 10}, 1, 0, 100},
		{Gathering{Delay: 300, Poll: 100, Most: 10}, 9, 250, 50},
		{Gathering{Delay: 300, Poll: 100, Most: 10}, 10, 0, 0},
		{Gathering{Delay: 300, Poll: 100}, 1000, 0, 100},
		{Gathering{Delay: 300, Poll: 100}, 1, 400, -100},
		{Gathering{Poll: 100}, 1, 0, 0},
	} {
		require.Equal(t, c.want, c.g.Wait(c.waiting, c.since), "%+v", c)
	}
}
