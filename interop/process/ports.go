package process

import (
	"fmt"
	"net"
	"os"
)

// Ports hands out loopback ports that a server can come back to. They are below those that systems
// give to connections: a port of a server that is down must not be taken by a connection meanwhile.
type Ports struct{ next int }

// The range of Ports. Two programs that run at once begin at different places.
const (
	firstPort  = 22_000
	lastPort   = 31_999
	portStride = 40
)

// NewPorts returns Ports that begin where no other program is likely to.
func NewPorts() *Ports {
	return &Ports{next: firstPort + os.Getpid()*portStride%(lastPort-firstPort)}
}

// Port returns one at which nobody listens and that it has not returned before.
func (p *Ports) Port() (int, error) {
	var err error
	for range lastPort - firstPort {
		port := p.next
		if p.next++; p.next > lastPort {
			p.next = firstPort
		}
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no port: %w", err)
}
