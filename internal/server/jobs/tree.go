package jobs

import (
	"errors"
	"time"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/jobs"
	"quoll/internal/replica/snapshotting"
	"quoll/quorum/effects"
	"quoll/quorum/transport"
)

var (
	// ErrSilence: a stream stood still for too long.
	ErrSilence = errors.New("the stream of the tree stands still")

	errCancelled = errors.New("nobody waits for the tree any more")
)

// WalkNodes is how many nodes a walk reads in one hold of the tree's lock.
const WalkNodes = 1024

// Trees is what the jobs with trees need.
type Trees struct {
	// Quorum has the connections to learners and leader.
	Quorum *transport.Transport
	// New makes the tree for a leader's stream, and MaxBytes bounds the stream.
	New      func() *datatree.Tree
	MaxBytes int64
	// Pause is called between two steps of a walk that streams to a learner.
	Pause func()
}

// build answers a BuildTree.
func (j *job) build(ask *effects.Job) {
	trees := &j.runner.config.Trees
	from, err := trees.Quorum.Reader(transport.Link(ask.Link))
	if err != nil {
		j.report(failed(ask.Generation, err))
		return
	}
	if !j.waits(func() { from.Fail(errCancelled) }) {
		from.Fail(errCancelled)
		return
	}
	watched := newWatched(from, ask.Silence)
	done, beyond := jobs.Build(watched, ask, trees.New(), trees.MaxBytes)
	watched.stop()
	if done.Err != nil {
		from.Fail(done.Err)
	} else if j.waits(nil) {
		from.Done(beyond)
	}
	j.report(done)
}

// watched is a stream that ends when it stands still.
type watched struct {
	*transport.Reader
	silence time.Duration
	timer   *time.Timer // nil: the stream may stand still
}

func newWatched(from *transport.Reader, silence time.Duration) *watched {
	w := &watched{Reader: from, silence: silence}
	if silence > 0 {
		w.timer = time.AfterFunc(silence, func() { from.Fail(ErrSilence) })
	}
	return w
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if w.timer != nil {
		w.timer.Reset(w.silence)
	}
	return n, err
}

func (w *watched) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// Stream streams a tree to a learner. Until it has ended, what is sent to the learner's connection
// waits behind it.
func (r *Runner) Stream(s *replica.SnapshotJob) {
	// The place of the stream among what is sent is fixed here, not on the job's goroutine.
	to, err := r.config.Trees.Quorum.Writer(transport.Link(s.Link))
	if err != nil {
		s.Tree.StopWalk(&s.Cursor)
		r.start(s.Generation, func(j *job) { j.report(failed(s.Generation, err)) })
		return
	}
	r.start(s.Generation, func(j *job) { j.stream(s, to) })
}

func (j *job) stream(s *replica.SnapshotJob, to *transport.Writer) {
	walk := snapshotting.Stream(to, s)
	if !j.waits(func() { to.Fail(errCancelled) }) {
		walk.Abort()
		to.Fail(errCancelled)
		return
	}
	if err := j.walk(walk, j.runner.config.Trees.Pause); err != nil {
		to.Fail(err)
		j.report(failed(s.Generation, err))
		return
	}
	if j.waits(nil) {
		to.Done()
	}
	j.report(replica.JobDone{JobDone: effects.JobDone{Generation: s.Generation, Zxid: s.Zxid}})
}

// Walk writes a snapshot into the own directory. ended is called with the result, before it is
// reported, unless the job is cancelled.
func (r *Runner) Walk(
	s *replica.SnapshotJob, options snapshotting.Options, ended func(*snapshotting.Walk, error),
) {
	r.start(s.Generation, func(j *job) {
		walk := snapshotting.New(r.config.Dir, s, options)
		err := j.walk(walk, func() {
			if walk.Waits() {
				j.pause(logPatience)
			}
		})
		if j.cancelled() {
			return
		}
		ended(walk, err)
		j.report(replica.JobDone{JobDone: effects.JobDone{
			Generation: s.Generation, Zxid: s.Zxid, Err: err,
		}})
	})
}

// logPatience is the pause between two looks whether the log has what a snapshot needs.
const logPatience = 2 * time.Millisecond

// pause waits, unless the job is cancelled.
func (j *job) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-j.done:
	}
}

// walk goes on with a walk to its end.
func (j *job) walk(walk *snapshotting.Walk, pause func()) error {
	for {
		if j.cancelled() {
			walk.Abort()
			return errCancelled
		}
		more, err := walk.Step(WalkNodes)
		if !more || err != nil {
			return err
		}
		pause()
	}
}

func failed(generation uint64, err error) replica.JobDone {
	return replica.JobDone{JobDone: effects.JobDone{Generation: generation, Err: err}}
}
