// Package hold makes the nodes that stand for what a process holds, watches over them, and takes
// them away.
//
//	Make --> node on the server --> Held ---------> Release, or lost
//	  |      /dir/<prefix>0000000007  |  guard: the node is there, the session has not lapsed
//	  |                               |
//	  +--- unknown outcome: search    +--- remover: deletes the node until it is gone
//	       by prefix and owner
//
// Invariants:
//   - Every prefix is used for one Held only, so that its nodes are known by it, and a delete or a
//     check by path never meets a node of somebody else.
//   - Several nodes of one Held come and go at one moment.
//   - A Held that is lost stays lost. Whoever waits for it hears of it by the client's own clock.
//   - A node that nobody wants any more is deleted as long as its session lives. Nothing that a
//     caller does, or its context, ends that.
//
// A Held has two goroutines, lapse and guard, until it is lost, and then the remover until the node
// is gone. All of them end when the client is closed.
//
// Once uses the same for what has no node of its own: it does operations exactly once, with a node
// beside them as the receipt.
//
// Read held.go, then make.go (how a node comes to be), remove.go (how it goes), parents.go,
// retry.go, options.go, errors.go.
package hold
