//go:build !unix

package reactor

import "net"

// setBacklog leaves the queue as long as Go's net made it.
func setBacklog(net.Listener, int) error { return nil }
