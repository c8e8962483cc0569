// Package socket is what Go's net and gnet have no methods for: what the kernel knows of a socket
// beside its bytes, reads that hold no buffer while they wait, writes that do not wait, and how
// many sockets there may be. It knows neither loops nor connections.
//
// A function is one system call, by the descriptor, and keeps nothing. Three types keep something:
//
//	Raw     one plain TCP connection, for a goroutine that reads and another, the loop's, that
//	        writes, looks and gives the chunk of the read back
//	Chunks  what the readers of all Raw sockets read into, for any goroutine: a reader may wait
//	        for one, a loop never does
//	Epoll   the interest of an event loop that is somebody else's, for that loop's goroutine
//
// Only Raw.Read waits. What is called for each read, write or turn (Read, Release, Write, Unacked,
// Mask, Quiet) does not allocate, but for a chunk where none is free.
//
// Read look_linux.go (look_other.go), listen_unix.go and listen_linux.go (listen_other.go,
// listen_notlinux.go), limits_unix.go (limits_other.go), chunks.go, raw_unix.go (raw_other.go),
// epoll_linux.go (epoll_other.go), then pair_unix.go (pair_other.go).
package socket
