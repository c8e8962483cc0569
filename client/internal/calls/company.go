package calls

// company is the callers whose writes were answered together, and who may ask again together. A
// server makes writes durable in groups, and answers a group at once: if the first of these callers
// is written alone, it is a group of its own, and the others wait for its flush and for theirs.
//
// It is an estimate: whoever asks is taken for one of those who come back.
type company struct {
	wrote  bool          // a write was answered since the last Take
	away   int           // callers of such writes, less the calls that were made since
	atHand bool          // the reader has another frame at hand
	asks   bool          // a write is unsent that was made since the last Take
	back   chan struct{} // holds one token when nobody is awaited any more
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
func (c *company) asked(call *Call) {
	c.asks = c.asks || call.Kind == Write
	if c.away > 0 {
		c.away--
		c.look()
	}
}

func (c *company) hasAtHand(frame bool) {
	c.atHand = frame
	c.look()
}

// forget is for calls that are written, and for the end of a connection.
func (c *company) forget() { c.wrote, c.away, c.asks = false, 0, false }

func (c *company) awaited() bool { return c.wrote && c.asks && (c.away > 0 || c.atHand) }

func (c *company) look() {
	if !c.awaited() {
		leaveToken(c.back)
	}
}

// Awaited says whether a write is unsent, and callers whose writes were answered since the last
// Take have not asked again. Not all of them will.
func (q *Queue) Awaited() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.company.awaited()
}

// Back gives a token when nobody is Awaited any more. It may be an old one.
func (q *Queue) Back() <-chan struct{} { return q.company.back }

// AtHand is told whether the reader has another frame at hand, behind one that is no reply to a
// call. Match is told the same.
func (q *Queue) AtHand(frame bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.company.hasAtHand(frame)
}
