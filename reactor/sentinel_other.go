//go:build !unix

package reactor

import (
	"errors"
	"io"
	"net"
)

// socketPair: without it the gnet transport does not start. Std serves such platforms.
func socketPair() (net.Conn, io.WriteCloser, error) {
	return nil, nil, errors.New("reactor: gnet is not supported on this platform")
}
