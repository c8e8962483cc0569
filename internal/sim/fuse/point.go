package fuse

// Point is a place between two effects at which a process can die.
type Point uint8

// Points of every server.
const (
	Booted Point = iota
	Step
	Stepped
	Appended
	Writing
	Durable
	Told
	Snapshot
	Walked
	Snapped
	Purge
	Input
	Turn
	Output
	Sent
	alone // so many points has a server alone
)

// Points of a member of an ensemble.
const (
	Link Point = alone + iota
	Send
	Vote
	Job
	Did
	Build
	Join
	count
)

// read-only: names of the points, for the counters.
var names = [count]string{
	"booted", "before step", "after step", "after append", "before log write", "after flush",
	"after telling", "before snapshot", "in walk", "after snapshot", "before purge",
	"before input", "after turn", "before output", "after output",
	"after a link's operation", "before a packet", "before a vote", "before a job",
	"after a job", "before building a tree", "behind a packet on the way to UPTODATE",
}

// About how often a life comes to each point.
//
// read-only: a table.
var often = [count]int{
	1, 100, 100, 30, 30, 30, 30, 3, 30, 3, 2, 100, 100, 100, 60,
	4, 30, 6, 3, 3, 2, 15,
}

// Points names the places at which the process of a server alone can die, and MemberPoints those
// that only a member of an ensemble has.
func Points() []string       { return names[:alone] }
func MemberPoints() []string { return names[alone:] }
