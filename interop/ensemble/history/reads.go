package history

import (
	"slices"

	"quoll/jute"
)

// seen is the newest state of a node that a session was shown.
type seen struct {
	mzxid, pzxid jute.Zxid
	value        int
	by           *Op
}

// checkReads: the answers of a session never go back, and each read shows a real state.
func (c *checker) checkReads(s *Session) {
	var header jute.Zxid
	var before *Op
	nodes := map[string]*seen{}
	for _, i := range s.arrivals() {
		o := i.op
		if o == nil {
			continue
		}
		if o.Zxid < header {
			c.report(WentBack, "session %v: %v behind %v", s.ID, o, before)
		}
		floor := header
		header, before = max(header, o.Zxid), o
		if o.Outcome == Refused && o.Kind > Delete {
			c.report(Misread, "%v was refused: %v", o, o.Code)
		}
		if o.Outcome != OK || o.Kind != Get && o.Kind != Set && o.Kind != List {
			continue
		}
		n := nodes[o.Path]
		if n == nil {
			n = &seen{value: -1}
			nodes[o.Path] = n
		}
		switch o.Kind {
		case Set:
			n.mzxid, n.value, n.by = o.Zxid, number(o.Value), o
		case Get:
			c.result.Reads++
			if o.Stat.Mzxid < n.mzxid || number(o.Value) < n.value {
				c.report(WentBack, "session %v: %v has mzxid %v behind %v with %v", s.ID, o,
					o.Stat.Mzxid, n.by, n.mzxid)
			}
			n.mzxid, n.value, n.by = max(n.mzxid, o.Stat.Mzxid), max(n.value, number(o.Value)), o
			c.checkState(o, o.Stat.Mzxid, floor, c.changes[o.Path], c.values[o.Path])
		case List:
			c.result.Reads++
			if o.Stat.Pzxid < n.pzxid {
				c.report(WentBack, "session %v: %v has pzxid %v behind %v with %v", s.ID, o,
					o.Stat.Pzxid, n.by, n.pzxid)
			}
			n.pzxid, n.by = max(n.pzxid, o.Stat.Pzxid), o
			c.checkState(o, o.Stat.Pzxid, floor, c.lists[o.Path], nil)
		}
	}
}

// checkState: what a read shows was true between the session's last header and that of the reply.
func (c *checker) checkState(o *Op, of, floor jute.Zxid, changes []jute.Zxid, values []string) {
	if of > o.Zxid {
		c.report(Misread, "%v shows a state of %v", o, of)
		return
	}
	i, found := slices.BinarySearch(changes, of)
	if !found && len(changes) > 0 && of >= changes[0] {
		c.report(Misread, "%v shows a state of %v, which no log has", o, of)
		return
	}
	if found && values != nil && values[i] != o.Value {
		c.report(Misread, "%v shows %q, the log has %q at %v", o, o.Value, values[i], of)
	}
	if !c.exact[o.Path] {
		return
	}
	newest := floor
	if o.Exact {
		newest = o.Zxid
	}
	if next := after(changes, of); next != 0 && next <= newest {
		c.report(Misread, "%v shows a state of %v, but the next change is %v", o, of, next)
	}
}
