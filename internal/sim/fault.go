package sim

import (
	"runtime/debug"

	"quoll/internal/sim/simfs"
)

// point is a place between two effects at which the process can die.
type point uint8

const (
	pointBooted point = iota
	pointStep
	pointStepped
	pointAppended
	pointWriting
	pointDurable
	pointTold
	pointSnapshot
	pointWalked
	pointSnapped
	pointPurge
	pointInput
	pointTurn
	pointOutput
	pointSent
	pointCount
)

// read-only: names of the points, for the counters.
var pointNames = [pointCount]string{
	"booted", "before step", "after step", "after append", "before log write", "after flush",
	"after telling", "before snapshot", "in walk", "after snapshot", "before purge",
	"before input", "after turn", "before output", "after output",
}

// end is why a process ended; it is the value of the panic that ends it.
type end struct{ why string }

// fuse is the one fault that waits in a life of the process; the counts run down to it.
type fuse struct {
	op    simfs.Op
	calls int // of op, until crash or failure; 0: none
	fail  bool
	out   simfs.Outcome

	point  point
	points int // times that the process comes to point before it dies there; 0: none
}

// light draws the next fault of the process, of the classes that the plan has.
func (w *run) light() {
	w.fuse = fuse{}
	f := &w.plan.faults
	var draws []func()
	if f.crashFS {
		draws = append(draws, w.lightCrash)
	}
	if f.crashEffect {
		draws = append(draws, func() {
			w.fuse.point = point(w.Rand.IntN(int(pointCount)))
			w.fuse.points = 1 + w.Rand.IntN(oftenPoint[w.fuse.point])
		})
	}
	if f.diskErrors {
		draws = append(draws, w.lightFailure)
	}
	if len(draws) > 0 && !w.healed && !w.Chance(4) {
		draws[w.Rand.IntN(len(draws))]()
	}
}

func (w *run) lightCrash() {
	w.anyCall()
	w.fuse.out = simfs.Outcome{Crash: simfs.Before}
	if w.Chance(2) {
		w.fuse.out.Crash, w.fuse.out.Partial = simfs.After, w.part()
	}
}

// part is how many bytes of a write are written before it breaks off; 0 is none, or all.
func (w *run) part() int { return []int{0, w.Rand.IntN(100), w.Rand.IntN(400)}[w.Rand.IntN(3)] }

func (w *run) lightFailure() {
	w.anyCall()
	w.fuse.fail = true
	// With forceSync=no what was never flushed is acknowledged, and may go.
	w.fuse.out = simfs.Outcome{Err: simfs.ErrIO, Lost: w.Chance(2) && !w.plan.store.log.NoSync}
	if w.Chance(2) && w.fuse.op.Changes() { // a full disk lets everyone read
		w.fuse.out.Err = simfs.ErrFull
	}
	w.fuse.out.Partial = w.part()
}

// How often a life comes to each point, and makes each call, about.
//
// read-only: tables.
var (
	oftenPoint = [pointCount]int{
		1, 100, 100, 30, 30, 30, 30, 3, 30, 3, 2, 100, 100, 100, 60,
	}
	oftenCall = map[simfs.Op]int{
		simfs.OpReadDir: 3, simfs.OpStat: 1, simfs.OpCreate: 3, simfs.OpOpen: 6,
		simfs.OpRename: 2, simfs.OpRemove: 3, simfs.OpSyncDir: 5, simfs.OpRead: 8,
		simfs.OpWrite: 30, simfs.OpSync: 30, simfs.OpTruncate: 3,
	}
)

// anyCall draws a call of the disk to come; the kinds that matter most come twice.
func (w *run) anyCall() {
	ops := []simfs.Op{
		simfs.OpReadDir, simfs.OpStat, simfs.OpCreate, simfs.OpOpen, simfs.OpRename,
		simfs.OpRemove, simfs.OpSyncDir, simfs.OpRead, simfs.OpWrite, simfs.OpSync,
		simfs.OpTruncate, simfs.OpTruncate,
		simfs.OpWrite, simfs.OpSync, simfs.OpWrite, simfs.OpRead,
	}
	w.fuse.op = ops[w.Rand.IntN(len(ops))]
	w.fuse.calls = 1 + w.Rand.IntN(oftenCall[w.fuse.op])
}

