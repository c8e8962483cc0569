// Package load is the clients that work with an ensemble while its members come and go, and record
// what they asked, were answered and were told (package history).
//
//	writers   counters with one writer each, nodes with unique data, sequential and ephemeral
//	          ones, deletes, reads, syncs; take their session elsewhere with requests in flight
//	movers    write counters in short connections, most of them unanswered
//	watchers  leave a watch on every counter and on a directory, and again when it was told
//	sitters   hold ephemeral nodes and live by their pings
//	leavers   go without a word; their sessions have to end
//
//	work -- Pause: nothing in flight, connections are kept -- Finish: a last write, last reads
//
// A client knows all servers, as real ones do: it tries the next when a connection ends, claims the
// last zxid that it has seen, and sets its watches again. Its xids go on over connections as those
// of the Java client do, or begin at 1 as kazoo's do where Target.RestartXids allows.
//
// One goroutine owns a client; its connection's reader hands events over under a mutex.
//
// Read load.go, client.go, then writer.go, mover.go, watcher.go and sitter.go.
package load
