//go:build !unix

package socket

import (
	"errors"
	"io"
	"net"
)

// Pair: without it the gnet transport does not start. Std serves such platforms.
func Pair() (net.Conn, io.WriteCloser, error) {
	return nil, nil, errors.New("reactor: gnet is not supported on this platform")
}
