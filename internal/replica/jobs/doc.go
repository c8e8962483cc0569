// Package jobs carries out what a peer asks for beside the queue of the disk (effects.Job): it
// reads the own log for a learner, asks whether the log could be cut, and builds a tree from a
// leader's stream. The walks over a tree are in the package snapshotting.
//
//	ReadLog, ReadMore --> Log   -- transactions of the own log, some at a time
//	CanCut            --> CanCut
//	BuildTree         --> Build -- stream --> tree and sessions; what was read too much goes back
//
// Every answer is a replica.JobDone. Whoever owns the goroutine or the agenda hands it to the
// inbox, unless the job was cancelled meanwhile.
//
// Nothing here has a goroutine, a lock or a clock. internal/server calls it on goroutines, one a
// job, internal/sim calls it on its agenda.
//
// Read log.go, then build.go.
package jobs
