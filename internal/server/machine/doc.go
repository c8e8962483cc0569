// Package machine finds out what the machine gives the process, and keeps the process within it:
// memory for data and for buffers, descriptors for connections.
//
// Only the ticker uses a Headroom. The other functions have no state.
//
// Read available.go (how much memory there is), memory.go (the garbage collector), descriptors.go.
package machine
