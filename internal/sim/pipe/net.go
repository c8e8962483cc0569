package pipe

import (
	"errors"
	"net/netip"
	"slices"

	"quoll/internal/sim/world"
)

// Why a dial fails.
var (
	// ErrRefused means that nobody listens where a dial went, or that it was turned away.
	ErrRefused = errors.New("connection refused")
	// ErrUnheard means that a dial was not answered. It may have arrived.
	ErrUnheard = errors.New("connection timed out")
)

// Rules say what the network of a run does.
type Rules struct {
	// WindowBytes is how many unread bytes a direction takes towards the end that dialled.
	WindowBytes int
	// Refuse: a dial may be turned away although somebody listens.
	Refuse bool
	// Unheard: a dial may arrive without the dialler's knowing.
	Unheard bool
	// UnheardCall: the same, for calls between servers only.
	UnheardCall bool
	// ShortReads: a read may take only a part of what has arrived.
	ShortReads bool
	// Break: some links are cut after so many bytes.
	Break bool
	// OneWay: from time to time one way between two machines carries nothing.
	OneWay bool
}

// Net is the network.
type Net struct {
	rules     Rules
	w         *world.World
	listeners map[netip.AddrPort]Listener
	backlog   map[netip.AddrPort][]*End // ends that no listener has taken yet
	ways      map[way]*queue
	known     []way // those that were ever used, in that order
	links     int
	deaf      []*End // to which something came
	healed    bool   // no more faults
}

// New makes a network without links.
func New(w *world.World, rules Rules) *Net {
	return &Net{
		w: w, rules: rules,
		listeners: map[netip.AddrPort]Listener{}, backlog: map[netip.AddrPort][]*End{},
		ways: map[way]*queue{},
	}
}

// Via does something at an end of a link: at once, later or never.
type Via func(do func())

// Listener takes connections at an address.
type Listener struct {
	// Via does something at the listener's ends of links.
	Via Via
	// Choose says which function takes the next connection. Choose is called when the dial leaves,
	// and the function when it arrives.
	Choose func() func(*End) Reader
	// WindowBytes is how many unread bytes a direction takes towards the listener; 0: any number.
	WindowBytes int
}

// Listen lets a listener take the connections to an address.
func (n *Net) Listen(at netip.AddrPort, l Listener) { n.listeners[at] = l }

// Unlisten lets connections to an address be refused again. Those that the listener has not taken
// yet end.
func (n *Net) Unlisten(at netip.AddrPort) {
	delete(n.listeners, at)
	for _, e := range n.backlog[at] {
		e.Kill()
	}
	delete(n.backlog, at)
}

// accepted takes an end out of the backlog; false: it is not there any more.
func (n *Net) accepted(e *End) bool {
	at := e.local
	i := slices.Index(n.backlog[at], e)
	if i >= 0 {
		n.backlog[at] = slices.Delete(n.backlog[at], i, i+1)
	}
	return i >= 0
}

// Dial opens a link from a machine to a listener. Its near end may be written to at once, and an
// error is known at once, too. via does something at the near end; nil does it at once.
func (n *Net) Dial(from netip.Addr, to netip.AddrPort, via Via, r Reader) (*End, error) {
	l, listens := n.listeners[to]
	if !listens {
		return nil, ErrRefused
	}
	if n.rules.Refuse && n.may(8) {
		n.w.Counts.Add("fault", "connection refused")
		return nil, ErrRefused
	}
	if via == nil {
		via = func(do func()) { do() }
	}
	accept := l.Choose()
	n.links++
	local := netip.AddrPortFrom(from, uint16(1000+n.links%50_000))
	near := &End{net: n, id: n.links, local: local, remote: to, reader: r, via: via}
	far := &End{net: n, id: n.links, local: to, remote: local, via: l.Via}
	near.far, far.far = far, near
	near.in = flow{window: n.rules.WindowBytes, lasts: n.lasts()}
	far.in = flow{window: l.WindowBytes, lasts: n.lasts(), chopped: true}
	n.backlog[to] = append(n.backlog[to], far)
	far.pass(func() {
		far.via(func() {
			if n.accepted(far) {
				far.reader = accept(far)
			}
		})
	})
	if n.rules.Unheard && n.may(12) {
		n.w.Counts.Add("fault", "a dial arrives unheard")
		near.Vanish()
		return nil, ErrUnheard
	}
	return near, nil
}

// lasts draws after how many bytes a direction of a new link breaks; 0: it does not.
func (n *Net) lasts() int {
	if n.rules.Break && n.may(10) {
		return 1 + n.w.Rand.IntN(2000)
	}
	return 0
}

// may is true once in so many times, as long as there are faults.
func (n *Net) may(once int) bool { return !n.healed && n.w.Chance(once) }

// latency is how long a piece takes, µs.
func (n *Net) latency() int64 {
	if n.w.Chance(40) {
		return n.w.Between(1000, 50_000)
	}
	return n.w.Between(20, 500)
}
