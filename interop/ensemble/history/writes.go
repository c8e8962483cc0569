package history

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"quoll/jute"
)

// checkWrites holds what was acknowledged against the tree and the log.
func (c *checker) checkWrites() {
	removed := map[string]*Op{}
	for _, s := range c.Sessions {
		for _, o := range s.Ops {
			if o.Kind == Delete {
				removed[o.Path] = o
			}
		}
	}
	versions := map[string][]*Op{}
	for _, s := range c.Sessions {
		for _, o := range s.Ops {
			if o.Kind > Delete {
				continue
			}
			switch o.Outcome {
			case Unknown:
				c.result.Unanswered++
				continue
			case Refused:
				c.report(WrongWrite, "%v was refused: %v", o, o.Code)
				continue
			}
			c.result.Writes++
			c.checkLogged(s, o)
			switch o.Kind {
			case Create:
				c.checkMade(s, o, removed[o.Made])
			case Set:
				versions[o.Path] = append(versions[o.Path], o)
			case Delete:
				if _, there := c.Tree[o.Path]; there {
					c.report(LostWrite, "%v, but the node is there", o)
				}
			}
		}
	}
	for p, sets := range versions {
		c.checkCounter(p, sets)
	}
	for _, p := range sorted(c.changes) {
		c.checkValues(p)
	}
}

func sorted[V any](m map[string]V) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// checkLogged: the log has a write at the zxid of its reply, by this session.
func (c *checker) checkLogged(s *Session, o *Op) {
	all := c.byZxid[o.Zxid]
	if len(all) == 0 {
		c.report(LostWrite, "%v: no log has its zxid", o)
		return
	}
	p := o.Path
	if o.Kind == Create {
		p = o.Made
	}
	for _, t := range all {
		same := o.Kind == Delete || t.Value == o.Value
		if t.Kind == o.Kind && t.Session == s.ID && t.Path == p && same {
			return
		}
	}
	c.report(WrongWrite, "%v by session %v: at its zxid the log has %+v", o, s.ID, all)
}

// checkMade: a node that was made is there until it is deleted or its session ends.
func (c *checker) checkMade(s *Session, o, removed *Op) {
	n, there := c.Tree[o.Made]
	gone := removed != nil && removed.Outcome == OK
	may := removed != nil && removed.Outcome == Unknown
	if o.Ephemeral {
		gone = gone || s.End == Closed || s.End == Abandoned || s.End == Lost
		may = may || s.End == Closing
	}
	switch {
	case !there && !gone && !may && o.Ephemeral:
		c.report(LostWrite, "%v: the node is gone, and session %v lives", o, s.ID)
	case !there && !gone && !may:
		c.report(LostWrite, "%v: the node %s is not there", o, o.Made)
	case there && gone:
		c.report(WrongWrite, "%v: the node is still there", o)
	case there && (n.Stat.Czxid != o.Zxid || n.Value != o.Value && n.Stat.Version == 0):
		c.report(WrongWrite, "%v: the node has czxid %v and %q", o, n.Stat.Czxid, n.Value)
	case there && o.Ephemeral != (n.Stat.EphemeralOwner != 0):
		c.report(WrongWrite, "%v: its owner is %v", o, n.Stat.EphemeralOwner)
	}
}

// checkCounter: the sets of a counter that were acknowledged have rising versions and values, and
// the tree is not behind the last one.
func (c *checker) checkCounter(p string, sets []*Op) {
	slices.SortFunc(sets, func(a, b *Op) int { return cmp.Compare(a.Zxid, b.Zxid) })
	for i, o := range sets {
		if o.Stat.Mzxid != o.Zxid {
			c.report(WrongWrite, "%v: its mzxid is %v", o, o.Stat.Mzxid)
		}
		if i == 0 {
			continue
		}
		was := sets[i-1]
		if number(o.Value) <= number(was.Value) || o.Zxid == was.Zxid {
			c.report(WrongWrite, "%v came before %v", o, was)
		}
		if o.Stat.Version <= was.Stat.Version {
			c.report(LostWrite, "%v made version %d, then %v made version %d", was,
				was.Stat.Version, o, o.Stat.Version)
		}
	}
	last := sets[len(sets)-1]
	n, there := c.Tree[p]
	if !there || number(n.Value) < number(last.Value) || n.Stat.Version < last.Stat.Version {
		c.report(LostWrite, "%v, but afterwards the node has %q, version %d", last, n.Value,
			n.Stat.Version)
	}
}

// checkValues: the log has the values of a counter in the order of its writer, none twice.
func (c *checker) checkValues(p string) {
	last := -1
	for i, value := range c.values[p] {
		n := number(value)
		if n < 0 {
			return // not a counter
		}
		if n <= last {
			c.report(WrongWrite, "%s: the log has %d at %v behind %d", p, n, c.changes[p][i], last)
		}
		last = n
	}
}

// number is that of a counter's value, -1 of anything else.
func number(value string) int {
	n, err := strconv.Atoi(value)
	if err != nil {
		return -1
	}
	return n
}

// checkOrder: of two writes, the one that was answered before the other was sent has the lower
// zxid.
func (c *checker) checkOrder() {
	type moment struct {
		at   time.Duration
		ends bool
		op   *Op
	}
	var all []moment
	for _, s := range c.Sessions {
		for _, o := range s.Ops {
			if o.Kind <= Delete && o.Outcome == OK {
				all = append(all, moment{o.Sent, false, o}, moment{o.Done, true, o})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	var newest jute.Zxid
	var by *Op
	floor := map[*Op]*Op{}
	for _, m := range all {
		switch {
		case !m.ends:
			floor[m.op] = by
		case m.op.Zxid > newest:
			newest, by = m.op.Zxid, m.op
		}
		if before := floor[m.op]; m.ends && before != nil && before.Zxid >= m.op.Zxid {
			c.report(WrongWrite, "%v was sent when %v was answered", m.op, before)
		}
	}
}
