package main

import (
	"fmt"
	"sync"

	"quoll/jute"
)

// outcome is what is known of a request.
type outcome uint8

const (
	unasked  outcome = iota
	asked            // sent, not answered: it happened once, or not at all
	answered         // acknowledged
)

// fact is one node that a client made. Its data is the token, so that a create that happened twice
// shows.
type fact struct {
	token  string
	path   string // "" while a sequential create is unanswered
	create outcome
	remove outcome
	czxid  jute.Zxid // of the reply to the create; 0: not answered
	shown  bool      // a read showed it
	gone   bool      // a read showed that it had been removed
	owner  jute.SessionID
	made   int // value that the multi counter took in the same transaction; 0: made alone
	ended  int // value that it took when the node was removed; 0: removed alone, if at all
}

// must is whether the node has to be there: 1 yes, -1 it has to be absent, 0 either.
func (f *fact) must() int {
	switch {
	case f.remove == answered || f.gone:
		return -1
	case f.remove == unasked && (f.create == answered || f.shown):
		return 1
	}
	return 0
}

// counter is a node whose data is the number of times that its owner set it, which is its version
// too. Only the owner writes it, in order.
type counter struct {
	path  string
	asked int // highest value sent
	acked int // highest value acknowledged
	shown int // highest value that a read showed
	mzxid jute.Zxid
}

func (c *counter) floor() int { return max(c.acked, c.shown) }

// look records what a read showed. floor is that of the moment at which the read was sent.
func (c *counter) look(data []byte, stat *jute.Stat, floor int) error {
	var v int
	if _, err := fmt.Sscanf(string(data), "%d", &v); err != nil {
		return fmt.Errorf("%s: data %q", c.path, data)
	}
	switch {
	case int(stat.Version) != v:
		return fmt.Errorf("%s: value %d with version %d: a write happened twice or vanished",
			c.path, v, stat.Version)
	case v < floor:
		return fmt.Errorf("%s: value %d, but %d was acknowledged or shown before", c.path, v, floor)
	case v > c.asked:
		return fmt.Errorf("%s: value %d, but no more than %d was ever sent", c.path, v, c.asked)
	case v == c.acked && c.mzxid != 0 && stat.Mzxid != c.mzxid:
		return fmt.Errorf("%s: value %d has mzxid %v, the reply said %v",
			c.path, v, stat.Mzxid, c.mzxid)
	}
	c.shown = max(c.shown, v)
	return nil
}

// lease is what is known of a session's end.
type lease struct{ close outcome }

// ledger is what is known of the part of the tree that one client writes. Every client reads it.
type ledger struct {
	home   string
	leases map[jute.SessionID]*lease // the owner's alone
	tokens int                       // likewise

	mu       sync.Mutex // guards what follows, and all that it points to
	counters []*counter
	multi    *counter // set by multis alone
	facts    []*fact  // in the order of their making
}

// The directories of a home, by kind of node.
const (
	plainDir      = "/n"
	sequentialDir = "/q"
	ephemeralDir  = "/e"
	multiDir      = "/m"
)

const plainCounters = 4

func newLedger(client int) *ledger {
	l := &ledger{
		home:   fmt.Sprintf("/crash/c%d", client),
		leases: map[jute.SessionID]*lease{},
	}
	for i := range plainCounters {
		l.counters = append(l.counters, &counter{path: fmt.Sprintf("%s/counter%d", l.home, i)})
	}
	l.multi = &counter{path: l.home + "/multi"}
	return l
}

// directories are the nodes that must exist before the load, parents first.
func (l *ledger) directories() []string {
	return []string{l.home, l.home + plainDir, l.home + sequentialDir, l.home + ephemeralDir,
		l.home + multiDir}
}

// all are the counters, the multi's last. The slice never changes.
func (l *ledger) all() []*counter {
	return append(l.counters[:plainCounters:plainCounters], l.multi)
}

// fact begins a node under dir. Its path is known now unless it is sequential.
func (l *ledger) fact(dir string, sequential bool) *fact {
	l.tokens++
	f := &fact{token: fmt.Sprintf("t%d", l.tokens), create: asked}
	if !sequential {
		f.path = l.home + dir + "/" + f.token
	}
	l.facts = append(l.facts, f)
	return f
}

// settled begins a new life: everything that is there is a fact, everything else is forgotten.
func (l *ledger) settled(present map[*fact]*jute.Stat) {
	kept := l.facts[:0]
	for _, f := range l.facts {
		stat := present[f]
		if stat == nil {
			continue
		}
		f.create, f.remove, f.shown, f.gone, f.ended = answered, unasked, true, false, 0
		f.czxid = stat.Czxid
		kept = append(kept, f)
	}
	clear(l.facts[len(kept):])
	l.facts = kept
}
