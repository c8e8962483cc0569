// Package twice finds the records that stand in two logs. When a start moves the end of a log to a
// new log, both logs have the same records for a moment, and after a crash in that moment they stay
// so. Apache replays such records again, which changes nothing. We skip them, but only if they are
// equal.
//
// Read twice.go.
package twice
