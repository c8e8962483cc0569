package session

import (
	"cmp"
	"slices"

	"quoll/jute"
)

// list is every session, in an order that depends on nothing but its history. It can be walked in
// pieces, between which sessions come and go.
type list []*Session

func (l *list) add(s *Session) {
	s.place = len(*l)
	*l = append(*l, s)
}

// remove puts the last session into the place.
func (l *list) remove(s *Session) {
	all := *l
	last := len(all) - 1
	all[last].place = s.place
	all[s.place] = all[last]
	all[last] = nil
	*l = all[:last]
}

// Cursor is how far a walk has come. The zero Cursor begins.
type Cursor struct {
	begun bool
	left  int // places below are not visited yet
}

// walk visits sessions, at most so many, from the last place down. When a session is removed, the
// one that takes its place was visited before, or is visited still. A session that stays from the
// first piece to the last is visited, perhaps twice.
func (t *Table) walk(c *Cursor, most int, visit func(*Session)) (more bool) {
	if !c.begun {
		c.begun, c.left = true, len(t.all)
	}
	c.left = min(c.left, len(t.all))
	for ; c.left > 0 && most > 0; most-- {
		c.left--
		visit(t.all[c.left])
	}
	return c.left > 0
}

// SnapshotPart appends some of the committed sessions, at most so many, in no order. A session may
// come twice; Sorted puts that right. Sessions may begin and end between two parts: the list has
// each session that was there all the time.
func (t *Table) SnapshotPart(to []Saved, c *Cursor, most int) (_ []Saved, more bool) {
	more = t.walk(c, most, func(s *Session) {
		if s.Committed {
			to = append(to, Saved{ID: s.ID, TimeoutMillis: s.TimeoutMillis})
		}
	})
	return to, more
}

// Sorted puts the sessions that SnapshotPart has listed in the order of ids, each once, as it was
// listed last.
func Sorted(saved []Saved) []Saved {
	slices.SortStableFunc(saved, func(a, b Saved) int { return cmp.Compare(a.ID, b.ID) })
	kept := saved[:0]
	for _, s := range saved {
		if n := len(kept); n > 0 && kept[n-1].ID == s.ID {
			kept[n-1] = s
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

// Snapshot appends the committed sessions, by id.
func (t *Table) Snapshot(to []Saved) []Saved {
	var c Cursor
	all, _ := t.SnapshotPart(nil, &c, len(t.all))
	return append(to, Sorted(all)...)
}

// Deadline is the sessions that end at one tick, unless they are heard before.
type Deadline struct {
	InMillis int64 // from the last tick
	IDs      []jute.SessionID
}

// Deadlines gathers when sessions end, as the dump command shows it. The zero Deadlines begins.
type Deadlines struct {
	at     Cursor
	byTime map[int64][]jute.SessionID // on the table's clock
	clock  int64                      // of the last part
}

// DeadlinesPart looks at some sessions, at most so many. Sessions that do not expire here have no
// deadline.
func (t *Table) DeadlinesPart(d *Deadlines, most int) (more bool) {
	if d.byTime == nil {
		d.byTime = make(map[int64][]jute.SessionID)
	}
	d.clock = t.clock(t.now)
	return t.walk(&d.at, most, func(s *Session) {
		if t.expires(s) {
			t.takeHeard(s)
			at := t.deadline(s)
			d.byTime[at] = append(d.byTime[at], s.ID)
		}
	})
}

// List is what was gathered, by time, each with its ids in order. It does not need the table.
func (d *Deadlines) List() []Deadline {
	all := make([]Deadline, 0, len(d.byTime))
	for at, ids := range d.byTime { // order-free: sorted below
		slices.Sort(ids)
		all = append(all, Deadline{InMillis: at - d.clock, IDs: slices.Compact(ids)})
	}
	slices.SortFunc(all, func(a, b Deadline) int { return cmp.Compare(a.InMillis, b.InMillis) })
	return all
}

// Deadlines is the deadlines of all sessions at once.
func (t *Table) Deadlines() []Deadline {
	var d Deadlines
	t.DeadlinesPart(&d, len(t.all))
	return d.List()
}
