// Package keep keeps one node in being: after a lost session, or when somebody has deleted it, it
// is made again.
//
//	Open --> node on the server, kept by a goroutine --> Close: the node is deleted
//	              ^        |
//	              +--------+  gone, or of a session that is over: made again
//
// Invariants:
//   - The goroutine alone makes and changes the node, from Open to Close or the end of the client.
//   - An ephemeral node of another session is nobody's to change: it is waited for. Only Open may
//     delete one, if Takeover says so, so that two who want the same path do not do it in turns.
//   - An ephemeral node that nobody wants any more is deleted as long as its session lives.
//
// Read node.go, keep.go (the goroutine), enter.go (how the node comes to be).
package keep
