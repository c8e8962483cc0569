package throttle_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/processor/throttle"
)

func TestLarge(t *testing.T) {
	l := throttle.Large{ThresholdBytes: 10, MaxBytes: 50}
	require.True(t, l.Admit(10), "not large")
	require.Zero(t, l.Inside())
	require.True(t, l.Admit(30))
	require.False(t, l.Admit(21))
	require.True(t, l.Admit(20))
	require.False(t, l.Admit(11))
	l.Done(20)
	require.True(t, l.Admit(11))
	l.Done(30)
	l.Done(11)
	l.Done(10)
	require.Zero(t, l.Inside())
	off := throttle.Large{ThresholdBytes: -1}
	require.True(t, off.Admit(1<<30))
}

func TestQueueKeepsItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q throttle.Queue[int]
		var model []int
		next := 0
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 1500).Draw(t, "n") {
					q.Push(next)
					model = append(model, next)
					next++
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(1, 1000).Draw(t, "n") {
					got, ok := q.Pop()
					if ok != (len(model) > 0) {
						t.Fatal("wrong emptiness")
					}
					if ok {
						if model[0] != got {
							t.Fatalf("got %d, want %d", got, model[0])
						}
						model = model[1:]
					}
				}
			},
			"": func(t *rapid.T) { require.Equal(t, len(model), q.Len()) },
		})
	})
}

func TestJudge(t *testing.T) {
	r := throttle.Rules{DropStale: true, StaleConnectionCheck: true, OpWaitMillis: 50}
	verdict := func(waited, timeout int64, gone bool) throttle.Verdict {
		v, _ := r.Judge(waited, timeout, gone)
		return v
	}
	require.Equal(t, throttle.Go, verdict(50, 1000, false))
	require.Equal(t, throttle.Refuse, verdict(51, 1000, false))
	require.Equal(t, throttle.Drop, verdict(0, 1000, true))
	r = throttle.Rules{DropStale: true, StaleLatencyCheck: true}
	require.Equal(t, throttle.Go, verdict(1000, 1000, true))
	require.Equal(t, throttle.Drop, verdict(1001, 1000, false))
	r = throttle.Rules{StaleConnectionCheck: true}
	v, stale := r.Judge(1, 1000, true)
	require.Equal(t, throttle.Go, v)
	require.True(t, stale, "told, although it goes on")
	_, stale = r.Judge(1, 1000, false)
	require.False(t, stale)
}

func TestAShareOfTheGlobalLimit(t *testing.T) {
	for voters, want := range map[int]int64{0: 1000, 1: 1000, 2: 1000, 3: 500, 5: 250} {
		require.Equal(t, want, throttle.Share(1000, voters), voters)
	}
}
