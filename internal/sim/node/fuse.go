package node

import "quoll/internal/sim/simfs"

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
	pointAlone // so many points has a server alone
)

// Points of a member of an ensemble.
const (
	pointLink point = pointAlone + iota
	pointSend
	pointVote
	pointJob
	pointDid
	pointBuild
	pointCount
)

// read-only: names of the points, for the counters.
var pointNames = [pointCount]string{
	"booted", "before step", "after step", "after append", "before log write", "after flush",
	"after telling", "before snapshot", "in walk", "after snapshot", "before purge",
	"before input", "after turn", "before output", "after output",
	"after a link's operation", "before a packet", "before a vote", "before a job",
	"after a job", "before building a tree",
}

// Points names the places at which the process of a server alone can die, and MemberPoints those
// that only a member of an ensemble has.
func Points() []string       { return pointNames[:pointAlone] }
func MemberPoints() []string { return pointNames[pointAlone:] }

// end is why a process ended; it is the value of the panic that ends it.
type end struct{ why string }

// fuse is the one fault that is set for a life of the process. The counts run down to it.
type fuse struct {
	op    simfs.Op
	calls int // of op, until crash or failure; 0: none
	fail  bool
	out   simfs.Outcome

	point  point
	points int // times that the process comes to point before it dies there; 0: none
}

// light draws the next fault of the process, of the classes that the plan has.
func (n *Node) light() {
	n.fuse = fuse{}
	f := &n.set.Faults
	var draws []func()
	if f.CrashFS {
		draws = append(draws, n.lightCrash)
	}
	if f.CrashEffect {
		draws = append(draws, func() {
			points := pointAlone
			if n.set.Peers != nil {
				points = pointCount
			}
			n.fuse.point = point(n.Rand.IntN(int(points)))
			n.fuse.points = 1 + n.Rand.IntN(oftenPoint[n.fuse.point])
		})
	}
	if f.DiskErrors {
		draws = append(draws, n.lightFailure)
	}
	if len(draws) > 0 && !n.healed && !n.Chance(4) {
		draws[n.Rand.IntN(len(draws))]()
	}
}

func (n *Node) lightCrash() {
	n.anyCall()
	n.fuse.out = simfs.Outcome{Crash: simfs.Before}
	if n.Chance(2) {
		n.fuse.out.Crash, n.fuse.out.Partial = simfs.After, n.part()
	}
}

// part is how many bytes of a write are written before it breaks off; 0 is none, or all.
func (n *Node) part() int { return []int{0, n.Rand.IntN(100), n.Rand.IntN(400)}[n.Rand.IntN(3)] }

func (n *Node) lightFailure() {
	n.anyCall()
	n.fuse.fail = true
	// Not with forceSync=no: there data that was never flushed is acknowledged, and may be lost.
	n.fuse.out = simfs.Outcome{Err: simfs.ErrIO, Lost: n.Chance(2) && !n.set.Store.Log.NoSync}
	if n.Chance(2) && n.fuse.op.Changes() { // a full disk can still be read
		n.fuse.out.Err = simfs.ErrFull
	}
	n.fuse.out.Partial = n.part()
}

// About how often a life comes to each point, and makes each call.
//
// read-only: tables.
var (
	oftenPoint = [pointCount]int{
		1, 100, 100, 30, 30, 30, 30, 3, 30, 3, 2, 100, 100, 100, 60,
		4, 30, 6, 3, 3, 2,
	}
	oftenCall = map[simfs.Op]int{
		simfs.OpReadDir: 3, simfs.OpStat: 1, simfs.OpCreate: 3, simfs.OpOpen: 6,
		simfs.OpRename: 2, simfs.OpRemove: 3, simfs.OpSyncDir: 5, simfs.OpRead: 8,
		simfs.OpWrite: 30, simfs.OpSync: 30, simfs.OpTruncate: 3,
	}
)

// anyCall draws a later call of the disk. The kinds that matter most are listed twice.
func (n *Node) anyCall() {
	ops := []simfs.Op{
		simfs.OpReadDir, simfs.OpStat, simfs.OpCreate, simfs.OpOpen, simfs.OpRename,
		simfs.OpRemove, simfs.OpSyncDir, simfs.OpRead, simfs.OpWrite, simfs.OpSync,
		simfs.OpTruncate, simfs.OpTruncate,
		simfs.OpWrite, simfs.OpSync, simfs.OpWrite, simfs.OpRead,
	}
	n.fuse.op = ops[n.Rand.IntN(len(ops))]
	n.fuse.calls = 1 + n.Rand.IntN(oftenCall[n.fuse.op])
}

// inject decides what becomes of a call of the disk.
func (n *Node) inject(c simfs.Call) simfs.Outcome {
	n.Trace.Mix(uint64(c.N), uint64(c.Op), uint64(c.Bytes))
	var out simfs.Outcome
	if n.set.Faults.ShortReads && c.Op == simfs.OpRead && c.Bytes > 1 && n.Chance(3) {
		out.Partial = 1 + n.Rand.IntN(c.Bytes-1)
		n.Counts.Add("fault", "short read of the disk")
	}
	if n.fuse.calls == 0 || n.healed || c.Op != n.fuse.op {
		return out
	}
	if n.fuse.calls--; n.fuse.calls > 0 {
		return out
	}
	out = n.fuse.out
	if c.Op != simfs.OpWrite {
		out.Partial = 0
	}
	switch {
	case out.Crash == simfs.Before:
		n.Counts.Add("crash before call", c.Op.String())
	case out.Crash == simfs.After:
		n.Counts.Add("crash after call", c.Op.String())
	default:
		n.process.failed = true
		if out.Lost && c.Op == simfs.OpSync {
			n.Counts.Add("fault", "a flush fails and forgets")
		}
		n.Note("%v of %s fails: %v", c.Op, c.Name, out.Err)
		n.Counts.Add("failing call", c.Op.String())
		n.Counts.Add("disk error", out.Err.Error())
	}
	return out
}

// at lets the process die between two effects.
func (n *Node) at(p point) {
	n.Trace.Mix(uint64(p))
	if n.fuse.points == 0 || n.healed || n.fuse.point != p {
		return
	}
	if n.fuse.points--; n.fuse.points == 0 {
		n.Counts.Add("crash at", pointNames[p])
		panic(end{"at " + pointNames[p]})
	}
}
