// Package persistence keeps what a server must not forget: the transaction log, snapshots of the
// tree, and an ensemble member's epochs. The files are Apache ZooKeeper's, byte for byte; either
// server starts from the other's directory.
//
//	dataLogDir/initialize                  an empty server may vote (removed at the start)
//	dataLogDir/version-2/log.HEX           transactions from zxid HEX on
//	                    /quoll.lock        who has the directory (package owner)
//	                    /walmeta.0 .1      our sidecar (package walmeta); Apache ignores it
//	dataDir   /version-2/snapshot.HEX      the tree up to zxid HEX; also .gz and .snappy
//	                    /snapmeta.0 .1     our mark (mark.go): which log belongs to them, and
//	                                       how far it reached; Apache ignores it
//	                    /acceptedEpoch     decimal text
//	                    /currentEpoch
//	                    /tmp.*             ours and not finished; removed at the start
//
// The format of a log is in package record, that of a snapshot in package snap; which names in a
// directory are data is in package names. What a learner lacks is read back by package readlog.
//
// Where Apache is careless this package is not:
//   - What Commit says is durable is on disk with the names that lead to it: data, directory,
//     then the watermark.
//   - An error of a write or a flush is final (ErrDisk). Nothing is retried, because after a
//     failed flush the kernel may drop the data and report success to the next one. The next
//     start believes of the page cache only what was flushed before (tail.go).
//   - A file gets its name when it is complete and flushed; a log file is created once, under a
//     name that nothing has, and never reopened for writing but to be cut.
//   - What cannot be read and was durable is damage: Recover refuses with file, offset and zxid.
//     What was never acknowledged is a torn tail: Recover cuts it off. replay.go has the table.
//   - Nothing is purged before what replaces it is verified and flushed.
//   - A file whose name is not exactly that of data is not read and not removed. A start that could
//     have found more in one is refused.
//
// Who owns what: one goroutine, the log writer, owns the TxnLog, the epochs, truncations and
// installs; another writes a snapshot with its SnapWriter; the sidecar, the list of valid snapshots
// and the giving and taking of names have mutexes. The package starts goroutines in two places
// only, both bounded by the call: reading a snapshot ahead (off with ReadAhead 0) and the second
// flush of SyncBoth (package disk). Everything else happens in the caller, in an order that depends
// on nothing but the disk, so that a simulation can replay it.
//
// Read fs.go (the rooms below: package disk, and package walmeta with the watermark), names.go and
// errors.go, txnlog.go (writing), mark.go, replay.go, tail.go, strays.go and recover.go (starting),
// advice.go (what to do when it is refused), snapfile.go, then dir.go, truncate.go, install.go and
// purge.go.
package persistence
