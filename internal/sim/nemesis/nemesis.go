package nemesis

import (
	"net/netip"

	"quoll/internal/sim/pipe"
	"quoll/internal/sim/world"
)

// Config is what is cut.
type Config struct {
	World *world.World
	Net   *pipe.Net
	Hosts []netip.Addr // of the servers
	// Leader is the place in Hosts of a server that leads, -1 when none is known.
	Leader func() int
}

// Nemesis cuts the network.
type Nemesis struct {
	Config
	cut    []way // in the order in which they were cut
	healed bool
}

type way struct{ from, to int }

// New makes a nemesis that has cut nothing.
func New(c Config) *Nemesis { return &Nemesis{Config: c} }

// block cuts a way between two servers, by their places.
func (n *Nemesis) block(from, to int) {
	if from != to {
		n.cut = append(n.cut, way{from, to})
		n.Net.Block(n.Hosts[from], n.Hosts[to])
	}
}

// part cuts both ways.
func (n *Nemesis) part(a, b int) {
	n.block(a, b)
	n.block(b, a)
}

// join opens all ways.
func (n *Nemesis) join() {
	for _, w := range n.cut {
		n.Net.Unblock(n.Hosts[w.from], n.Hosts[w.to])
	}
	n.cut = nil
}

// Plague plans partitions, one after the other.
func (n *Nemesis) Plague() {
	w := n.World
	w.After(w.Between(50_000, 2_000_000), func() {
		if n.healed {
			return
		}
		shape := shapes[w.Rand.IntN(len(shapes))]
		w.Counts.Add("partition", shape.name)
		w.Note("partition: %s", shape.name)
		lasts := w.Between(20_000, 3_000_000)
		shape.cut(n)
		w.After(lasts, func() {
			if !n.healed {
				w.Note("partition ends")
				n.join()
				n.Plague()
			}
		})
	})
}

// Heal ends all partitions. The servers whose places are left out stay cut off from the others
// until Join.
func (n *Nemesis) Heal(left []int) {
	n.healed = true
	n.join()
	for _, out := range left {
		for i := range n.Hosts {
			n.part(out, i)
		}
	}
}

// Join lets all servers reach each other.
func (n *Nemesis) Join() { n.join() }
