package link

import (
	"runtime"
	"time"
)

const (
	// keptBytes is the largest output buffer that is used again.
	keptBytes = 1 << 20
	// lastWords is how long the reader may go on when nothing can be written any more: a server
	// that hangs up after an answer makes writes fail before the answer is read.
	lastWords = time.Second
	// maxTurns is how often the writer lets others run before it writes.
	maxTurns = 16
)

// write is the writer: it sends control and calls until the link ends.
func (l *Link) write() {
	defer close(l.written)
	var out []byte
	meeting := newMeeting()
	defer meeting.timer.Stop()
	for more, last := false, 0; ; {
		if !more {
			select {
			case <-l.poke:
			case <-l.queue.Wake():
			case <-l.stop:
				return
			}
		}
		last = l.linger(last)
		if !more {
			meeting.wait(l.queue, time.Duration(l.pulse.took.Load()), l.poke, l.stop)
		}
		var calls int
		out, calls, more = l.gather(out[:0])
		if len(out) == 0 {
			continue
		}
		l.pulse.sent.Store(int64(l.clock()))
		if n, err := l.pipe.Write(out); err != nil {
			l.queue.Return(n - calls)
			_ = l.pipe.SetDeadline(time.Now().Add(lastWords))
			return
		}
		if cap(out) > keptBytes {
			out = nil
		}
	}
}

// linger lets others run while they bring more calls: those whose replies came together ask again
// together, and one write for all of them costs little more than one for the first. It returns how
// many calls there are to write.
//
// A caller that is alone does not wait: its call is the only one, and was the only one of the last
// write. The rest wait for a few turns at most.
func (l *Link) linger(last int) (unsent int) {
	unsent, sent := l.queue.Len()
	for turn, before := 0, 0; turn < maxTurns && unsent > before; turn++ {
		if last <= 1 && unsent+sent <= 1 {
			break
		}
		runtime.Gosched()
		before = unsent
		unsent, sent = l.queue.Len()
	}
	return unsent
}

// gather appends what is to be written next. calls is where the frames of the queue begin.
func (l *Link) gather(out []byte) (frames []byte, calls int, more bool) {
	l.control.mu.Lock()
	out = append(out, l.control.frames...)
	l.control.frames = l.control.frames[:0]
	l.control.mu.Unlock()
	calls = len(out)
	if l.draining.Load() {
		return out, calls, false
	}
	out, more = l.queue.Take(out, l.clock())
	return out, calls, more
}
