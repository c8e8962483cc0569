//go:build !linux

package reactor

import "net"

// limitUnsent leaves the kernel's buffers as they are.
func limitUnsent(net.Listener) error { return nil }

func liftUnsent(int) {}
