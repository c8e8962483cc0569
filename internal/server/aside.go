package server

import "sync"

// asideMost is how many jobs run at the same time.
const asideMost = 4

// aside runs jobs that would take too long on a loop or on the core: the answers to long
// four-letter words. It runs at most asideMost of them at a time, and begins them in the order in
// which they came. It has no goroutine while there is no job. The zero value is ready for use.
type aside struct {
	mu      sync.Mutex
	jobs    []func()
	running int
	stopped bool
	workers sync.WaitGroup
}

// run takes a job, which runs soon on another goroutine. Any goroutine may call it.
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

// stop drops the jobs that have not begun, and waits for the running ones.
func (a *aside) stop() {
	a.mu.Lock()
	a.stopped, a.jobs = true, nil
	a.mu.Unlock()
	a.workers.Wait()
}
