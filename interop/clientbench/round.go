package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"quoll/interop/bench/measure"
)

// sample is one round of one client.
type sample struct {
	rate float64 // requests a second
	cpu  float64 // of this process a request, in microseconds
}

// alternate runs rounds of both clients in turn, behind one round of each that does not count.
func alternate(s settings, kind string, a, b *contender) (ofA, ofB []sample, err error) {
	for i := range s.rounds + 1 {
		for _, c := range []*contender{a, b} {
			got, err := round(s, kind, c)
			switch {
			case err != nil:
				return nil, nil, fmt.Errorf("%s, %s: %w", c.name, kind, err)
			case i == 0:
			case c == a:
				ofA = append(ofA, got)
			default:
				ofB = append(ofB, got)
			}
		}
	}
	return ofA, ofB, nil
}

// round lets all goroutines send requests for a while. What others have left on the heap is
// collected before.
func round(s settings, kind string, c *contender) (sample, error) {
	runtime.GC()
	request := c.request[kind]
	var (
		over    atomic.Bool
		done    atomic.Int64
		workers sync.WaitGroup
		failed  = make(chan error, s.goroutines)
	)
	cpu, begun := measure.OwnCPU(), time.Now()
	for range s.goroutines {
		workers.Go(func() {
			n := int64(0)
			for ; !over.Load(); n++ {
				if err := request(); err != nil {
					failed <- err
					break
				}
			}
			done.Add(n)
		})
	}
	time.Sleep(s.round)
	over.Store(true)
	workers.Wait()
	took, spent := time.Since(begun), measure.OwnCPU()-cpu
	select {
	case err := <-failed:
		return sample{}, err
	default:
	}
	n := float64(done.Load())
	if n == 0 {
		return sample{}, errors.New("nothing was answered")
	}
	return sample{n / took.Seconds(), float64(spent.Microseconds()) / n}, nil
}

// profileAll runs rounds of our client alone and writes a profile for each kind of request.
func profileAll(s settings, c *contender) error {
	for _, b := range bars {
		file, err := os.Create(s.profile + "." + b.kind)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		for range s.rounds {
			if got, err := round(s, b.kind, c); err != nil {
				return err
			} else {
				fmt.Printf("%s: %.0f/s, %.2f µs of CPU each\n", b.kind, got.rate, got.cpu)
			}
		}
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}
