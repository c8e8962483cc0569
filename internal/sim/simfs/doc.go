// Package simfs is a disk in memory that tears, lies, fills and fails on command. It implements
// persistence.FS for the crash matrix of persistence and for internal/sim.
//
// A file is two images and the writes between them:
//
//	stable   what a power loss cannot take       ^ Sync moves stable up to current
//	pending  writes and truncations, in order    |
//	current  what reads see = stable + pending   v
//
// The names are kept the same way: stable names, pending creations, renames and removals, current
// names; SyncDir settles those of one directory. Directories themselves are durable at once.
//
// Everything that happens is a numbered Call. Before it is carried out the Inject function may turn
// it into an Outcome: an error (with part of the bytes written or read), a crash before or after it
// (a panic with the value Crash, caught by Run), a flush that lies, a failed flush that forgets.
// After a crash the test takes an image: Kill keeps everything that was written (the process died),
// PowerLoss keeps stable and as much of pending as a Loss decides. Both leave the disk as it is, so
// that one moment can be looked at under many losses.
//
// A flush that fails and forgets is what Linux makes of an error of the device: the page cache
// counts the pages as written, and they are on no disk. On ext4 the blocks stay marked as never
// written, so that the same bytes written to the same place are flushed with success, and read as
// zeros after a power loss. Only DropCache, a truncation that frees the blocks or another file gets
// out of that state; DropCache is a hint that may do nothing.
//
// Only a *rand.Rand that is handed in makes random choices, so that a seed replays exactly. Several
// goroutines may use a Disk, but then they must keep the numbers of calls in order themselves.
//
// Read disk.go (the calls), file.go (an inode and its handles), then loss.go (what survives).
package simfs
