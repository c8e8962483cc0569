package server

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/internal/replica/logwriter"
	"quoll/jute"
)

// instantLog is a log on a disk that takes no time.
type instantLog struct{}

func (instantLog) Append(*jute.Entry) error   { return nil }
func (instantLog) Commit() (jute.Zxid, error) { return 1, nil }
func (instantLog) Roll() error                { return nil }
func (instantLog) Settle() error              { return nil }
func (instantLog) Close() error               { return nil }

// flushDelay bounds how long a transaction waits for company since the last flush,
// maxWriteQueuePollTime how long it waits when none comes.
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
				w := newLogWriter(instantLog{})
				w.gather = logwriter.Gathering{
					Delay: 300 * time.Millisecond, Poll: test.poll * time.Millisecond, Most: 1000,
				}
				var flushes []time.Time
				w.flushed = func(time.Duration, int) { flushes = append(flushes, time.Now()) }
				w.durable = func(uint64, jute.Zxid) {}
				go w.run()
				w.append(1, make([]replica.Append, 1))
				synctest.Wait()
				begin := time.Now()
				for _, at := range test.come {
					time.Sleep(time.Until(begin.Add(at * time.Millisecond)))
					w.append(1, make([]replica.Append, 1))
				}
				time.Sleep(time.Second)
				require.NoError(t, w.stop())
				require.Len(t, flushes, 2)
				require.Equal(t, test.flushed*time.Millisecond, flushes[1].Sub(begin))
			})
		})
	}
}
