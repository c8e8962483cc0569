package flow

// Line is who waits for the same thing, first come, first served. A call takes constant time, but
// Join of who was called, which takes back the calls behind it.
//
//	first -> [place] -> [place] -> [place] <- last
//	         called     waits      waits
//
// Who is called keeps its place until it leaves: it may find that its turn is over before it came.
// The zero Line is empty; a Line must not be copied.
type Line[T any] struct {
	first, last *Place[T]
	next        *Place[T] // the first that is not called; nil: all are
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

// Called says whether its turn has come.
func (p *Place[T]) Called() bool { return p.called }

// Len is how many stand in line, and Calls how many of them are called.
func (l *Line[T]) Len() int { return l.length }

// Calls is how many are called and have not left.
func (l *Line[T]) Calls() int { return l.called }

// Join puts a place at the end of the line. Who stands in it already keeps its place, and waits
// again if it was called.
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
		// Nobody may come before p: who was called behind it is called a second time.
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

// First says whether nobody stands before p: it is the first, or in no line and the line is empty.
func (l *Line[T]) First(p *Place[T]) bool { return l.first == nil || l.first == p }

// Head is the first in line, nil when it is empty.
func (l *Line[T]) Head() *Place[T] { return l.first }

// Call calls the next and returns it; nil when all are called.
func (l *Line[T]) Call() *Place[T] {
	p := l.next
	if p != nil {
		p.called, l.next = true, p.after
		l.called++
	}
	return p
}
