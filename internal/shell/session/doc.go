// Package session is the shell's connection: one client for all lines, the watches that verbs have
// left on it, and a copy of what Tab asked for.
//
// Who owns what: the client belongs to Session, behind its mutex. A watch has a goroutine that
// tells its events; it ends with the watch. One more goroutine tells the changes of the client's
// state. All of them end with Close.
//
// Read session.go, watches.go, state.go, names.go.
package session
