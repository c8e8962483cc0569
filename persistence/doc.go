// Package persistence keeps what a server must not forget: the transaction log, snapshots of the
// tree, and an ensemble member's epochs. The files are Apache ZooKeeper's, byte for byte; either
// server starts from the other's directory.
//
//	dataLogDir/initialize                  an empty server may vote (removed at the start)
//	dataLogDir/version-2/log.HEX           transactions from zxid HEX on
//	                    /quoll.lock        which process owns the directory (package owner)
//	                    /walmeta.0 .1      our sidecar (package walmeta); Apache ignores it
//	dataDir   /version-2/snapshot.HEX      the tree up to zxid HEX; also .gz and .snappy
//	                    /snapmeta.0 .1     our mark (mark.go): which log belongs to the snapshots,
//	                                       and how far that log reached; Apache ignores it
//	                    /acceptedEpoch     decimal text
//	                    /currentEpoch
//	                    /quoll.alone       a server alone wrote to a member's directory (package
//	                                       alone); Apache ignores it
//	                    /tmp.*             our unfinished files; removed at the start
//	                    /invalid.*         snapshots that a start has set aside; nobody reads them
//
// Package record has the format of a log, package snap that of a snapshot. Package names says which
// names in a directory are data. Package readlog reads back the transactions that a learner lacks.
//
// Where Apache is careless this package is not:
//   - A transaction that Commit reports as durable is on disk, and so are the names that lead to
//     it. The order is: data, directory, then the watermark.
//   - An error of a write or a flush is final (ErrDisk). Nothing is retried, because after a
//     failed flush the kernel may drop the data and report success to the next one. Therefore the
//     next start trusts only the part of the page cache that was flushed before (tail.go).
//   - A file gets its name when it is complete and flushed. A log file is different: it is created
//     once, under a name that no file has, and later it is opened for writing only to be cut. If
//     someone else takes its name away while it is written, a copy gets the name.
//   - A durable record that cannot be read is damage: Recover refuses with file, offset and zxid.
//     A broken record that was never acknowledged is a torn tail: Recover cuts it off. replay.go
//     has the table.
//   - No file is purged before the files that replace it are verified and flushed.
//   - A file whose name is not exactly that of data is not read and not removed. A start is refused
//     if such a file could hold more than the data that was read.
//
// Who owns what: one goroutine, the log writer, owns the TxnLog, the epochs, truncations and
// installs. Another goroutine writes a snapshot with its SnapWriter. Mutexes guard the sidecar, the
// list of valid snapshots, and the naming and removing of files. The package starts goroutines in
// two places only, and both end before the call returns: reading a snapshot ahead (off with
// ReadAhead 0) and the second flush of SyncBoth (package disk). Everything else happens in the
// caller, in an order that depends on nothing but the disk, so that a simulation can replay it.
//
// Read fs.go (the rooms below: package disk, and package walmeta with the watermark), names.go and
// errors.go, txnlog.go (writing, with the package logfile), mark.go, replay.go, tail.go, strays.go
// and recover.go (starting), advice.go (what the operator can do after a refused start),
// snapfile.go, then dir.go, truncate.go, install.go, purge.go and rescue.go.
package persistence
