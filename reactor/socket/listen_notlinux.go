//go:build !linux

package socket

import "net"

// LimitUnsent leaves the kernel's buffers as they are.
func LimitUnsent(net.Listener) error { return nil }

// LiftUnsent has nothing to lift.
func LiftUnsent(int) {}
