package fuse

import (
	"strings"

	"quoll/internal/sim/simfs"
	"quoll/internal/sim/world"
)

// End is why a process ended; it is the value of the panic that ends it.
type End struct{ Why string }

// Rules say which faults there may be.
type Rules struct {
	CrashFS     bool // in the middle of a call of the disk
	CrashEffect bool // between two effects
	DiskErrors  bool
	ShortReads  bool // of the disk
	// Forgets: a flush that fails may forget what was written.
	Forgets bool
	// Member: the process is a member of an ensemble.
	Member bool
}

// Fuse is that of a life. The counts run down to its fault.
type Fuse struct {
	w      *world.World
	rules  Rules
	healed bool

	op     simfs.Op
	file   string // a part of the name; "": any file
	calls  int    // of op, until crash or failure; 0: none
	fail   bool
	failed bool // a call has failed
	out    simfs.Outcome

	point  Point
	points int // times that the process comes to point before it dies there; 0: none
}

// New makes a fuse that does nothing before Light.
func New(w *world.World, rules Rules) *Fuse { return &Fuse{w: w, rules: rules} }

// Heal ends all faults.
func (f *Fuse) Heal() { f.healed, f.calls, f.points = true, 0, 0 }

// Burnt says whether there is no fault to come.
func (f *Fuse) Burnt() bool { return f.calls == 0 && f.points == 0 }

// Failed says whether a call of the disk has failed.
func (f *Fuse) Failed() bool { return f.failed }

// Light draws the next fault of the process, of the classes that the rules have.
func (f *Fuse) Light() {
	f.calls, f.points, f.fail, f.file = 0, 0, false, ""
	var draws []func()
	if f.rules.CrashFS {
		draws = append(draws, f.lightCrash)
	}
	if f.rules.CrashEffect {
		draws = append(draws, f.lightPoint)
	}
	if f.rules.DiskErrors {
		draws = append(draws, f.lightFailure)
	}
	if len(draws) > 0 && !f.healed && !f.w.Chance(4) {
		draws[f.w.Rand.IntN(len(draws))]()
	}
}

// LightAt lets the process die when it comes to a point for the n-th time.
func (f *Fuse) LightAt(p Point, n int) { f.point, f.points = p, n }

// LightSoon draws whether the process dies at one of the next times at a point, because something
// rare has begun there.
func (f *Fuse) LightSoon(p Point) {
	if f.rules.CrashEffect && !f.healed && f.w.Chance(2) {
		f.LightAt(p, 1+f.w.Rand.IntN(4))
	}
}

// LightCall decides what becomes of the next call of a kind that goes to a file whose name has a
// part.
func (f *Fuse) LightCall(op simfs.Op, file string, out simfs.Outcome) {
	f.op, f.file, f.calls, f.out, f.fail = op, file, 1, out, out.Crash == 0
}

func (f *Fuse) lightPoint() {
	points := alone
	if f.rules.Member {
		points = count
	}
	f.point = Point(f.w.Rand.IntN(int(points)))
	f.points = 1 + f.w.Rand.IntN(often[f.point])
}

func (f *Fuse) lightCrash() {
	f.anyCall()
	f.out = simfs.Outcome{Crash: simfs.Before}
	if f.w.Chance(2) {
		f.out.Crash, f.out.Partial = simfs.After, f.part()
	}
}

// part is how many bytes of a write are written before it breaks off; 0 is none, or all.
func (f *Fuse) part() int {
	return []int{0, f.w.Rand.IntN(100), f.w.Rand.IntN(400)}[f.w.Rand.IntN(3)]
}

func (f *Fuse) lightFailure() {
	f.anyCall()
	f.fail = true
	f.out = simfs.Outcome{Err: simfs.ErrIO, Lost: f.w.Chance(2) && f.rules.Forgets}
	if f.w.Chance(2) && f.op.Changes() { // a full disk can still be read
		f.out.Err = simfs.ErrFull
	}
	f.out.Partial = f.part()
}

// About how often a life makes each call.
//
// read-only: a table.
var oftenCall = map[simfs.Op]int{
	simfs.OpReadDir: 3, simfs.OpStat: 1, simfs.OpCreate: 3, simfs.OpOpen: 6,
	simfs.OpRename: 2, simfs.OpRemove: 3, simfs.OpSyncDir: 5, simfs.OpRead: 8,
	simfs.OpWrite: 30, simfs.OpSync: 30, simfs.OpTruncate: 3,
}

// anyCall draws a later call of the disk. The kinds that matter most are listed twice.
func (f *Fuse) anyCall() {
	ops := []simfs.Op{
		simfs.OpReadDir, simfs.OpStat, simfs.OpCreate, simfs.OpOpen, simfs.OpRename,
		simfs.OpRemove, simfs.OpSyncDir, simfs.OpRead, simfs.OpWrite, simfs.OpSync,
		simfs.OpTruncate, simfs.OpTruncate,
		simfs.OpWrite, simfs.OpSync, simfs.OpWrite, simfs.OpRead,
	}
	f.op = ops[f.w.Rand.IntN(len(ops))]
	f.calls = 1 + f.w.Rand.IntN(oftenCall[f.op])
}

// Call decides what becomes of a call of the disk.
func (f *Fuse) Call(c simfs.Call) simfs.Outcome {
	f.w.Trace.Mix(uint64(c.N), uint64(c.Op), uint64(c.Bytes))
	var out simfs.Outcome
	if f.rules.ShortReads && c.Op == simfs.OpRead && c.Bytes > 1 && f.w.Chance(3) {
		out.Partial = 1 + f.w.Rand.IntN(c.Bytes-1)
		f.w.Counts.Add("fault", "short read of the disk")
	}
	if f.calls == 0 || f.healed || c.Op != f.op || !strings.Contains(c.Name, f.file) {
		return out
	}
	if f.calls--; f.calls > 0 {
		return out
	}
	out = f.out
	if c.Op != simfs.OpWrite {
		out.Partial = 0
	}
	switch {
	case out.Crash == simfs.Before:
		f.w.Counts.Add("crash before call", c.Op.String())
	case out.Crash == simfs.After:
		f.w.Counts.Add("crash after call", c.Op.String())
	default:
		f.failed = true
		if out.Lost && c.Op == simfs.OpSync {
			f.w.Counts.Add("fault", "a flush fails and forgets")
		}
		f.w.Note("%v of %s fails: %v", c.Op, c.Name, out.Err)
		f.w.Counts.Add("failing call", c.Op.String())
		f.w.Counts.Add("disk error", out.Err.Error())
	}
	return out
}

// At lets the process die between two effects.
func (f *Fuse) At(p Point) {
	f.w.Trace.Mix(uint64(p))
	if f.points == 0 || f.healed || f.point != p {
		return
	}
	if f.points--; f.points == 0 {
		f.w.Counts.Add("crash at", names[p])
		panic(End{"at " + names[p]})
	}
}
