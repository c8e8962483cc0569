package server

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJobsAsideAreFewAtATimeAndStop(t *testing.T) {
	var a aside
	begun, end := make(chan int), make(chan struct{})
	var ran atomic.Int32
	for i := range 3 * asideMost {
		a.run(func() {
			begun <- i
			<-end
			ran.Add(1)
		})
	}
	seen := map[int]bool{}
	for range asideMost {
		seen[<-begun] = true
	}
	for i := range asideMost {
		require.True(t, seen[i], "in the order in which they came")
	}
	require.Equal(t, asideMost, a.running)
	select {
	case i := <-begun:
		t.Fatal(i, "is one too many")
	default:
	}
	end <- struct{}{}
	require.Equal(t, asideMost, <-begun, "the next in line")
	stopped := make(chan struct{})
	go func() { a.stop(); close(stopped) }()
	for range asideMost {
		select {
		case end <- struct{}{}:
		case <-stopped:
			t.Fatal("it did not wait for what runs")
		}
		select { // the next job begins unless stop was called
		case <-begun:
			end <- struct{}{}
		default:
		}
	}
	for done := false; !done; {
		select {
		case <-begun:
		case end <- struct{}{}:
		case <-stopped:
			done = true
		}
	}
	require.Zero(t, a.running)
	before := ran.Load()
	a.run(func() { ran.Add(1) })
	require.Zero(t, a.running, "nothing runs after the stop")
	require.Equal(t, before, ran.Load())
}

func TestTheStopForgetsWhatHasNotBegun(t *testing.T) {
	a := aside{jobs: []func(){func() { t.Error("a job ran after the stop") }}}
	a.stop()
	a.running++
	a.work() // a worker that has finished its last job
	require.Zero(t, a.running)
}
