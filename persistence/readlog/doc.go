// Package readlog reads a part of the history back from the logs, for a leader whose learner lacks
// it: from the last record at or below a zxid up to another one, in chunks.
//
//	log.1        log.6              log.100000001
//	1 2 3 4 5    6 7 8 [9] 10       1:1 1:2 [1:3] 1:4
//	                    |                      |
//	                   From                   UpTo
//
// The first transaction given tells whether From is in the history: it is From itself, or what the
// history has in its place. Each one follows the one before it, no zxid comes twice, and the last
// one is UpTo.
//
// What cannot be given so is an ErrGap: a log was purged, before or while it is read, a record is
// broken, or a snapshot says that transactions came without being logged. An Apache server that
// took a snapshot from its leader has such holes, and nothing is wrong with it; so a gap never ends
// the process. The learner gets a snapshot.
//
// A Reader belongs to one goroutine, beside the log writer and a purge. It holds one block of a
// file and the chunk at hand.
//
// Read readlog.go.
package readlog
