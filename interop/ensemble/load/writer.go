package load

import (
	"context"
	"fmt"
	"strconv"

	"quoll/interop/ensemble/history"
	"quoll/jute"
)

// Limits of a writer.
const (
	window       = 8   // requests in flight
	maxNodes     = 400 // that it makes, the ephemeral ones apart
	maxEphemeral = 12
)

// writer changes what is its own, and reads everything.
type writer struct {
	*client
	home     string
	counters []string
	values   []int // sent last
	tokens   int
	nodes    []*history.Op // made, not deleted
	made     int
	leases   int // ephemeral nodes made in the session
}

func newWriter(c *client) worker {
	c.writes = true
	w := &writer{client: c, home: fmt.Sprintf("%s/writer-%d", c.options.Root, c.id)}
	for n := range countersOfWriter {
		w.counters = append(w.counters, counterPath(c.options.Root, c.id, n))
		w.values = append(w.values, 0)
	}
	return w
}

func (w *writer) attached() {}

func (w *writer) work(ctx context.Context) {
	w.issue(ctx)
	for len(w.pending) >= window {
		w.settleOldest()
	}
	w.pace(ctx)
}

// issue sends one request, by the dice.
func (w *writer) issue(ctx context.Context) {
	few := w.made < maxNodes
	switch dice := w.random.IntN(1000); {
	case dice < 5:
		w.drop() // with what is in flight; run attaches it elsewhere
	case dice < 7:
		w.renew(ctx)
	case dice < 450:
		w.count(w.random.IntN(len(w.counters)))
	case dice < 550 && few:
		w.make(w.home+"/"+w.token(), jute.ModePersistent)
	case dice < 600 && few:
		w.make(w.options.Root+sequential+"/s-", jute.ModePersistentSequential)
	case dice < 630 && few:
		w.make(w.options.Root+listed+"/"+w.token(), jute.ModePersistent)
	case dice < 660 && w.leases < maxEphemeral:
		w.leases++
		w.create(w.options.Root+ephemeral+"/"+w.token(), w.data(), jute.ModeEphemeral)
	case dice < 700:
		w.remove()
	case dice < 720:
		w.sync(w.options.Root)
	case dice < 740:
		w.list(w.options.Root+listed, false)
	case dice < 850:
		w.get(w.counters[w.random.IntN(len(w.counters))], false)
	default:
		all := w.Load.counters
		w.get(all[w.random.IntN(len(all))], false)
	}
}

func (w *writer) token() string {
	w.tokens++
	return fmt.Sprintf("c%d-%d", w.id, w.tokens)
}

// data is unique: the token of a node, made before or now.
func (w *writer) data() string { return w.token() + "-data" }

func (w *writer) make(path string, mode jute.CreateMode) {
	w.made++
	w.nodes = append(w.nodes, w.create(path, w.data(), mode))
}

// count sets a counter to its next value.
func (w *writer) count(n int) *history.Op {
	w.values[n]++
	return w.set(w.counters[n], strconv.Itoa(w.values[n]))
}

// remove deletes a node that surely exists.
func (w *writer) remove() {
	if len(w.nodes) < 20 {
		return
	}
	n := w.random.IntN(len(w.nodes))
	o := w.nodes[n]
	if o.Outcome != history.OK {
		return
	}
	w.nodes[n] = w.nodes[len(w.nodes)-1]
	w.nodes = w.nodes[:len(w.nodes)-1]
	w.delete(o.Made)
}

// renew closes the session, and its ephemeral nodes with it.
func (w *writer) renew(ctx context.Context) {
	w.drain()
	ctx, cancel := context.WithTimeout(ctx, replyWithin)
	defer cancel()
	w.end(ctx)
	w.leases = 0
}

// settle sets each counter until it is acknowledged.
func (w *writer) settle(ctx context.Context) {
	for n := range w.counters {
		o := w.count(n)
		w.drain()
		if o.Outcome != history.OK {
			return // the connection ended: tried again on the next
		}
	}
}

func (w *writer) finish(context.Context) {
	w.sync(w.options.Root)
	for _, p := range w.Load.counters {
		w.get(p, false)
	}
	w.drain()
}
