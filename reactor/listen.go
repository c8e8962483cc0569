package reactor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"

	"quoll/reactor/socket"
)

// adoptersMax bounds the accepted connections that wait for a loop to take them. A loop takes all
// that wait in one turn; one at a time would tie the rate of accepts to the length of turns.
// Each may be in a system call, and so be a thread that the process keeps.
const adoptersMax = 16

// doors is the listening sockets and the goroutines that accept on them, one each. Both
// transports share it: accepting through Go's net survives a want of descriptors, which ends
// gnet's own engine, and lets listeners come and go while connections stay.
type doors struct {
	r         *reactor
	transport transport
	places    chan struct{} // a token an adoption under way
	wg        sync.WaitGroup

	mu        sync.Mutex
	listeners map[netip.AddrPort]net.Listener
	closed    bool
}

func newDoors(r *reactor, t transport) *doors {
	return &doors{
		r:         r,
		transport: t,
		places:    make(chan struct{}, adoptersMax),
		listeners: make(map[netip.AddrPort]net.Listener),
	}
}

// bind opens a listening socket without accepting on it.
func (d *doors) bind(address string) (net.Listener, error) {
	idle := d.r.cfg.Socket.KeepAlive
	keepAlive := net.KeepAliveConfig{
		Enable: idle > 0, Idle: idle, Interval: max(idle/5, time.Second), Count: 5,
	}
	lc := net.ListenConfig{KeepAlive: -1, KeepAliveConfig: keepAlive}
	// Go's default is a multipath socket, whose connections inherit nothing that is set on it.
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("reactor: listen: %w", err)
	}
	if err := socket.SetBacklog(ln, d.r.cfg.Socket.Backlog); err != nil {
		d.r.log.Warn("cannot set the listen backlog", zap.String("address", address),
			zap.Error(err))
	}
	if err := socket.LimitUnsent(ln); err != nil {
		d.r.log.Warn("cannot limit what the kernel buffers", zap.String("address", address),
			zap.Error(err))
	}
	return ln, nil
}

// bindAll opens every listener or none.
func (d *doors) bindAll(addresses []string) ([]net.Listener, []netip.AddrPort, error) {
	var bound []net.Listener
	var at []netip.AddrPort
	for _, address := range addresses {
		ln, err := d.bind(address)
		if err != nil {
			for _, other := range bound {
				_ = other.Close()
			}
			return nil, nil, err
		}
		bound = append(bound, ln)
		at = append(at, addrPort(ln.Addr()))
	}
	return bound, at, nil
}

// open starts to accept. It closes the listener at once if the doors are closed for good.
func (d *doors) open(ln net.Listener) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		_ = ln.Close()
		return ErrStopping
	}
	d.listeners[addrPort(ln.Addr())] = ln
	d.wg.Add(1)
	go d.accept(ln)
	return nil
}

// drop closes one listener; its connections stay.
func (d *doors) drop(at netip.AddrPort) error {
	d.mu.Lock()
	ln := d.listeners[at]
	delete(d.listeners, at)
	d.mu.Unlock()
	if ln == nil {
		return fmt.Errorf("reactor: no listener at %s", at)
	}
	return ln.Close()
}

// close closes every listener, for good, and waits until no connection is on its way to a loop.
func (d *doors) close() {
	d.mu.Lock()
	d.closed = true
	for at, ln := range d.listeners {
		_ = ln.Close()
		delete(d.listeners, at)
	}
	d.mu.Unlock()
	d.wg.Wait()
}

// wanted tells that a listener still stands, so an error of Accept is a real one.
func (d *doors) wanted(ln net.Listener) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.listeners[addrPort(ln.Addr())] == ln
}

// accept is the goroutine of one listener.
func (d *doors) accept(ln net.Listener) {
	defer d.wg.Done()
	var pause time.Duration
	for {
		nc, err := ln.Accept()
		if err == nil {
			pause = 0
			if d.admit(nc) || d.r.rest(atLimitPause) {
				continue
			}
			return
		}
		if !d.wanted(ln) {
			return
		}
		if errors.Is(err, net.ErrClosed) {
			d.r.stop(fmt.Errorf("reactor: listener %s ended: %w", ln.Addr(), err))
			return
		}
		// Mostly EMFILE. Connections close sooner or later; trying again is all that helps.
		d.r.refused(netip.AddrPort{}, fmt.Errorf("accept at %s: %w", ln.Addr(), err))
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		if !d.r.rest(pause) {
			return
		}
	}
}

// admit applies the limits and hands the connection to a loop. It is false at the limit of open
// files, where the next need not be taken at once.
func (d *doors) admit(nc net.Conn) bool {
	remote := addrPort(nc.RemoteAddr())
	why, ok := d.r.admission.enter(remote.Addr())
	full := !ok && why == RefusedByDescriptors
	guest := full && d.r.admission.enterGuest(remote.Addr())
	if !ok && !guest {
		d.r.turnedAway(why, remote, nil)
		_ = nc.Close()
		return !full
	}
	d.places <- struct{}{}
	d.wg.Add(1)
	go func() {
		defer d.wg.Done()
		defer func() { <-d.places }()
		if err := d.transport.adopt(nc, remote, guest); err != nil {
			d.r.admission.leave(remote.Addr(), guest)
			d.r.refused(remote, fmt.Errorf("no loop took it: %w", err))
			_ = nc.Close()
		}
	}()
	return !full
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
