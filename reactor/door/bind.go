package door

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"quoll/reactor/socket"
)

// Socket is what the kernel is told of a listener and its connections.
type Socket struct {
	// Backlog is the kernel's queue of connections not yet accepted (clientPortListenBacklog);
	// the kernel cuts it to somaxconn. Default 4096.
	Backlog int
	// KeepAlive is the idle time of TCP keep-alive (clientTcpKeepAlive); 0 is off.
	KeepAlive time.Duration
}

// Bind opens a listening socket without accepting on it, and tells the address that it is bound to.
func (d *Door) Bind(address string) (net.Listener, netip.AddrPort, error) {
	idle := d.cfg.Socket.KeepAlive
	keepAlive := net.KeepAliveConfig{
		Enable: idle > 0, Idle: idle, Interval: max(idle/5, time.Second), Count: 5,
	}
	lc := net.ListenConfig{KeepAlive: -1, KeepAliveConfig: keepAlive}
	// Go's default is a multipath socket, whose connections inherit nothing that is set on it.
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, netip.AddrPort{}, fmt.Errorf("reactor: listen: %w", err)
	}
	if err := socket.SetBacklog(ln, d.cfg.Socket.Backlog); err != nil {
		d.cfg.Logger.Warn("cannot set the listen backlog", zap.String("address", address),
			zap.Error(err))
	}
	if err := socket.LimitUnsent(ln); err != nil {
		d.cfg.Logger.Warn("cannot limit what the kernel buffers", zap.String("address", address),
			zap.Error(err))
	}
	return ln, addrPort(ln.Addr()), nil
}

// BindAll opens every listener or none.
func (d *Door) BindAll(addresses []string) ([]net.Listener, []netip.AddrPort, error) {
	var bound []net.Listener
	var all []netip.AddrPort
	for _, address := range addresses {
		ln, at, err := d.Bind(address)
		if err != nil {
			for _, other := range bound {
				_ = other.Close()
			}
			return nil, nil, err
		}
		bound = append(bound, ln)
		all = append(all, at)
	}
	return bound, all, nil
}

// addrPort is the short form of an address: IPv4 is never written as IPv6.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
