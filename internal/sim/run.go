package sim

import (
	"fmt"
	"io"
	"slices"

	"quoll/datatree"
	"quoll/internal/sim/history"
	"quoll/internal/sim/requests"
	"quoll/internal/sim/simfs"
	"quoll/jute"
)

// Result is what came of a seed.
type Result struct {
	Seed       uint64
	Violations []string
	Trace      uint64 // equal in every run of the seed
	Counts     *Counts
	Txns       int // in the log at the end
	Requests   int
	Lives      int // how often the server was started
	History    *history.History
}

// quietMillis is how long the end may take: sessions that were left must expire within it.
const quietMillis = 20_000

// Run plays one seed. What happens is told to tell, which may be nil.
func Run(seed uint64, tell io.Writer) *Result {
	counts := NewCounts()
	w := newWorld(seed, counts)
	w.tell = tell
	w.play()
	r := &Result{
		Seed: seed, Violations: w.broken, Trace: uint64(w.trace), Counts: counts,
		Txns: len(w.log), Lives: w.life, History: &w.history,
	}
	for _, c := range w.history.Conns {
		r.Requests += len(c.Sent)
	}
	if len(r.Violations) == 0 {
		w.history.Txns = w.log
		for _, v := range history.Check(&w.history) {
			r.Violations = append(r.Violations, v.String())
		}
	}
	return r
}

// play is the whole run: faults, then quiet, then the end.
func (w *world) play() {
	w.note("plan %+v", w.plan)
	w.boot()
	for i := range w.plan.clients {
		c := w.newClient(i)
		w.clients = append(w.clients, c)
		w.after(w.between(0, 50_000), c.connect)
	}
	if w.plan.quota {
		w.clients[0].setUpQuota()
	}
	w.plague()
	w.runUntil(w.plan.millis*1000, nil)
	w.heal()
	if len(w.broken) > 0 {
		return
	}
	w.end()
}

// heal ends all faults and waits until everything is answered and everyone is connected.
func (w *world) heal() {
	w.note("no more faults")
	w.healed = true
	w.plan.requests = 0
	w.fuse = fuse{}
	for _, c := range w.clients {
		c.quiet, c.slowUntil = true, 0
		if c.link != nil {
			c.link.consume()
		}
	}
	if p := w.process; p != nil {
		p.log.slowUntil = 0
	}
	// Twice the longest timeout, for sessions that were left to expire.
	w.runUntil(w.now+2*maxTimeout*1000+1_000_000, nil)
	settled := func() bool {
		return w.process != nil && w.process.replica.InFlight() == 0 &&
			!slices.ContainsFunc(w.clients, func(c *client) bool { return !c.settled() })
	}
	w.runUntil(w.now+quietMillis*1000, settled)
	if len(w.broken) == 0 && !settled() {
		w.violate("not everything is answered and connected %d ms after the last fault",
			quietMillis)
		for _, c := range w.clients {
			if !c.settled() {
				w.violate("client %d: connected %v, up %v, waiting for %d: %+v", c.number,
					c.link != nil, c.up, len(c.waiting), c.waiting[:min(3, len(c.waiting))])
			}
		}
	}
}

// end reads everything once more, stops the server and looks at what it leaves on disk.
func (w *world) end() {
	for _, c := range w.clients {
		out := c.ask(jute.OpSync, c.nextXid(), &jute.PathOnly{Path: []byte("/")})
		for _, path := range requests.GoodPaths {
			in := &jute.PathWatch{Path: []byte(path)}
			out = append(out, c.ask(jute.OpGetData, c.nextXid(), in)...)
			out = append(out, c.ask(jute.OpGetChildren2, c.nextXid(), in)...)
		}
		c.link.send(out)
	}
	done := func() bool {
		return !slices.ContainsFunc(w.clients, func(c *client) bool { return !c.settled() })
	}
	w.runUntil(w.now+quietMillis*1000, done)
	if len(w.broken) > 0 {
		return
	}
	if !done() {
		w.violate("the last reads were not answered")
		return
	}
	for _, c := range w.clients {
		c.link.record.Open = true
		for _, key := range c.watchKeys() {
			w.history.Left = append(w.history.Left, history.LeftWatch{
				Conn: c.link.record.ID, Path: key.path, Kind: key.kind, Armed: c.watches[key],
			})
		}
	}
	w.checkSessions()
	w.checkDisk()
}

// checkSessions: who is not connected has expired.
func (w *world) checkSessions() {
	var want []jute.SessionID
	for _, c := range w.clients {
		want = append(want, c.session)
	}
	for _, s := range w.process.replica.Sessions().Snapshot(nil) {
		if !slices.Contains(want, s.ID) {
			w.violate("session %v was left long ago and did not expire", s.ID)
		}
	}
}

// checkDisk: what a stopped server leaves is what it had, also when the power goes a moment later.
func (w *world) checkDisk() {
	w.at(pointCount - 1)
	p := w.process
	live := fingerprint(p.tree)
	last := p.tree.Peek().LastZxid()
	w.disk.Inject = nil
	images := []*simfs.Disk{w.disk.PowerLoss(simfs.Everything())}
	if err := p.store.Close(); err != nil {
		w.violate("stop: %v", err)
		return
	}
	images = append(images, w.disk.Kill(), w.disk.PowerLoss(simfs.Everything()))
	w.process = nil
	for i, disk := range images {
		if err := w.reread(disk, last, live); err != nil {
			w.violate("image %d of the end: %v", i, err)
		}
	}
}

func (w *world) reread(disk *simfs.Disk, last jute.Zxid, live uint64) error {
	tree, _, found, err := w.restore(disk)
	if err != nil {
		return err
	}
	if f := tree.Faults(); f != (datatree.Faults{}) {
		return fmt.Errorf("replay: %+v", f)
	}
	if found.LastZxid != last || fingerprint(tree) != live {
		return fmt.Errorf("recovered to %v and another tree; the server was at %v",
			found.LastZxid, last)
	}
	return nil
}
