package node

import (
	"bytes"
	"errors"
	"io"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/jobs"
	"quoll/internal/sim/fuse"
	"quoll/internal/sim/links"
	"quoll/jute/ensemble"
	"quoll/persistence"
	"quoll/quorum/effects"
)

// works are the jobs of a member that run beside the disk's queue, by generation.
type works struct {
	logs   map[uint64]*jobs.Log
	builds map[uint64]int64 // when the stream of each moved last, µs
	walks  map[uint64]*walker
}

func newWorks() works {
	return works{
		logs: map[uint64]*jobs.Log{}, builds: map[uint64]int64{}, walks: map[uint64]*walker{},
	}
}

// Job implements replica.Hands.
func (p *process) Job(job effects.Job) {
	n := p.n
	n.fuse.At(fuse.Job)
	n.Counts.Add("job", jobNames[job.Kind])
	n.Note("node %d: job %d %s %v %v", n.number, job.Generation, jobNames[job.Kind], job.From,
		job.UpTo)
	switch job.Kind {
	case effects.ReadLog:
		log := new(jobs.Log)
		p.logs[job.Generation] = log
		p.after(n.Between(10, 3000), func() {
			if p.logs[job.Generation] == log {
				p.read(log, &job, log.Open(p.store, &job))
			}
		})
	case effects.ReadMore:
		log := p.logs[job.Generation]
		p.after(n.Between(10, 2000), func() {
			if log != nil && p.logs[job.Generation] == log {
				p.read(log, &job, log.More(&job))
			}
		})
	case effects.CanCut:
		p.after(n.Between(10, 2000), func() { p.did(jobs.CanCut(p.store, &job)) })
	case effects.BuildTree:
		p.builds[job.Generation] = n.Now
		p.watch(&job)
		p.quorum.Stream(uint64(job.Link), func(in []byte, over bool) (int, bool) {
			return p.build(&job, in, over)
		})
	case effects.Cancel:
		p.cancel(job.Generation)
	default:
		n.Violate("no job has kind %d", job.Kind)
	}
}

// read-only: names of the kinds of jobs, for the counters.
var jobNames = map[effects.JobKind]string{
	effects.ReadLog: "ReadLog", effects.ReadMore: "ReadMore", effects.Cancel: "Cancel",
	effects.StreamTree: "StreamTree", effects.BuildTree: "BuildTree",
	effects.SaveTree: "SaveTree", effects.CanCut: "CanCut",
}

// did hands the end of a job to the next step.
func (p *process) did(done replica.JobDone) {
	p.n.Note("node %d: job %d has ended: %v %v", p.n.number, done.Generation, done.Zxid, done.Err)
	p.n.fuse.At(fuse.Did)
	p.inbox.JobDone(done)
	p.poke()
}

// read hands on what the log gave.
func (p *process) read(log *jobs.Log, job *effects.Job, done replica.JobDone) {
	if errors.Is(done.Err, persistence.ErrDisk) {
		p.n.Counts.Add("job", "reading the log failed")
	}
	if done.Err != nil || !done.More {
		log.Close()
		delete(p.logs, job.Generation)
	}
	p.did(done)
}

// mostTree is the longest stream that is taken for a tree.
const mostTree = 64 << 20

// build tries to read a tree from what has come of a stream, again from its beginning each time.
func (p *process) build(job *effects.Job, in []byte, over bool) (used int, done bool) {
	if _, wanted := p.builds[job.Generation]; !wanted {
		return len(in), true
	}
	p.builds[job.Generation] = p.n.Now
	if !over && !bytes.Contains(in, []byte(ensemble.SnapSignature)) {
		return 0, false
	}
	p.n.fuse.At(fuse.Build)
	stream := &links.Partial{In: in, Over: over}
	result, beyond := jobs.Build(stream, job, p.n.newTree(), mostTree)
	if errors.Is(result.Err, links.ErrMore) {
		return 0, false
	}
	delete(p.builds, job.Generation)
	if result.Err != nil {
		p.n.Counts.Add("job", "a stream is no tree")
	} else {
		p.n.Counts.Add("job", "a tree is built")
	}
	p.did(result)
	return len(in) - len(stream.In) - len(beyond), true
}

// errSilence ends a tree whose stream stands still.
var errSilence = errors.New("the stream stands still")

// watch ends a BuildTree whose stream has stood still for too long, and its connection.
func (p *process) watch(job *effects.Job) {
	moved, wanted := p.builds[job.Generation]
	if !wanted || job.Silence == 0 {
		return
	}
	if left := moved + job.Silence.Microseconds() - p.n.Now; left > 0 {
		p.after(left, func() { p.watch(job) })
		return
	}
	p.n.Counts.Add("job", "a stream stands still")
	delete(p.builds, job.Generation)
	p.quorum.Close(uint64(job.Link))
	p.did(replica.JobDone{JobDone: effects.JobDone{Generation: job.Generation, Err: errSilence}})
}

// cancel ends a job. Nothing comes back.
func (p *process) cancel(generation uint64) {
	if log := p.logs[generation]; log != nil {
		log.Close()
		delete(p.logs, generation)
	}
	delete(p.builds, generation)
	if k := p.walks[generation]; k != nil {
		k.walk.Abort()
		p.ended(k)
	}
}

// outlet writes a walk's stream to a link (io.Writer).
type outlet struct {
	p    *process
	link effects.LinkID
	out  []byte // of this step of the walk
}

func (o *outlet) Write(b []byte) (int, error) {
	o.out = append(o.out, b...)
	return len(b), nil
}

// flush sends what a step has written.
func (o *outlet) flush() error {
	if !o.p.quorum.Send(uint64(o.link), o.out) {
		return io.ErrClosedPipe
	}
	o.out = nil
	return nil
}

// newTree makes an empty tree.
func (n *Node) newTree() *datatree.Tree {
	return datatree.New(datatree.Options{
		ExtendedTypes: n.set.Model.ExtendedTypes, Digest: !n.set.NoDigest,
	})
}
