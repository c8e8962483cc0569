// Package task hands tasks out to workers, and keeps what has become of them.
//
//	/path/open/<id>                    the task, as it was submitted
//	/path/open/<id>/progress           what the latest worker has told
//	/path/open/<id>/claim-<uuid>       ephemeral: somebody works on it
//	/path/claims/<id>                  ephemeral, with the id of the worker: it is one at most
//	/path/done/<id>                    the outcome, and the claim that has brought it about
//	/path/workers/<worker>             ephemeral: who is there (package group)
//
//	Submit --> open --> Claim --> claimed --> Finish --> done --> Forget
//	             ^                   |
//	             +-- lost, Release --+
//
// Invariants:
//   - A task is open or done, never both and never neither, until Forget.
//   - What a worker writes, it writes with the Check of its claim: after it has lost the task to
//     another one it changes nothing.
//   - All that is known is on the servers. Whoever starts again finds it there.
//
// The package has no goroutine but those of what is held, and no state.
//
// Read task.go, submit.go, claim.go, progress.go.
package task
