//go:build !linux

package socket

import "errors"

// Epoll is never open here.
type Epoll struct{}

// Open fails.
func (*Epoll) Open(int) error { return errors.ErrUnsupported }

func (*Epoll) Mask(int, bool, bool) {}
func (*Epoll) Quiet() bool          { return false }
