// Command flushes shows with strace that the server flushes what its answers and its files' names
// promise: logs, the directories that they are in, snapshots, directories that it makes, its
// sidecar, what it cuts and what it purges.
//
//	strace -f quoll server --> calls in order --> model of a disk that keeps only what was flushed
//
// The model is told of each call. A file is dirty from a write until a flush that began after it; a
// directory is, from the making, renaming or removing of a name. What must be clean when, is
// checked at the calls that depend on it: an answer, a rename, a removal, a close, the end.
//
// The server lives five lives on one directory for snapshots and one for logs: a new one that it
// makes; starts behind a SIGKILL, when nothing is known to be flushed; a start on a copy that ends
// in a torn record, whose sidecar is not believed; a purge. Each kind of flush must have been seen
// once, so that a check that saw nothing fails.
//
//	go run ./interop/crash/flushes -quoll bin/quoll
//
// Without strace it fails: it shows nothing then.
// Read main.go, then lives.go, trace.go and model.go.
package main
