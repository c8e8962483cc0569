package server

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/internal/replica/logwriter"
	"quoll/jute"
	"quoll/persistence/snap"
	"quoll/quorum/effects"
)

// instantLog is a log on a disk that takes no time.
type instantLog struct{}

func (instantLog) Append(*jute.Entry) error   { return nil }
func (instantLog) Commit() (jute.Zxid, error) { return 1, nil }
func (instantLog) Roll() error                { return nil }
func (instantLog) Settle() error              { return nil }
func (instantLog) Close() error               { return nil }

// flushDelay bounds how long after the last flush a transaction waits for others to share its
// flush. maxWriteQueuePollTime bounds how long it waits for the next one.
func TestWhenTheLogIsFlushed(t *testing.T) {
	for name, test := range map[string]struct {
		poll    time.Duration
		come    []time.Duration // transactions, after the first flush
		flushed time.Duration
	}{
		"nobody else comes":     {100, []time.Duration{10}, 110},
		"one comes in time":     {100, []time.Duration{10, 60}, 160},
		"they come and come":    {100, []time.Duration{10, 100, 190, 280}, 300},
		"not without the delay": {1000, []time.Duration{10}, 300},
		"at once":               {0, []time.Duration{10}, 10},
		"after a long silence":  {100, []time.Duration{500}, 500},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newLogWriter(instantLog{}, nil)
				w.gather = logwriter.Gathering{
					Delay: 300 * time.Millisecond, Poll: test.poll * time.Millisecond, Most: 1000,
				}
				var flushes []time.Time
				w.flushed = func(time.Duration, int) { flushes = append(flushes, time.Now()) }
				w.durable = func(effects.Ticket, bool) {}
				w.rescue = func() error { return nil }
				go w.run()
				w.put(make([]replica.DiskOp, 1))
				synctest.Wait()
				begin := time.Now()
				for _, at := range test.come {
					time.Sleep(time.Until(begin.Add(at * time.Millisecond)))
					w.put(make([]replica.DiskOp, 1))
				}
				time.Sleep(time.Second)
				require.NoError(t, w.stop())
				require.Len(t, flushes, 2)
				require.Equal(t, test.flushed*time.Millisecond, flushes[1].Sub(begin))
			})
		})
	}
}

// slowLog is a log whose flushes take as long as the test wants.
type slowLog struct {
	instantLog
	begun, end chan struct{}
}

func (l slowLog) Commit() (jute.Zxid, error) {
	l.begun <- struct{}{}
	<-l.end
	return 1, nil
}

// A report says whether the writer has anything else to do: in its queue, or in the batch.
func TestAReportSaysWhetherTheWriterIsIdle(t *testing.T) {
	for _, alone := range []bool{true, false} {
		log := slowLog{begun: make(chan struct{}), end: make(chan struct{})}
		w := newLogWriter(log, nil)
		w.alone = alone
		w.flushed = func(time.Duration, int) {}
		w.rescue = func() error { return nil }
		idle := make(chan bool, 2)
		w.durable = func(_ effects.Ticket, now bool) { idle <- now }
		flush := func() {
			<-log.begun
			log.end <- struct{}{}
		}
		go w.run()
		w.put(make([]replica.DiskOp, 1))
		<-log.begun
		w.put([]replica.DiskOp{{Roll: true}, {}})
		log.end <- struct{}{}
		require.False(t, <-idle, "two wait")
		flush()
		require.False(t, <-idle, "one is left in the batch")
		flush()
		require.Equal(t, alone, <-idle)
		require.NoError(t, w.stop())
	}
}

// All operations of the disk go through one queue. When a ticket is reported, its operation and all
// operations before it are durable.
func TestTheLogWriterCarriesOutEverythingInOrder(t *testing.T) {
	dir := t.TempDir()
	s, _ := restored(t, dir)
	read := func(name string) string {
		text, _ := os.ReadFile(filepath.Join(s.store.SnapDir(), name))
		return string(text)
	}
	appends := func(zxid jute.Zxid) replica.DiskOp {
		e := jute.Entry{Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpSetData}}
		e.Payload = jute.AppendEntry(nil, &e)
		return replica.DiskOp{DiskOp: effects.DiskOp{Entry: e}}
	}
	other := func(kind effects.DiskKind, epoch int64, zxid jute.Zxid) replica.DiskOp {
		return replica.DiskOp{DiskOp: effects.DiskOp{Kind: kind, Epoch: epoch, Zxid: zxid}}
	}
	const f = jute.Zxid(4 << 32)
	w, err := s.store.CreateSnapshot(f)
	require.NoError(t, err)
	require.NoError(t, w.Node("", nil, -1, &jute.StatPersisted{}))
	require.NoError(t, w.Complete(snap.Trailer{}))

	var seen []string
	s.log.durable = func(ticket effects.Ticket, _ bool) { // on the writer's goroutine, which owns the log
		seen = append(seen, fmt.Sprintf("%d: %v, accepted %s, current %s", ticket,
			s.store.Log().Durable(), read("acceptedEpoch"), read("currentEpoch")))
	}
	s.log.put([]replica.DiskOp{
		appends(1), appends(2), appends(3), other(effects.AcceptEpoch, 4, 0),
		other(effects.Cut, 0, 2), appends(3), other(effects.Install, 0, f), appends(f + 1),
		other(effects.EnterEpoch, 4, 0),
	})
	go s.log.run()
	s.log.poke()
	require.NoError(t, s.log.stop())
	require.Equal(t, []string{
		"3: 0x3, accepted , current ", "4: 0x3, accepted 4, current ",
		"5: 0x2, accepted 4, current ", "6: 0x3, accepted 4, current ",
		"7: 0x400000000, accepted 4, current ", "8: 0x400000001, accepted 4, current ",
		"9: 0x400000001, accepted 4, current 4",
	}, seen)
	require.NoError(t, s.store.Close())
	logs, err := filepath.Glob(filepath.Join(s.store.LogDir(), "log.*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(s.store.LogDir(), "log.400000001")}, logs)
}
