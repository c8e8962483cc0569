// Package twice knows the records that stand in two logs. When a start moves the end of a log to
// a new one, there is a moment when both have it, and a crash can make that moment last. Apache
// replays such records again, which changes nothing; we skip them, but only if they are the same.
//
// Read twice.go.
package twice
