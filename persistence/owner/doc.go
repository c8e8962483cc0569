// Package owner makes sure that one server at a time uses a data directory: it locks the directory
// against other servers of ours, and looks for one that takes no locks, as Apache does.
//
//	Take      lock version-2/quoll.lock of each directory; wait while it is busy
//	Look      before anything is read: what is there
//	Foreign   before the first change: does somebody else write to it
//	Announce  with the first change: say in the lock file who we are
//	Strangers while serving: files that we did not make
//	Release   when no write or flush of ours can come any more
//
// Invariants:
//   - The lock is flock(2) on an open file. The file itself means nothing, nor what it says: it
//     is never deleted, and one that was left behind is just a file.
//   - All directories are locked or none: two servers with swapped directories do not block each
//     other. Two names of one directory are one lock.
//   - Nothing but an empty lock file is made before Announce, so that a start that is refused
//     leaves every file as it was.
//   - A held lock lives until Release or the end of the process, whatever the garbage collector
//     does: the descriptor is a plain number.
//
// What no lock and no look can do: see a server of another host, or of another user or container,
// that writes nothing at that moment. docs/operations.md says so to operators.
//
// One goroutine owns a Lock and a Sight. Made, which watches the names that the server makes, is
// used by all who make files.
//
// Read lock.go with flock_unix.go (flock_other.go), foreign.go with writers.go and spent_linux.go
// (spent_other.go), then strangers.go with access_unix.go (access_other.go).
package owner
