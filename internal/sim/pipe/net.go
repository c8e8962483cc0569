package pipe

import (
	"errors"
	"net/netip"

	"quoll/internal/sim/world"
)

// ErrRefused means that nobody listens where a dial went, or that it was turned away.
var ErrRefused = errors.New("connection refused")

// Rules are how the network of a run is.
type Rules struct {
	// WindowBytes is how much a direction takes towards whoever dialled before it is read.
	WindowBytes int
	// Refuse: a dial may be turned away although somebody listens.
	Refuse bool
}

// Net is the network.
type Net struct {
	Rules
	w         *world.World
	listeners map[netip.AddrPort]Listener
	links     int
	healed    bool // no more faults
}

// New makes a network without links.
func New(w *world.World, rules Rules) *Net {
	return &Net{w: w, Rules: rules, listeners: map[netip.AddrPort]Listener{}}
}

// Heal ends all faults of the network.
func (n *Net) Heal() { n.healed = true }

// Via lets things happen where an end of a link is: at once, later or never.
type Via func(do func())

// Listener takes connections at an address.
type Listener struct {
	// Via lets things happen at the listener's ends of links.
	Via Via
	// Choose says who takes the next connection: it is asked when the dial leaves, and the one who
	// takes it is called when it arrives.
	Choose func() func(*End) Reader
}

// Listen has connections to an address taken.
func (n *Net) Listen(at netip.AddrPort, l Listener) { n.listeners[at] = l }

// Unlisten has them refused again.
func (n *Net) Unlisten(at netip.AddrPort) { delete(n.listeners, at) }

// Dial opens a link from a machine to a listener. Its near end is there at once and may be written
// to; ErrRefused is known at once, too.
func (n *Net) Dial(from netip.Addr, to netip.AddrPort, r Reader) (*End, error) {
	l, listens := n.listeners[to]
	if !listens {
		return nil, ErrRefused
	}
	if n.Refuse && n.w.Chance(8) && !n.healed {
		n.w.Counts.Add("fault", "connection refused")
		return nil, ErrRefused
	}
	accept := l.Choose()
	n.links++
	local := netip.AddrPortFrom(from, uint16(1000+n.links%50_000))
	near := &End{net: n, id: n.links, local: local, remote: to, reader: r, via: direct}
	far := &End{net: n, id: n.links, local: to, remote: local, via: l.Via}
	near.far, far.far = far, near
	near.in.window, far.in.chopped = n.WindowBytes, true
	far.in.at = n.w.Now + n.latency()
	n.w.After(far.in.at-n.w.Now, func() {
		far.via(func() { far.reader = accept(far) })
	})
	return near, nil
}

func direct(do func()) { do() }

// latency is how long a piece takes, µs.
func (n *Net) latency() int64 {
	if n.w.Chance(40) {
		return n.w.Between(1000, 50_000)
	}
	return n.w.Between(20, 500)
}
