package calls

// company is the callers whose writes were answered together, and who may ask again together. A
// server makes writes durable in groups, and answers a group at once: if the first of these callers
// is written alone, it is a group of its own, and the others wait for its flush and for theirs.
type company struct {
	wrote bool          // a write was answered since the last Take
	away  int           // callers of such writes, less the calls that were made since
	more  bool          // the reader has another frame at hand
	back  chan struct{} // holds one token when nobody is awaited any more
}

func newCompany() company { return company{back: make(chan struct{}, 1)} }

// answered counts the caller of a call whose reply is there.
func (c *company) answered(call *Call) {
	if call.Kind == Write && !call.left && call.Then == nil {
		c.wrote = true
		c.away++
	}
}

// asked counts a call that is made.
func (c *company) asked() {
	if c.away > 0 {
		c.away--
		c.look()
	}
}

// hold says whether the reader has another frame at hand.
func (c *company) hold(more bool) {
	c.more = more
	c.look()
}

// parted forgets who is away: what there is of calls is written now, or there is no connection.
func (c *company) parted() { c.wrote, c.away = false, 0 }

// awaited counts those whose reply is still at hand as one.
func (c *company) awaited() int {
	if !c.wrote {
		return 0
	}
	if c.more {
		return c.away + 1
	}
	return c.away
}

func (c *company) look() {
	if c.awaited() > 0 {
		return
	}
	select {
	case c.back <- struct{}{}:
	default:
	}
}

// Awaited is how many callers whose writes were answered since the last Take have not asked again.
// Not all of them will.
func (q *Queue) Awaited() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.company.awaited()
}

// Back gives a token when nobody is Awaited any more. It may be an old one.
func (q *Queue) Back() <-chan struct{} { return q.company.back }

// Hold is told whether the reader has another frame at hand. Match is told the same.
func (q *Queue) Hold(more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.company.hold(more)
}
