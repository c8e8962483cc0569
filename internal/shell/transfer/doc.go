// Package transfer has the verbs that bring nodes from one place to another: cp, mv, export,
// import; and diff, which compares two places.
//
// Ephemeral nodes belong to a session, so they cannot be brought anywhere: they are left out. What
// kind a persistent node is of (plain, container, TTL) no server tells: copies are plain nodes.
//
// Read cp.go, mv.go, diff.go, export.go, import.go.
package transfer
