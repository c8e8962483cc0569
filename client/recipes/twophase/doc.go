// Package twophase lets several participants do something together or not at all.
//
// It blocks: a participant that has voted yes must wait for the decision, for as long as it takes.
// If whoever began the transaction does not decide, nobody who has voted can know what to do. Any
// process may call Decide or Abort instead, but no recipe can make one do it. What can be done in
// one Multi of ZooKeeper needs none of this.
//
//	Begin --> Vote, of each participant --> Decide: commit if all have said yes, else abort
//	                                           |
//	           Outcome: waits for that <-------+
//
//	/path/<id>                        {"participants":["a","b"],"data":...}
//	/path/<id>/vote-<participant>     yes or no
//	/path/<id>/decision               commit or abort
//
// Invariants:
//   - A vote and a decision never change.
//   - A commit is written in one Multi with a check of every vote.
//
// The package has no goroutine and no state: whoever starts again finds all on the servers.
//
// Read twophase.go, decide.go.
package twophase
