package sim

import (
	"slices"

	"quoll/internal/sim/node"
	"quoll/jute"
)

// cluster is the machines of a run, each with its own disk, clocks, process and fuse. They share
// nothing but the network.
type cluster []*node.Node

// assemble makes the machines that the plan asks for.
func (w *run) assemble() {
	for i := range w.plan.nodes {
		w.nodes = append(w.nodes, node.New(w.World, i+1, &w.plan.server, w.net, w))
	}
	if w.plan.server.Peers != nil {
		w.assembleNemesis()
	}
}

// begin starts every server and plans its faults.
func (c cluster) begin() {
	for _, n := range c {
		n.Start()
	}
}

func (c cluster) plague() {
	for _, n := range c {
		n.Plague()
	}
}

func (c cluster) heal() {
	for _, n := range c {
		n.Heal()
	}
}

// all says whether something holds of every machine.
func (c cluster) all(holds func(*node.Node) bool) bool {
	return !slices.ContainsFunc(c, func(n *node.Node) bool { return !holds(n) })
}

// quiet says that every server runs, and nothing is on its way through any of them.
func (c cluster) quiet() bool {
	return c.all(func(n *node.Node) bool {
		return n.Up() && n.InFlight() == 0 && n.Status().Stands && n.Idle()
	})
}

// each gathers what say returns for every machine.
func each[T any](c cluster, say func(*node.Node) []T) (all []T) {
	for _, n := range c {
		all = append(all, say(n)...)
	}
	return all
}

// last is the last transaction that any tree shows.
func (c cluster) last() (z jute.Zxid) {
	for _, n := range c {
		z = max(z, n.Last())
	}
	return z
}

// elections is how often a server began to look for a leader.
func (c cluster) elections() (sum int64) {
	for _, n := range c {
		sum += n.Status().Elections
	}
	return sum
}

// lives is how often a server was started.
func (c cluster) lives() (sum int) {
	for _, n := range c {
		sum += n.Life()
	}
	return sum
}

// choose draws the machine that a client tries next.
func (w *run) choose() *node.Node {
	if len(w.nodes) == 1 {
		return w.nodes[0]
	}
	return w.nodes[w.Rand.IntN(len(w.nodes))]
}