// inject decides what becomes of a call of the disk.
func (w *run) inject(c simfs.Call) simfs.Outcome {
	w.Trace.Mix(uint64(c.N), uint64(c.Op), uint64(c.Bytes))
	var out simfs.Outcome
	if w.plan.faults.shortReads && c.Op == simfs.OpRead && c.Bytes > 1 && w.Chance(3) {
		out.Partial = 1 + w.Rand.IntN(c.Bytes-1)
		w.Counts.Add("fault", "short read of the disk")
	}
	if w.fuse.calls == 0 || w.healed || c.Op != w.fuse.op {
		return out
	}
	if w.fuse.calls--; w.fuse.calls > 0 {
		return out
	}
	out = w.fuse.out
	if c.Op != simfs.OpWrite {
		out.Partial = 0
	}
	switch {
	case out.Crash == simfs.Before:
		w.Counts.Add("crash before call", c.Op.String())
	case out.Crash == simfs.After:
		w.Counts.Add("crash after call", c.Op.String())
	default:
		w.process.failed = true
		if out.Lost && c.Op == simfs.OpSync {
			w.Counts.Add("fault", "a flush fails and forgets")
		}
		w.Note("%v of %s fails: %v", c.Op, c.Name, out.Err)
		w.Counts.Add("failing call", c.Op.String())
		w.Counts.Add("disk error", out.Err.Error())
	}
	return out
}

// at lets the process die between two effects.
func (w *run) at(p point) {
	w.Trace.Mix(uint64(p))
	if w.fuse.points == 0 || w.healed || w.fuse.point != p {
		return
	}
	if w.fuse.points--; w.fuse.points == 0 {
		w.Counts.Add("crash at", pointNames[p])
		panic(end{"at " + pointNames[p]})
	}
}

// guard runs a piece of the process; if that dies, the machine stops it.
func (w *run) guard(p *process, do func()) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case simfs.Crash:
			w.kill(p, r.String())
		case end:
			w.kill(p, r.why)
		default:
			w.Violate("panic: %v\n%s", r, debug.Stack())
		}
	}()
	do()
}

// kill ends the process: with the power, or alone.
func (w *run) kill(p *process, why string) {
	if w.process != p {
		return
	}
	w.Note("the server dies: %s", why)
	w.process = nil
	w.Trace.Mix(uint64(len(why)))
	for _, s := range p.sockets() {
		s.link.reset()
	}
	if w.plan.faults.power && !w.Chance(3) && !w.healed {
		w.Note("the power fails")
		w.Counts.Add("fault", "power loss")
		w.disk = w.disk.PowerLoss(simfs.Random(w.Rand))
	} else {
		w.Counts.Add("fault", "process killed")
		w.disk = w.disk.Kill()
	}
	w.After(w.Between(5_000, 400_000), w.boot)
}

// plague plans the faults that come with time.
func (w *run) plague() {
	f := &w.plan.faults
	var next func()
	next = func() {
		if w.healed {
			return
		}
		w.After(w.Between(10_000, 400_000), next)
		p := w.process
		if p == nil {
			return
		}
		switch w.Rand.IntN(7) {
		default:
			if w.fuse.calls == 0 && w.fuse.points == 0 {
				w.light()
			}
		case 0:
			if f.kill {
				w.Counts.Add("fault", "timed kill")
				w.kill(p, "killed")
			}
		case 6:
			if f.kill && p.idle() {
				w.guard(p, p.retire)
			}
		case 1:
			if f.pauses {
				w.Counts.Add("fault", "pause")
				p.freeze(w.Now + w.Between(1000, 3_000_000))
				w.Note("the server stands still for %d µs", p.frozen-w.Now)
			}
		case 2:
			if f.wallJumps {
				w.Counts.Add("fault", "wall clock jumps")
				w.wall += w.Between(-86_400_000, 86_400_000)
			}
		case 3:
			if f.slowFlush {
				w.Counts.Add("fault", "slow flush")
				p.log.slowUntil = w.Now + w.Between(1000, 1_000_000)
			}
		}
	}
	w.After(w.Between(10_000, 200_000), next)
}
