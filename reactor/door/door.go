package door

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// adoptersMax bounds the accepted connections that wait for a loop to take them. A loop takes all
// that wait in one turn; one at a time would tie the rate of accepts to the length of turns.
// Each may be in a system call, and so be a thread that the process keeps.
const adoptersMax = 16

// ErrStopping is returned for what needs a door that is not closed.
var ErrStopping = errors.New("reactor: stopping")

// Loops is who takes what the door lets in.
type Loops interface {
	// Adopt gives a connection to the loop with the fewest. It returns when a loop has it, and
	// fails if none does; the connection is then still the door's.
	Adopt(nc net.Conn, remote netip.AddrPort, guest bool) error
}

// Config is what a Door needs. Its functions are called by acceptors and adopters and must not
// block.
type Config struct {
	// Socket is what the kernel is told of listeners.
	Socket Socket
	Limits Limits
	// Refused is told of each connection that is turned away. remote is not valid when accept
	// failed; err is what failed, nil where a limit said no.
	Refused func(why Refusal, remote netip.AddrPort, err error)
	// Failed is told why a listener ended that nobody closed.
	Failed func(error)
	// Stopping, once closed, cuts every wait short.
	Stopping <-chan struct{}
	Logger   *zap.Logger
}

// Door is the listening sockets and the goroutines that accept on them, one each. Both
// transports share it: accepting through Go's net survives a want of descriptors, which ends
// gnet's own engine, and lets listeners come and go while connections stay.
type Door struct {
	cfg       Config
	loops     Loops
	admission *admission
	places    chan struct{} // a token an adoption under way
	wg        sync.WaitGroup

	mu        sync.Mutex
	listeners map[netip.AddrPort]net.Listener
	closed    bool
}

// New makes a door without listeners.
func New(cfg Config, loops Loops) *Door {
	return &Door{
		cfg:       cfg,
		loops:     loops,
		admission: newAdmission(cfg.Limits),
		places:    make(chan struct{}, adoptersMax),
		listeners: make(map[netip.AddrPort]net.Listener),
	}
}

// Open starts to accept. If the door is closed, it closes the listener and returns ErrStopping.
func (d *Door) Open(ln net.Listener) error {
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

// Drop closes one listener; its connections stay.
func (d *Door) Drop(at netip.AddrPort) error {
	d.mu.Lock()
	ln := d.listeners[at]
	delete(d.listeners, at)
	d.mu.Unlock()
	if ln == nil {
		return fmt.Errorf("reactor: no listener at %s", at)
	}
	return ln.Close()
}

// Close closes every listener, for good, and waits until no connection is on its way to a loop.
func (d *Door) Close() {
	d.mu.Lock()
	d.closed = true
	for at, ln := range d.listeners {
		_ = ln.Close()
		delete(d.listeners, at)
	}
	d.mu.Unlock()
	d.wg.Wait()
}

// Leave makes the room of a connection free that a loop had adopted and that has ended.
func (d *Door) Leave(addr netip.Addr, guest bool) { d.admission.leave(addr, guest) }

// Admitted is how many connections were let in and have not left, guests apart.
func (d *Door) Admitted() int { return d.admission.count() }

// wanted tells that a listener still stands, so an error of Accept is a real one.
func (d *Door) wanted(ln net.Listener) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.listeners[addrPort(ln.Addr())] == ln
}

// accept is the goroutine of one listener.
func (d *Door) accept(ln net.Listener) {
	defer d.wg.Done()
	var pause time.Duration
	for {
		nc, err := ln.Accept()
		if err == nil {
			pause = 0
			if d.admit(nc) || d.rest(atLimitPause) {
				continue
			}
			return
		}
		if !d.wanted(ln) {
			return
		}
		if errors.Is(err, net.ErrClosed) {
			d.cfg.Failed(fmt.Errorf("reactor: listener %s ended: %w", ln.Addr(), err))
			return
		}
		// Mostly EMFILE. Connections close sooner or later; trying again is all that helps.
		d.failed(netip.AddrPort{}, fmt.Errorf("accept at %s: %w", ln.Addr(), err))
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		if !d.rest(pause) {
			return
		}
	}
}

// admit applies the limits and hands the connection to a loop. It is false at the limit of open
// files, where the next need not be taken at once.
func (d *Door) admit(nc net.Conn) bool {
	remote := addrPort(nc.RemoteAddr())
	why, ok := d.admission.enter(remote.Addr())
	full := !ok && why == ByDescriptors
	guest := full && d.admission.enterGuest(remote.Addr())
	if !ok && !guest {
		d.cfg.Refused(why, remote, nil)
		_ = nc.Close()
		return !full
	}
	d.places <- struct{}{}
	d.wg.Add(1)
	go func() {
		defer d.wg.Done()
		defer func() { <-d.places }()
		if err := d.loops.Adopt(nc, remote, guest); err != nil {
			d.admission.leave(remote.Addr(), guest)
			d.failed(remote, fmt.Errorf("no loop took it: %w", err))
			_ = nc.Close()
		}
	}()
	return !full
}

// failed tells of a connection that an error turned away.
func (d *Door) failed(remote netip.AddrPort, err error) {
	why := ByKernel
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		why = ByDescriptors
	}
	d.cfg.Refused(why, remote, err)
}

// rest waits, and returns false if the reactor stops meanwhile.
func (d *Door) rest(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.cfg.Stopping:
		return false
	}
}
