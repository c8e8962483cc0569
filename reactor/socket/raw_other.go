//go:build !unix

package socket

import (
	"net"
	"time"
)

// Raw is not needed here: every connection is read and written through Go's net alone.
type Raw struct{}

// NewRaw returns nil.
func NewRaw(net.Conn, *Chunks) *Raw { return nil }

func (*Raw) Read() ([]byte, error)     { return nil, net.ErrClosed }
func (*Raw) Release()                  {}
func (*Raw) Write([]byte) (int, error) { return 0, net.ErrClosed }
func (*Raw) LiftUnsent()               {}
func (*Raw) Unacked() int              { return -1 }
func (*Raw) End() error                { return nil }
func (*Raw) Unread() bool              { return false }

func (*Raw) LastByte() (time.Duration, bool) { return 0, false }
