// Package walmeta keeps what Apache's files cannot say of a directory: the sidecar of the log
// (walmeta.0 and .1), which knows how far the log was durable and which files are ours; the mark
// beside the snapshots (snapmeta.0 and .1), of the same form; and an ensemble member's epochs, in
// Apache's two small files.
//
// What is found on disk is reported and not judged, except a sidecar of which too little is left.
// What it means for the logs and snapshots beside it, package persistence knows.
//
// A Sidecar may be used by several goroutines: the log writer moves the durable zxid, the snapshot
// writer notes names, whoever is told of an epoch notes it. Every change is durable when the call
// returns; an error of a write or a flush is final (disk.ErrDisk).
//
// Read sidecar.go, then epoch.go.
package walmeta
