package pipe

import "net/netip"

// Reader gets what arrives at an end.
type Reader interface {
	// Arrived: there is something to Read, or Ending has become true.
	Arrived(bytes int)
	// Taken: the other end has read something of what was written here; there is room.
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
	unread        int // bytes that were written here and are not known to be read
	state
}

// state is what has become of an end.
type state struct {
	closed   bool // by the reader: nothing is read any more
	said     bool // and the other end is told of it
	vanished bool // the other end is never told
	killed   bool // the process that lived here is gone
	broken   bool // the link is cut
	resets   bool // bytes that come to a vanished end cut the link
	deaf     bool // but not while there are faults
}

// flow is what comes towards an end.
type flow struct {
	window  int    // 0: no limit
	chopped bool   // writes arrive in pieces
	lasts   int    // bytes after which the link breaks; 0: it does not
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
	w, in := e.net.w, &e.far.in
	n := len(p)
	if in.window > 0 {
		n = min(n, in.window-e.unread)
	}
	if n <= 0 || e.closed || e.killed || e.broken {
		return 0
	}
	w.Trace.Mix(uint64(e.id))
	w.Trace.Bytes(p[:n])
	e.unread += n
	for p = p[:n]; len(p) > 0; {
		piece := len(p)
		if in.chopped {
			switch w.Rand.IntN(6) {
			case 0:
				piece = 1 + w.Rand.IntN(piece)
			case 1:
				piece = 1
			}
		}
		e.far.send(p[:piece])
		p = p[piece:]
	}
	return n
}

// send lets a piece arrive here.
func (e *End) send(piece []byte) {
	f, n := &e.in, len(piece)
	f.bytes = append(f.bytes, piece...)
	f.flying += n
	e.pass(func() {
		if f.flying < n {
			return // lost on the way
		}
		if e.vanished && e.resets {
			e.reset()
			return
		}
		e.via(func() { e.arrive(n) })
	})
}

// arrive gives bytes to the reader of this end.
func (e *End) arrive(n int) {
	f := &e.in
	if f.flying < n || e.killed {
		return
	}
	f.flying -= n
	if f.lasts > 0 && !e.net.healed {
		if f.lasts -= n; f.lasts <= 0 {
			e.net.w.Counts.Add("fault", "a link breaks")
			e.Break()
		}
	}
	switch {
	case e.vanished:
	case e.closed: // nobody reads the bytes, and the other end does not know yet
		f.bytes = f.bytes[n:]
		e.ack(n)
	case e.reader != nil:
		e.reader.Arrived(n)
	}
}

// end tells this end that nothing follows, behind what is on its way.
func (e *End) end() {
	e.pass(func() {
		e.via(func() {
			if e.in.ended {
				return
			}
			e.in.ended = true
			if e.reader != nil && !e.closed && !e.killed {
				e.reader.Arrived(0)
			}
		})
	})
}

// Arrived is how many bytes can be read.
func (e *End) Arrived() int { return len(e.in.bytes) - e.in.flying }

// Ended says whether the other end has closed, or the link is cut, and all that came is read.
func (e *End) Ended() bool { return e.in.ended && len(e.in.bytes) == 0 }

// Ending says whether nothing more will come; something may still be there to read.
func (e *End) Ending() bool { return e.in.ended }

// Unread is how many bytes were written here and are not known to be read at the other end.
func (e *End) Unread() int { return e.unread }

// Read takes bytes that have arrived, at times not all of them.
func (e *End) Read() []byte {
	n := e.Arrived()
	if n <= 0 || e.closed {
		return nil
	}
	if e.net.rules.ShortReads && e.net.w.Chance(2) {
		n = 1 + e.net.w.Rand.IntN(n)
	}
	p := e.in.bytes[:n:n]
	e.in.bytes = e.in.bytes[n:]
	e.ack(n)
	return p
}

// ack tells the other end that bytes were read here.
func (e *End) ack(n int) {
	far := e.far
	e.net.carry(e.local.Addr(), far.local.Addr(), e.net.w.Now+e.net.latency(), func() {
		far.via(func() {
			far.unread -= n
			if far.reader != nil && !far.closed && !far.killed {
				far.reader.Taken()
			}
		})
	})
}

// Close ends the link in good order: the end follows what was written. Nothing is read any more.
func (e *End) Close() {
	if e.closed = true; !e.said {
		e.said = true
		e.far.end()
	}
}

// Leave stops the reading here. The other end closes by itself.
func (e *End) Leave() { e.closed = true }

// Vanish ends the link, and the other end does not notice: what it writes fills its window.
func (e *End) Vanish() { e.closed, e.vanished = true, true }

// Kill ends the process at this end. What it wrote may still arrive, or is lost on its way.
func (e *End) Kill() {
	w := e.net.w
	e.killed = true
	if w.Chance(2) {
		w.Counts.Add("fault", "what was on its way is lost")
		e.far.lose()
	}
	e.far.end()
}

// Break cuts the link: what is on its way is lost, and each end sees it.
func (e *End) Break() {
	for _, x := range []*End{e, e.far} {
		if !x.broken {
			x.broken = true
			x.lose()
			x.end()
		}
	}
}

// lose forgets what is on its way to this end.
func (e *End) lose() {
	f := &e.in
	f.bytes = f.bytes[:len(f.bytes)-f.flying]
	f.flying = 0
}

// Cut says whether the process at the other end is gone, or the link is cut. The end of what came
// has no meaning then.
func (e *End) Cut() bool { return e.far.killed || e.broken }
