package clientlog

import (
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"quoll/processor/tell"
)

const (
	// wholeLines is how many events of a kind have a line of their own in a window.
	wholeLines = 10
	// windowLength is how long further events are counted before one line reports them.
	windowLength = 10 * time.Second
)

// Log takes events of clients and writes lines (tell.Teller).
type Log struct {
	logger *zap.Logger
	levels [tell.Kinds]zapcore.Level
	wanted [tell.Kinds]bool // the log's level lets the kind's lines pass

	mu      sync.Mutex // guards windows, queue and closed
	windows [tell.Kinds]window
	queue   []tell.Event // events that get a line, in order; the writer takes them all at once
	closed  bool
	signal  chan struct{} // holds one value when the queue is not empty, or the log is closed
	ended   chan struct{} // closed by run at its end
}

// window counts the events of one kind since the first event of the window.
type window struct {
	whole int        // events that get a line
	more  int        // events that get none
	last  tell.Event // the last event that gets none
	began time.Time  // when the writer saw the window first; zero: not yet
}

// Open starts the log. sessions is the level of lines about sessions that begin: debug or info.
func Open(logger *zap.Logger, sessions zapcore.Level) *Log {
	l := newLog(logger, sessions)
	go l.run()
	return l
}

func newLog(logger *zap.Logger, sessions zapcore.Level) *Log {
	l := &Log{logger: logger, signal: make(chan struct{}, 1), ended: make(chan struct{})}
	for k := range l.levels {
		l.levels[k] = lines[k].level
	}
	for _, k := range []tell.Kind{tell.Established, tell.Renewed} {
		l.levels[k] = max(l.levels[k], sessions)
	}
	for k := range l.wanted {
		l.wanted[k] = lines[k].text != "" && logger.Core().Enabled(l.levels[k])
	}
	return l
}

// Tell takes one event. It does not block, and does nothing for a kind whose level is off.
func (l *Log) Tell(e tell.Event) {
	if e.Kind == tell.Cut {
		e.Kind = whyCut(e.Err)
	}
	if !l.wanted[e.Kind] {
		return
	}
	l.mu.Lock()
	w := &l.windows[e.Kind]
	whole := w.whole < wholeLines && !l.closed
	if whole {
		w.whole++
		l.queue = append(l.queue, e)
	} else {
		w.more++
		w.last = e
	}
	l.mu.Unlock()
	if whole {
		l.poke()
	}
}

func (l *Log) poke() {
	select {
	case l.signal <- struct{}{}:
	default:
	}
}

// Close writes the waiting events, ends every window, and ends the writer. Later events are not
// written.
func (l *Log) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.poke()
	<-l.ended
}

// run is the writer.
func (l *Log) run() {
	defer close(l.ended)
	timer := time.NewTimer(windowLength)
	defer timer.Stop()
	for {
		select {
		case <-l.signal:
		case <-timer.C:
		}
		now := time.Now()
		next, closed := l.write(now)
		if closed {
			return
		}
		if !next.IsZero() {
			timer.Reset(next.Sub(now))
		}
	}
}

// write writes the waiting events, and ends the windows whose time is over, or all windows if the
// log is closed. It returns when the next window ends, zero if no window is open.
func (l *Log) write(now time.Time) (next time.Time, closed bool) {
	var over []window
	l.mu.Lock()
	events := l.queue
	l.queue, closed = nil, l.closed
	for k := range l.windows {
		w := &l.windows[k]
		if w.whole == 0 {
			continue
		}
		if w.began.IsZero() {
			w.began = now
		}
		end := w.began.Add(windowLength)
		switch {
		case closed || !now.Before(end):
			if w.more > 0 {
				over = append(over, *w)
			}
			*w = window{}
		case next.IsZero() || end.Before(next):
			next = end
		}
	}
	l.mu.Unlock()
	for i := range events {
		l.whole(&events[i])
	}
	for i := range over {
		l.summary(&over[i], now)
	}
	return next, closed
}
