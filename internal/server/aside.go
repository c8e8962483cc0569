package server

import "sync"

// asideMost is how many long words are answered at once.
const asideMost = 4

// aside runs jobs that are no business of a loop's or the core's, some at a time and in the order
// in which they came. It has no goroutine while there is nothing to do. The zero aside is ready.
type aside struct {
	mu      sync.Mutex
	jobs    []func()
	running int
	stopped bool
	workers sync.WaitGroup
}

// run has a job run soon. Any goroutine.
func (a *aside) run(job func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return
	}
	a.jobs = append(a.jobs, job)
	if a.running < asideMost {
		a.running++
		a.workers.Go(a.work)
	}
}

func (a *aside) work() {
	for {
		a.mu.Lock()
		if len(a.jobs) == 0 {
			a.running--
			a.mu.Unlock()
			return
		}
		job := a.jobs[0]
		a.jobs[0] = nil
		a.jobs = a.jobs[1:]
		a.mu.Unlock()
		job()
	}
}

// stop forgets the jobs that have not begun, and waits for the others.
func (a *aside) stop() {
	a.mu.Lock()
	a.stopped, a.jobs = true, nil
	a.mu.Unlock()
	a.workers.Wait()
}
