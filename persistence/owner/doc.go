// Package owner makes sure that one server at a time uses a data directory. It locks the directory
// against other Quoll servers. Apache takes no locks, so the package also looks for signs of a
// server that writes without one.
//
//	Take      lock version-2/quoll.lock of each directory; wait while another process has it
//	Look      before anything is read: list the logs and snapshots
//	Foreign   before the first change: find another server that writes to the directory
//	Announce  with the first change: say in the lock file who we are
//	Strangers while serving: find files that we did not make
//	Release   when no write or flush of ours can come any more
//
// Invariants:
//   - The lock is flock(2) on an open file. The existence of the file means nothing, and its
//     content is only for messages. The file is never deleted. A file that an earlier process left
//     locks nothing.
//   - Either all directories are locked or none, so two servers with swapped directories do not
//     block each other. Two names of one directory are one lock.
//   - Nothing but an empty lock file is made before Announce, so that a start that is refused
//     leaves every file as it was.
//   - A held lock lives until Release or the end of the process, whatever the garbage collector
//     does: the descriptor is a plain number.
//
// Neither lock nor look can find a server that takes no lock, runs on another host, or as another
// user, or in another container, and writes nothing at that moment. docs/operations.md says so to
// operators.
//
// One goroutine owns a Lock and a Sight. Made, which remembers the names of the files that the
// server makes, is used by all goroutines that make files.
//
// Read lock.go with flock_unix.go (flock_other.go), foreign.go with writers.go and spent_linux.go
// (spent_other.go), then strangers.go with access_unix.go (access_other.go).
package owner
