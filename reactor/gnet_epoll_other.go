//go:build !linux

package reactor

import (
	"errors"

	"github.com/panjf2000/gnet/v2"
)

// epollDescriptor: without one a parked connection is still read from, up to
// reactor.hardInputBytes, and every turn ends through the loop's task queue.
func epollDescriptor(gnet.EventLoop) (int, error) { return -1, errors.ErrUnsupported }
