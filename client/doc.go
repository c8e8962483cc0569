// Package client is a client of ZooKeeper.
//
//	c, err := client.Dial(ctx, "zk1:2181,zk2:2181/app", client.WithSessionTimeout(10*time.Second))
//	...
//	defer c.Close()
//	data, stat, err := c.Get(ctx, "/config")
//	if errors.Is(err, client.ErrNoNode) { ... }
//
// A Client keeps one connection to one of the servers and a session with all of them. Any number of
// goroutines may use it: their requests are pipelined over the connection. When the connection
// breaks, the client goes to another server with the same session. What that means for calls,
// watches and the session is the table in docs/client.md; the machine of client/internal/machine is
// the same table as code.
//
//	callers --> calls.Queue --> link.Link <--> server
//	                 ^             |   events
//	                 |             +---------------> watches.Registry --> Watch.Next
//	keeper: dial, attach, tick, hang up   -- asks --> machine.Machine
//
// Invariants:
//   - A call ends in one of three ways: with the server's answer, with an error that says that it
//     has not happened, or with ErrUnknownOutcome. A write is sent at most once.
//   - Whatever can wait has a context, and returns when it ends.
//   - Nothing that a user's code does, or leaves undone, holds up the reader of the connection.
//   - After Close has returned nil, no goroutine of the client is left.
//
// Who owns what: the keeper, one goroutine, owns the state machine, the lease, the session and the
// connection (client/internal/keeper). Each connection has a reader and a writer
// (client/internal/link). Callers meet them in the queue of calls, which has a mutex. This package
// itself has no goroutine and, but for the last Session that it showed, no state.
//
// Read client.go, options.go and trace.go (what a user sees first), errors.go, status.go and
// session.go, then the way of a call: call.go, nodes.go, watch.go, create.go, multi.go, async.go,
// admin.go, follow.go, walk.go; then client/internal: calls, link, watches, machine, hosts, keeper.
package client
