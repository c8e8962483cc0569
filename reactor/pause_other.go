//go:build !linux

package reactor

import "github.com/panjf2000/gnet/v2"

// pauser is what pause_linux.go does with epoll. Elsewhere a parked connection is still read
// from, up to loop.hardInputBytes, and every turn ends through the loop's task queue.
type pauser struct{}

func (*pauser) open(gnet.EventLoop) bool { return false }
func (*pauser) mask(int, bool, bool)     {}
func (*pauser) quiet() bool              { return false }
