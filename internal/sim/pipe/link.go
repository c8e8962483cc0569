package pipe

import "net/netip"

// Reader is who lives at an end. It is called in the middle of what somebody else does: it notes,
// reads and plans, and may close its end, but leaves the other one alone.
type Reader interface {
	// Arrived: there is something to Read, or Ended has become true.
	Arrived(bytes int)
	// Taken: the other end has read something of what was written here.
	Taken()
}

// End is one end of a link.
type End struct {
	net           *Net
	id            int
	local, remote netip.AddrPort
	far           *End
	reader        Reader // nil: nobody has taken the connection yet
	via           Via
	in            flow
	closed        bool // by who lives here: nothing is read any more
	said          bool // and the other end is told
	vanished      bool // and the other end does not learn of it
	killed        bool // the process that lived here is gone
}

// flow is what comes towards an end.
type flow struct {
	window  int    // 0: no limit
	chopped bool   // writes arrive in pieces
	at      int64  // world time at which what was written last arrives
	bytes   []byte // arrived, and behind that what is on its way
	flying  int    // bytes on their way
	ended   bool   // nothing follows
}

// ID numbers links from 1, in the order of opening.
func (e *End) ID() int { return e.id }

// Local is the address of this end.
func (e *End) Local() netip.AddrPort { return e.local }

// Remote is the address of the other end.
func (e *End) Remote() netip.AddrPort { return e.remote }

// Write puts bytes on their way as far as there is room, and says how many that are.
func (e *End) Write(p []byte) int {
	w, far := e.net.w, e.far
	switch {
	case e.closed || e.killed:
		return 0
	case far.closed && !far.vanished && !far.in.chopped:
		return len(p) // nobody reads it
	}
	n := len(p)
	if far.in.window > 0 {
		n = min(n, far.in.window-len(far.in.bytes))
	}
	if n <= 0 {
		return 0
	}
	w.Trace.Mix(uint64(e.id))
	w.Trace.Bytes(p[:n])
	for p = p[:n]; len(p) > 0; {
		piece := len(p)
		if far.in.chopped {
			switch w.Rand.IntN(6) {
			case 0:
				piece = 1 + w.Rand.IntN(piece)
			case 1:
				piece = 1
			}
		}
		far.send(p[:piece])
		p = p[piece:]
	}
	return n
}

// send has a piece arrive here; nil is the end of what comes.
func (e *End) send(piece []byte) {
	w, f := e.net.w, &e.in
	if f.at = max(f.at, w.Now+e.net.latency()); f.chopped && w.Chance(2) {
		f.at++
	}
	f.bytes = append(f.bytes, piece...)
	f.flying += len(piece)
	w.After(f.at-w.Now, func() {
		if e.far.killed && piece != nil && f.flying < len(piece) {
			return // lost on the way
		}
		e.via(func() { e.arrive(len(piece), piece == nil) })
	})
}

func (e *End) arrive(bytes int, ended bool) {
	f := &e.in
	f.flying -= bytes
	f.ended = f.ended || ended
	if e.reader != nil && !e.closed && !e.killed {
		e.reader.Arrived(bytes)
	}
}

// Arrived is how many bytes can be read.
func (e *End) Arrived() int { return len(e.in.bytes) - e.in.flying }

// Ended: the other end has closed, and everything is read.
func (e *End) Ended() bool { return e.in.ended && len(e.in.bytes) == 0 }

// Ending: the other end has closed; something may still be there to read.
func (e *End) Ending() bool { return e.in.ended }

// Unread is how many bytes were written here and not read at the other end.
func (e *End) Unread() int { return len(e.far.in.bytes) }

// Read takes at most so many of the bytes that have arrived.
func (e *End) Read(most int) []byte {
	n := min(most, e.Arrived())
	if n <= 0 || e.closed {
		return nil
	}
	p := e.in.bytes[:n:n]
	e.in.bytes = e.in.bytes[n:]
	if e.far.reader != nil && !e.far.closed && !e.far.killed {
		e.far.reader.Taken()
	}
	return p
}

// Close ends the link in good order: the end follows what was written. Nothing is read any more.
func (e *End) Close() {
	if e.closed = true; !e.said {
		e.said = true
		e.far.send(nil)
	}
}

// Leave has nothing read here any more; the other end closes by itself.
func (e *End) Leave() { e.closed = true }

// Vanish ends the link without the other end's noticing: what it writes fills its window.
func (e *End) Vanish() { e.closed, e.vanished = true, true }

// Kill: the process that lives here is gone. What it wrote may still arrive, or is lost on its way.
func (e *End) Kill() {
	w, f := e.net.w, &e.far.in
	e.killed = true
	if w.Chance(2) {
		w.Counts.Add("fault", "what was on its way is lost")
		f.bytes = f.bytes[:len(f.bytes)-f.flying]
		f.flying = 0
	}
	e.far.send(nil)
}

// Latency is how long a piece takes on this link, drawn anew.
func (e *End) Latency() int64 { return e.net.latency() }

// Killed: the process at the other end is gone.
func (e *End) Killed() bool { return e.far.killed }
