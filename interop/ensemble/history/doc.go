// Package history holds what the clients of an ensemble asked, were answered and were told, and
// judges it against the tree and the transaction logs that the members have afterwards.
//
//	            sent order                arrival order, a connection after the other
//	Session ->  Op Op Op Op ...           reply 0, event, reply 1, reply 2, event, event ...
//	             |                           |
//	writes: tree and logs have them       reads: nothing goes back, each shows a real state
//	                                      watches: the event is there before the change shows
//
// What is judged, all in linear time because zxids give the order:
//   - An acknowledged write is in the tree, and in the log under the zxid of its reply, made by
//     that session. A write without an answer happened once or not at all.
//   - One writer sets a counter to 1, 2, 3 ...: the log has the values in this order, none twice.
//   - A write that was answered before another one was sent has the lower zxid.
//   - A session never sees an older state than before, on whichever server, and sees its own
//     writes.
//   - A read shows the value that the log has at the zxid of its reply. Apache's servers may show a
//     later header than the value's state, so the value may be as old as the session's last header.
//   - A watch is told of the first change behind the state that it was left on, before a reply that
//     is as new as the change, also over a change of servers; and only once.
//   - A session ends only by its own will; its ephemeral nodes live and end with it.
//
// A log may hold transactions that no quorum had: Apache's servers keep the end of their old log
// when they are sent a snapshot. Where the log has more changes of a node than its Stat counts, the
// checks that need exactly the committed ones are left out for that node, and Result.Unsure counts
// it.
//
// The package is pure. A Session belongs to the one client that records it, until Check.
//
// Read history.go, then check.go with writes.go, reads.go and watches.go; dump.go is
// for who looks for a reason.
package history
