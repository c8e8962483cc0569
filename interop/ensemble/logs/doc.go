// Package logs reads the transaction logs of an ensemble's members back and joins them: what was
// written under which zxid, by whom.
//
// Read logs.go.
package logs
