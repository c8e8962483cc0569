// Package disk is the disk as the rooms of persistence need it. It has few calls, and a simulation
// can make each of them fail, tear its data or stop half-way. OS implements them with the operating
// system's own calls.
//
// Read fs.go (the calls, and what each promises), os.go with os_linux.go, os_other.go,
// inode_unix.go and inode_other.go (the real disk), write.go (a new file, whole or not at all; a
// long one), copy.go, files.go (existing files), damage.go (how a start reports that data is lost).
package disk
