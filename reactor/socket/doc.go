// Package socket is what the kernel knows of a socket beside its bytes, and how many there may be:
// one system call each, by the descriptor. It keeps nothing.
//
// Read look_linux.go (look_other.go), listen_unix.go and listen_linux.go (listen_other.go,
// listen_notlinux.go), then limits_unix.go (limits_other.go).
package socket
