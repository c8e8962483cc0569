package flow

// Line is the members that wait for the same thing, first come, first served. Every method takes
// constant time, except Join of a member that was called: it takes back the calls behind it.
//
//	first -> [place] -> [place] -> [place] <- last
//	         called     waits      waits
//
// A called member keeps its place until it leaves: its turn may be over before it comes. The zero
// Line is empty; a Line must not be copied.
type Line[T any] struct {
	first, last *Place[T]
	next        *Place[T] // the first that is not called; nil: all are called
	length      int
	called      int
}

// Place is a member's place in a line. The zero Place stands in none.
type Place[T any] struct {
	Who           T
	before, after *Place[T]
	in, called    bool
}

// In says whether the place is in a line.
func (p *Place[T]) In() bool { return p.in }

// Called says whether the turn of its member has come.
func (p *Place[T]) Called() bool { return p.called }

// Len is how many stand in line, and Calls how many of them are called.
func (l *Line[T]) Len() int { return l.length }

// Calls is how many are called and have not left.
func (l *Line[T]) Calls() int { return l.called }

// Join puts a place at the end of the line. A place that is in line already stays where it is, and
// waits again if it was called.
func (l *Line[T]) Join(p *Place[T], who T) {
	switch {
	case !p.in:
		p.Who, p.in, p.before = who, true, l.last
		if l.last != nil {
			l.last.after = p
		} else {
			l.first = p
		}
		l.last = p
		l.length++
		if l.next == nil {
			l.next = p
		}
	case p.called:
		// Nobody may come before p, so the members behind it that were called wait again.
		for q := p; q != nil && q.called; q = q.after {
			q.called = false
			l.called--
		}
		l.next = p
	}
}

// Leave takes a place out.
func (l *Line[T]) Leave(p *Place[T]) {
	if !p.in {
		return
	}
	if l.next == p {
		l.next = p.after
	}
	if p.before != nil {
		p.before.after = p.after
	} else {
		l.first = p.after
	}
	if p.after != nil {
		p.after.before = p.before
	} else {
		l.last = p.before
	}
	if p.called {
		l.called--
	}
	l.length--
	*p = Place[T]{}
}

// First says whether nobody stands before p: p is the first, or the line is empty.
func (l *Line[T]) First(p *Place[T]) bool { return l.first == nil || l.first == p }

// Head is the first in line, nil when it is empty.
func (l *Line[T]) Head() *Place[T] { return l.first }

// Call calls the next member and returns its place; nil when all are called.
func (l *Line[T]) Call() *Place[T] {
	p := l.next
	if p != nil {
		p.called, l.next = true, p.after
		l.called++
	}
	return p
}
