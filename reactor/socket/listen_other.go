//go:build !unix

package socket

import "net"

// SetBacklog leaves the queue as long as Go's net made it.
func SetBacklog(net.Listener, int) error { return nil }
