// Package readlog reads a part of the history back from the logs, for a leader whose learner lacks
// that part. It gives, in chunks, the records from the last one at or below a zxid up to another
// zxid.
//
//	log.1        log.6              log.100000001
//	1 2 3 4 5    6 7 8 [9] 10       1:1 1:2 [1:3] 1:4
//	                    |                      |
//	                   From                   UpTo
//
// The first transaction given tells whether From is in the history: it is From itself, or else the
// last one below From. Each transaction follows the one before it, no zxid comes twice, and the
// last one is UpTo.
//
// If the logs cannot give such a sequence, the error is an ErrGap: a log was purged, before or
// while it is read, a record is broken, or a snapshot shows that transactions came without being
// logged. An Apache server that took a snapshot from its leader has such holes and is healthy. So a
// gap never ends the process; the learner gets a snapshot instead.
//
// A Reader belongs to one goroutine. It may run beside the log writer and a purge. It holds one
// block of a file and the current chunk.
//
// Read readlog.go.
package readlog
