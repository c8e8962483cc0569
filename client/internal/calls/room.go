package calls

import "slices"

// room bounds how many calls a queue holds, and their bytes. Who finds no place waits in line, so
// that a large call is not overtaken for ever by small ones.
type room struct {
	maxRequests, maxBytes int
	requests, bytes       int
	line                  []*waiter
}

// waiter is a call that waits for its place.
type waiter struct {
	call    *Call
	ready   chan struct{} // closed when the call has its place, or the queue refuses calls
	granted bool
}

// take gives the call a place, if there is one and nobody waits.
func (r *room) take(c *Call) bool {
	if len(r.line) > 0 || !r.fits(c) {
		return false
	}
	r.add(c)
	return true
}

// fits says whether there is a place. A call that is alone always fits.
func (r *room) fits(c *Call) bool {
	return r.requests == 0 ||
		r.requests < r.maxRequests && r.bytes+len(c.frame) <= r.maxBytes
}

func (r *room) add(c *Call) {
	c.counted = len(c.frame)
	r.requests++
	r.bytes += c.counted
}

func (r *room) wait(c *Call) *waiter {
	w := &waiter{call: c, ready: make(chan struct{})}
	r.line = append(r.line, w)
	return w
}

// give takes the place of a call back, and lets in those who wait.
func (r *room) give(c *Call) {
	if c.counted == 0 {
		return
	}
	r.requests--
	r.bytes -= c.counted
	c.counted = 0
	r.admit()
}

func (r *room) admit() {
	for len(r.line) > 0 && r.fits(r.line[0].call) {
		w := r.line[0]
		r.line = slices.Delete(r.line, 0, 1)
		r.add(w.call)
		w.granted = true
		close(w.ready)
	}
}

// forget is told that the caller has left the line.
func (r *room) forget(w *waiter) {
	if w.granted {
		r.give(w.call)
		return
	}
	if i := slices.Index(r.line, w); i >= 0 {
		r.line = slices.Delete(r.line, i, i+1)
		r.admit()
	}
}

// dismiss lets everyone in the line see that the queue refuses calls.
func (r *room) dismiss() {
	for _, w := range r.line {
		close(w.ready)
	}
	r.line = nil
}
