// Package alone keeps the note that a server alone leaves in a member's directory before it writes
// there. What it writes gets the zxids that the ensemble gives to other transactions, and a leader
// compares zxids: it would take such a member for one that lags, and the trees would differ for
// ever. So a member does not start from a directory with a note (Error).
//
// The note is a file of text, because a person must understand it and may remove it. It is copied
// with the directory, unlike what the sidecar says. Apache ignores it.
//
// Read alone.go.
package alone
