package jobs

import (
	"fmt"
	"sync"

	"quoll/internal/replica"
	"quoll/internal/replica/jobs"
	"quoll/persistence"
	"quoll/quorum/effects"
)

// Runner runs jobs.
type Runner struct {
	config  Config
	running sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	jobs    map[uint64]*job
	stopped bool
}

// job is one that runs. Its fields but done are its goroutine's.
type job struct {
	runner     *Runner
	generation uint64
	done       chan struct{}    // closed when the job is cancelled
	more       chan effects.Job // of a ReadLog: what is to be read next
	end        func()           // ends a wait of the job; nil: it waits for nothing. Guarded by mu
}

// New returns a Runner without jobs.
func New(config Config) *Runner { return &Runner{config: config, jobs: make(map[uint64]*job)} }

// Do starts a job, or goes on with one.
func (r *Runner) Do(j effects.Job) {
	switch j.Kind {
	case effects.ReadLog:
		r.start(j.Generation, func(run *job) { run.readLog(j) })
	case effects.ReadMore:
		r.readMore(j)
	case effects.CanCut:
		r.start(j.Generation, func(run *job) { run.report(jobs.CanCut(r.config.Dir, &j)) })
	case effects.BuildTree:
		r.start(j.Generation, func(run *job) { run.build(&j) })
	case effects.Cancel:
		r.cancel(j.Generation)
	default:
		panic(fmt.Sprintf("jobs: no job has kind %d", j.Kind))
	}
}

// start runs a job on a goroutine of its own.
func (r *Runner) start(generation uint64, run func(*job)) {
	j := &job{
		runner: r, generation: generation, done: make(chan struct{}),
		more: make(chan effects.Job, 1),
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	r.jobs[generation] = j
	r.running.Go(func() {
		defer r.over(j)
		run(j)
	})
}

func (r *Runner) over(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.jobs[j.generation] == j {
		delete(r.jobs, j.generation)
	}
}

// cancel ends a job, if it still runs.
func (r *Runner) cancel(generation uint64) {
	r.mu.Lock()
	j := r.jobs[generation]
	delete(r.jobs, generation)
	var end func()
	if j != nil {
		end = j.end
		close(j.done)
	}
	r.mu.Unlock()
	if end != nil {
		end()
	}
}

// Stop cancels all jobs and waits until they have ended.
func (r *Runner) Stop() {
	r.mu.Lock()
	r.stopped = true
	var all []uint64
	for generation := range r.jobs {
		all = append(all, generation)
	}
	r.mu.Unlock()
	for _, generation := range all {
		r.cancel(generation)
	}
	r.running.Wait()
}

// waits says how a wait of the job is ended when the job is cancelled. false: it was cancelled
// already.
func (j *job) waits(end func()) bool {
	r := j.runner
	r.mu.Lock()
	defer r.mu.Unlock()
	j.end = end
	return !j.cancelled()
}

func (j *job) cancelled() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

// report tells the core, unless the job was cancelled.
func (j *job) report(done replica.JobDone) {
	if !j.cancelled() {
		j.runner.config.Report(done)
	}
}

// readLog answers a ReadLog, and each ReadMore that follows.
func (j *job) readLog(first effects.Job) {
	var log jobs.Log
	defer log.Close()
	done := log.Open(j.runner.config.Dir, &first)
	for j.report(done); done.More; j.report(done) {
		select {
		case next := <-j.more:
			done = log.More(&next)
		case <-j.done:
			return
		}
	}
}

// readMore hands a ReadMore to its job. One is on its way at a time, because the peer waits for the
// answer.
func (r *Runner) readMore(ask effects.Job) {
	r.mu.Lock()
	j := r.jobs[ask.Generation]
	r.mu.Unlock()
	if j == nil {
		return
	}
	select {
	case j.more <- ask:
	case <-j.done:
	}
}

// Config is what jobs work on.
type Config struct {
	Dir *persistence.Dir
	// Report takes the answer of a job.
	Report func(replica.JobDone)
	Trees  Trees
}
