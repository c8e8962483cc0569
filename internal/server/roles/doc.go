// Package roles tells what becomes of a member of an ensemble: when it looks for a leader, leads or
// follows, why a role ends, which learners come and go. It tells the log, the metrics, and the
// four-letter words (admin.Ensemble).
//
//	quorum.Status, often --> Watch.Look --> lines and counts when something has changed
//	                                   --> Watch.Published, for any goroutine
//
// Everything but Published and Dialled belongs to the core. Read roles.go, then gone.go,
// reach.go and notes.go.
package roles
