package logwriter

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/jute"
)

// record is a log that notes what it is asked, and fails at one of the calls.
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

func writer(r *record) *Writer {
	return &Writer{Log: r, Told: func(generation uint64, zxid jute.Zxid, txns int) {
		r.calls = append(r.calls, fmt.Sprintf("told %d: %d, %d", generation, zxid, txns))
	}}
}

func txns(zxids ...jute.Zxid) (list []replica.Append) {
	for _, z := range zxids {
		list = append(list, replica.Append{
			Entry: jute.Entry{Header: jute.TxnHeader{Zxid: z}}, Roll: z%10 == 0,
		})
	}
	return list
}

func TestABatchIsReportedWhenItIsFlushed(t *testing.T) {
	r := &record{}
	require.NoError(t, writer(r).Write(4, txns(8, 9)))
	require.Equal(t, []string{"append 8", "append 9", "commit", "told 4: 9, 2"}, r.calls)
}

// The log that is left must be whole on disk before the next one begins.
func TestARollIsFlushedBefore(t *testing.T) {
	r := &record{}
	require.NoError(t, writer(r).Write(1, txns(9, 10, 11)))
	require.Equal(t, []string{
		"append 9", "append 10", "commit", "told 1: 10, 0", "roll",
		"append 11", "commit", "told 1: 11, 3",
	}, r.calls)
}

func TestAnEmptyBatchTouchesNothing(t *testing.T) {
	r := &record{}
	require.NoError(t, writer(r).Write(1, nil))
	require.Empty(t, r.calls)
}

// Nothing follows a call that failed, and nothing is reported.
func TestAnErrorEndsTheBatch(t *testing.T) {
	for failing, want := range map[string][]string{
		"append 9": {"append 9"},
		"commit":   {"append 9", "append 10", "commit"},
		"roll":     {"append 9", "append 10", "commit", "told 1: 10, 0", "roll"},
	} {
		r := &record{failing: failing}
		require.Error(t, writer(r).Write(1, txns(9, 10)))
		require.Equal(t, want, r.calls)
	}
	r := &record{failing: "settle"}
	require.Error(t, writer(r).Settle())
}

// A flush of the old generation says nothing of the new one's transactions.
func TestABatchHoldsOneGeneration(t *testing.T) {
	var q Queue
	q.Put(1, txns(1, 2))
	q.Put(1, txns(3))
	q.Put(2, txns(2))
	require.Equal(t, 4, q.Waiting())
	generation, batch := q.Take()
	require.Equal(t, uint64(1), generation)
	require.Equal(t, txns(1, 2, 3), batch)
	q.Recycle(batch)
	q.Put(2, txns(3))
	generation, batch = q.Take()
	require.Equal(t, uint64(2), generation)
	require.Equal(t, txns(2, 3), batch)
	require.Zero(t, q.Waiting())
	_, batch = q.Take()
	require.Empty(t, batch)
}

func TestPutCopiesItsSlice(t *testing.T) {
	var q Queue
	mine := txns(1)
	q.Put(1, mine)
	mine[0].Entry.Header.Zxid = 99
	_, batch := q.Take()
	require.Equal(t, txns(1), batch)
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
