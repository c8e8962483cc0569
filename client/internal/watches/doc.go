// Package watches keeps the watches of a client: which there are, what they have to tell, and what
// a server must be told of them after a reconnect. It sends nothing itself.
//
//	reader --Deliver--> Registry --push--> Watch --Next--> the one who watches
//	                       ^
//	Expect, Settle --------+   a request that leaves a watch on the server
//
// A server has at most one watch for a connection, a path and a group:
//
//	Data         one-shot, left by getData and exists. It hears Created, DataChanged, Deleted
//	Child        one-shot, left by getChildren. It hears ChildrenChanged, Deleted
//	Persistent   stays, left by addWatch. It hears all four
//	Recursive    stays, for the path and everything below it. It hears all but ChildrenChanged
//
// Any number of Watch values can stand for one watch of the server.
//
// Invariants:
//   - A Watch is in the registry from the moment the reader has the reply that left it on the
//     server, so that the event that follows on the wire finds it.
//   - A one-shot Watch gets one event, or ends with an error. Never both.
//   - A watch is taken off the server only if no Watch stands for it and no request is under way
//     that expects it.
//   - A Watch holds at most as many events as its limit. Delivering never waits.
//
// Registry is behind its mutex, each Watch behind its own. The registry's is taken first, and
// before that of the queue of calls.
//
// Read watch.go, then registry.go, then rearm.go.
package watches
