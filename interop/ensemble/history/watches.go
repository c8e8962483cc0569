package history

import (
	"slices"

	"quoll/jute"
)

// watch is one that a session has left on a node.
type watch struct {
	path   string
	child  bool
	on     jute.Zxid // the state that it was left on
	by     *Op
	active bool // set on the connection that is looked at
}

// watching is a session's watches while its arrivals are looked at.
type watching struct {
	*checker
	session *Session
	left    []*watch
	conn    int
}

// checkWatches: each change behind the state that a watch was left on is told, once, and before any
// answer that is as new.
func (c *checker) checkWatches(s *Session) {
	w := &watching{checker: c, session: s}
	for _, i := range s.arrivals() {
		if conn, _, _ := i.place(); conn != w.conn {
			w.conn = conn
			for _, l := range w.left {
				l.active = false
			}
		}
		if i.event != nil {
			w.told(i.event)
		} else {
			w.answered(i.op)
		}
	}
}

func (w *watching) find(path string, child bool) *watch {
	for _, l := range w.left {
		if l.path == path && l.child == child {
			return l
		}
	}
	return nil
}

func (w *watching) drop(l *watch) {
	w.left = slices.DeleteFunc(w.left, func(o *watch) bool { return o == l })
}

func (w *watching) told(e *Event) {
	l := w.find(e.Path, e.Type == jute.EventChildrenChanged)
	if l == nil {
		w.report(WrongWatch, "session %v: %v %s on connection %d before reply %d, and no "+
			"watch was left", w.session.ID, e.Type, e.Path, e.Conn, e.Reply)
		return
	}
	w.drop(l)
}

func (w *watching) answered(o *Op) {
	if o.Kind == Watches && o.Outcome == OK {
		for _, p := range o.Paths {
			w.again(p, false)
		}
		for _, p := range o.ChildOf {
			w.again(p, true)
		}
	}
	for _, l := range slices.Clone(w.left) {
		changes := w.changes[l.path]
		if l.child {
			changes = w.lists[l.path]
		}
		next := after(changes, l.on)
		if l.active && next != 0 && next <= o.Zxid && w.exact[l.path] {
			w.report(MissedWatch, "session %v: %v left a watch on the state of %v; nothing was "+
				"told of %v before %v", w.session.ID, l.by, l.on, next, o)
			w.drop(l)
		}
	}
	if o.Outcome != OK || !o.Watch {
		return
	}
	child := o.Kind == List
	on := o.Stat.Mzxid
	if child {
		on = o.Stat.Pzxid
	}
	if l := w.find(o.Path, child); l != nil {
		if l.on != on {
			w.report(MissedWatch, "session %v: %v left a watch on the state of %v; nothing was "+
				"told before %v showed that of %v", w.session.ID, l.by, l.on, o, on)
		}
		w.drop(l)
	}
	w.left = append(w.left, &watch{path: o.Path, child: child, on: on, by: o, active: true})
}

// again is a watch that was set again on a new connection. Its event, if it was due, is there by
// now.
func (w *watching) again(path string, child bool) {
	if l := w.find(path, child); l != nil {
		l.active = true
	}
}
