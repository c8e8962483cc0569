// Package program makes the requests that the driver sends: a program is the steps of a seed.
//
// What the first server answered to the steps before decides which paths, versions and sessions the
// next one names, so that most of it means something:
//
//	seed --> Generator --Next--> Step ---> the servers
//	             ^                            |
//	             +--Learn-- hints <--Seen-----+
//
// Invariants:
//   - A Step is plain data, so any sub-sequence of a program can be played.
//   - A program depends on its seed and on what was learnt, on nothing else.
//   - Hints are never expectations: what is right is what both servers do.
//   - A batch that the servers may answer out of order, or whose connection they close, has no
//     requests behind it (Request.Alone).
//   - No request ends Apache's server.
//
// A Generator belongs to one goroutine. Read step.go (what is sent) and seen.go (what comes back),
// then generate.go (which step is next), learn.go, sessions.go, operations.go (a body for each
// operation) and values.go (what bodies are made of).
package program
