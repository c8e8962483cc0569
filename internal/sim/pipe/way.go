package pipe

import "net/netip"

// way is one direction between two machines.
type way struct{ from, to netip.Addr }

// queue is what waits until a way carries again.
type queue struct {
	blocked bool
	waits   []func() // in order; not empty while what waited arrives
}

// pass lets something arrive at this end, behind all that was sent to it before.
func (e *End) pass(do func()) {
	w, f := e.net.w, &e.in
	if f.at = max(f.at, w.Now+e.net.latency()); f.chopped && w.Chance(2) {
		f.at++
	}
	e.net.carry(e.remote.Addr(), e.local.Addr(), f.at, do)
}

// carry lets something happen at the other side of a way, at a moment or when the way carries
// again.
func (n *Net) carry(from, to netip.Addr, at int64, do func()) {
	q := n.way(way{from, to})
	n.w.After(at-n.w.Now, func() {
		if q.blocked || len(q.waits) > 0 {
			q.waits = append(q.waits, do)
			return
		}
		do()
	})
}

func (n *Net) way(k way) *queue {
	q := n.ways[k]
	if q == nil {
		q = new(queue)
		n.ways[k] = q
		n.known = append(n.known, k)
	}
	return q
}

// Block makes one way between two machines carry nothing until Unblock. Neither machine knows.
func (n *Net) Block(from, to netip.Addr) { n.way(way{from, to}).blocked = true }

// Blocked says whether a way carries nothing.
func (n *Net) Blocked(from, to netip.Addr) bool {
	q := n.ways[way{from, to}]
	return q != nil && q.blocked
}

// Unblock lets what was sent meanwhile arrive, in order.
func (n *Net) Unblock(from, to netip.Addr) {
	q := n.way(way{from, to})
	if !q.blocked {
		return
	}
	q.blocked = false
	n.w.After(n.latency(), func() {
		for !q.blocked && len(q.waits) > 0 {
			do := q.waits[0]
			q.waits = q.waits[1:]
			do()
		}
	})
}

// Plague plans the faults that come with time.
func (n *Net) Plague() {
	n.w.After(n.w.Between(50_000, 600_000), func() {
		if n.healed {
			return
		}
		n.Plague()
		if !n.rules.OneWay || len(n.known) == 0 {
			return
		}
		k := n.known[n.w.Rand.IntN(len(n.known))]
		n.w.Counts.Add("fault", "one way is blocked")
		n.w.Note("nothing arrives from %v at %v", k.from, k.to)
		n.Block(k.from, k.to)
		n.w.After(n.w.Between(1000, 800_000), func() {
			if !n.healed {
				n.Unblock(k.from, k.to)
			}
		})
	})
}

// Heal ends all faults; what is blocked carries again.
func (n *Net) Heal() {
	n.healed = true
	for _, k := range n.known {
		n.Unblock(k.from, k.to)
	}
	for _, e := range n.deaf {
		e.reset()
	}
	n.deaf = nil
}
