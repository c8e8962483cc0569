// Package progress has the line on standard error that tells how far a long verb has come. It is
// written for people alone: not without a terminal, and not with --quiet.
//
// Read progress.go.
package progress
