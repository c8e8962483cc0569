//go:build !linux

package transport

import (
	"syscall"
	"time"
)

// dropUnacked is for Linux alone: elsewhere the kernel's own patience holds.
func dropUnacked(time.Duration) func(network, address string, c syscall.RawConn) error {
	return nil
}
