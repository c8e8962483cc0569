// Package disk is the disk as the rooms of persistence need it: few calls, each of which a
// simulation can fail, tear or cut short, and the operating system's own behind them.
//
// Read fs.go (the calls, and what each promises), os.go with os_linux.go, os_other.go,
// inode_unix.go and inode_other.go (the real disk), write.go (a new file, whole or not at all),
// files.go (files that are there already), damage.go (how a start says that something is lost).
package disk
