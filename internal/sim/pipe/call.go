package pipe

import "net/netip"

// Caller is who dials from one server to another, as a process does that waits for the answer.
type Caller struct {
	From netip.Addr
	Via  Via // of the caller's process
	// WindowBytes is how many unread bytes the direction towards the caller takes; 0: any number.
	WindowBytes int
	// Patience is how long it waits for an answer, µs.
	Patience int64
}

// redialAfter is the pause before the kernel sends again what was not answered, µs.
const redialAfter = 20_000

// Call opens a link between two servers. done gets it when its success is known, and returns who
// reads it; or it gets the reason why there is none, and what it returns has no meaning.
//
// Such a link is chopped in both directions. Bytes that arrive at an end that has vanished reset
// it, unless nothing answers there any more.
func (n *Net) Call(c Caller, to netip.AddrPort, done func(*End, error) Reader) {
	n.call(c, to, n.w.Now+c.Patience, done)
}

func (n *Net) call(c Caller, to netip.AddrPort, until int64, done func(*End, error) Reader) {
	fail := func(at int64, err error) {
		n.w.After(at-n.w.Now, func() { c.Via(func() { done(nil, err) }) })
	}
	if n.Blocked(c.From, to.Addr()) || n.Blocked(to.Addr(), c.From) {
		if n.w.Now+redialAfter >= until {
			fail(until, ErrUnheard)
			return
		}
		n.w.After(redialAfter, func() { n.call(c, to, until, done) })
		return
	}
	n.w.After(n.latency(), func() {
		near, err := n.Dial(c.From, to, c.Via, nil)
		switch err {
		case nil:
		case ErrUnheard:
			fail(until, err)
			return
		default:
			fail(n.w.Now+n.latency(), err)
			return
		}
		if n.rules.UnheardCall && n.may(12) {
			n.w.Counts.Add("fault", "a dial arrives unheard")
			near.Vanish()
			fail(until, ErrUnheard)
			return
		}
		near.in.window, near.in.chopped = c.WindowBytes, true
		near.peers(n.w.Chance(2))
		near.pass(func() {
			near.via(func() {
				near.reader = done(near, nil)
				if near.reader != nil && (near.Arrived() > 0 || near.Ending()) {
					near.reader.Arrived(near.Arrived())
				}
			})
		})
	})
}

// peers makes both ends those of servers, which reset what comes to a vanished end. An end that is
// deaf does so only when there are no more faults: its machine stays away.
func (e *End) peers(deaf bool) {
	for _, x := range []*End{e, e.far} {
		x.resets, x.deaf = true, deaf
	}
}

// reset answers bytes that nobody takes: the other end sees that the link is cut.
func (e *End) reset() {
	if e.deaf && !e.net.healed {
		e.net.deaf = append(e.net.deaf, e)
		return
	}
	far := e.far
	e.net.carry(e.local.Addr(), far.local.Addr(), e.net.w.Now+e.net.latency(), func() {
		if far.broken {
			return
		}
		e.net.w.Counts.Add("fault", "a link is reset")
		far.broken = true
		far.lose()
		far.end()
	})
}
