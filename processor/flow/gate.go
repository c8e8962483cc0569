package flow

// Gate lets members through while there is room, first come, first served.
type Gate[T any] struct {
	Line[T]
}

// Enter says whether a member may go through, when there is room for so many. If it may not, it
// stands in line until Call.
func (g *Gate[T]) Enter(p *Place[T], who T, room int64) bool {
	if room <= 0 || g.Len() > 0 && !p.Called() {
		g.Join(p, who)
		return false
	}
	g.Leave(p)
	return true
}

// Call calls as many members as there is room for. A called member needs room for one at least.
func (g *Gate[T]) Call(room int64, call func(T)) {
	for int64(g.Calls()) < room {
		p := g.Line.Call()
		if p == nil {
			return
		}
		call(p.Who)
	}
}

// Turns lets members with something large take turns. One may be inside whatever its size. Others
// may join it only while their sizes together are not above Most.
type Turns[T any] struct {
	Line[Large[T]]
	Inside int // the sizes of all inside, together
	Most   int
}

// Large is a member that waits with something of a size.
type Large[T any] struct {
	Who  T
	Size int
}

func (t *Turns[T]) fits(size int) bool { return t.Inside == 0 || t.Inside+size <= t.Most }

// Enter says whether a member may go in with something of a size. If it may not, it stands in line
// until Call. It keeps its place until it goes in or leaves.
func (t *Turns[T]) Enter(p *Place[Large[T]], who T, size int) bool {
	if t.fits(size) && t.First(p) {
		t.Leave(p)
		return true
	}
	t.Join(p, Large[T]{who, size})
	p.Who.Size = size
	return false
}

// Call calls the first member in line, if it fits and is not called already.
func (t *Turns[T]) Call(call func(T)) {
	head := t.Head()
	if head == nil || head.Called() || !t.fits(head.Who.Size) {
		return
	}
	t.Line.Call()
	call(head.Who.Who)
}
