package links

import (
	"errors"
	"io"
	"slices"

	"quoll/internal/sim/pipe"
)

// ErrStalled: a link has taken nothing for too long.
var ErrStalled = errors.New("the link takes nothing")

// link is one end of a connection (pipe.Reader).
type link struct {
	port    *Port
	id      uint64
	end     *pipe.End
	cutter  Cutter
	in, out []byte
	need    int // bytes of the message that has begun; 0: not known yet
	stream  func(in []byte, over bool) (used int, done bool)
	state
}

// state is what a link waits for.
type state struct {
	paused  bool
	streams bool // what follows is no message, until a reader has read it
	closing bool // to be closed when all is sent
	gone    bool
	watched bool  // whether it takes something
	moved   int64 // world time at which it took something last
}

// Arrived implements pipe.Reader.
func (k *link) Arrived(int) { k.read() }

// Taken implements pipe.Reader.
func (k *link) Taken() { k.flush() }

// flush hands to the network what it takes.
func (k *link) flush() {
	if k.gone {
		return
	}
	if n := k.end.Write(k.out); n > 0 {
		k.out = k.out[n:]
		k.moved = k.port.World.Now
		k.port.Tell(Event{Kind: Wrote, Link: k.id, Bytes: n})
	}
	if k.closing && len(k.out) == 0 {
		k.close(nil)
	}
	if len(k.out) > 0 && !k.watched && k.port.Stall > 0 {
		k.moved = max(k.moved, k.port.World.Now)
		k.watch()
	}
}

// watch ends a link that takes nothing for too long.
func (k *link) watch() {
	p := k.port
	k.watched = true
	p.World.After(k.moved+p.Stall-p.World.Now, func() {
		p.Via(func() {
			k.watched = false
			switch {
			case k.gone || len(k.out) == 0:
			case p.World.Now >= k.moved+p.Stall:
				p.World.Counts.Add("fault", "a link between servers stalls")
				k.close(ErrStalled)
			default:
				k.watch()
			}
		})
	})
}

// close ends the link at this side, and says so.
func (k *link) close(err error) {
	if k.gone {
		return
	}
	k.gone = true
	p := k.port
	p.links = slices.DeleteFunc(p.links, func(o *link) bool { return o == k })
	if k.stream != nil {
		k.stream(k.in, true)
	}
	k.end.Close()
	p.Tell(Event{Kind: Closed, Link: k.id, Err: err})
}

// held says whether nothing may be read now.
func (k *link) held() bool { return k.gone || k.paused || k.streams && k.stream == nil }

// read takes what has arrived.
func (k *link) read() {
	for !k.held() && k.end.Arrived() > 0 {
		k.in = append(k.in, k.end.Read()...)
		if !k.work() {
			return
		}
	}
	if !k.held() && len(k.in) > 0 && !k.work() {
		return
	}
	cut := k.end.Ending() && k.end.Cut() && (k.held() || k.end.Arrived() == 0)
	if cut || k.end.Ended() && !k.held() {
		k.close(io.EOF)
	}
}

// work handles what is read; false when the link has ended.
func (k *link) work() bool {
	if k.streams {
		used, done := k.stream(k.in, k.end.Ended())
		k.in = k.in[used:]
		if !done {
			return true
		}
		k.streams, k.stream = false, nil
	}
	for !k.gone && !k.paused && !k.streams {
		if k.need == 0 {
			head := k.in
			if most := k.port.HeadBytes; most > 0 {
				head = head[:min(len(head), most)]
			}
			size, err := k.cutter.Size(head)
			if err != nil {
				k.close(err)
				return false
			}
			k.need = size
		}
		if k.need == 0 || len(k.in) < k.need {
			break
		}
		data := slices.Clone(k.in[:k.need])
		k.in, k.need = k.in[k.need:], 0
		if s, ok := k.cutter.(Streamer); ok {
			k.streams = s.Streams()
		}
		k.port.Tell(Event{Kind: Message, Link: k.id, Data: data})
	}
	return !k.gone
}
