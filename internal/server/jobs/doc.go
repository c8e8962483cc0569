// Package jobs runs what a peer asks for beside the queue of the disk, on goroutines, one a job
// (effects.Job, and the walks over a tree). What a job does is in the packages replica/jobs and
// replica/snapshotting.
//
//	core --> Do, Walk, Stream --> goroutine --> Report --> inbox
//	     --> Do (Cancel) -------> the job ends soon, and reports nothing
//
// A running job is known by its generation. A job that was cancelled may still run for a moment; it
// reports nothing any more. One that waits for a connection ends with the connection, which is
// closed.
//
// Any goroutine may call Runner. Stop cancels all jobs and waits for their goroutines.
//
// Read runner.go, then tree.go.
package jobs
