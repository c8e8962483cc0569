// Package walmeta keeps facts about a directory that Apache's files do not hold: the sidecar of the
// log (walmeta.0 and .1), which records how far the log was durable and which files are ours, and
// the mark beside the snapshots (snapmeta.0 and .1), which has the same format. It also keeps an
// ensemble member's epochs, in Apache's two small files.
//
// The package reports what is on disk and does not judge it, with one exception: a sidecar of which
// too little is left is an error. Package persistence decides what the sidecar means for the logs
// and snapshots beside it.
//
// A Sidecar may be used by several goroutines: the log writer moves the durable zxid, the snapshot
// writer notes names, the core notes epochs. Every change is durable when the call returns; an
// error of a write or a flush is final (disk.ErrDisk).
//
// Read sidecar.go, then epoch.go.
package walmeta
