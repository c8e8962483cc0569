package watches

import (
	"context"
	"io"
	"sync"

	"quoll/jute"
)

// Kind is what an event tells.
type Kind uint8

// The kinds. Resync and Overflow are the client's own: events may have been missed.
const (
	Created         = Kind(jute.EventCreated)
	Deleted         = Kind(jute.EventDeleted)
	DataChanged     = Kind(jute.EventDataChanged)
	ChildrenChanged = Kind(jute.EventChildrenChanged)

	Resync   Kind = 16
	Overflow Kind = 17
)

// Event is one thing that a Watch tells.
type Event struct {
	Kind Kind
	Path string // as the server knows it
	Zxid jute.Zxid
}

// Group is which of a server's watches a Watch stands for.
type Group uint8

// The groups.
const (
	Data Group = iota
	Child
	Persistent
	Recursive
	groups
)

// OneShot says whether the server's watch is gone after one event.
func (g Group) OneShot() bool { return g == Data || g == Child }

// Bounds of the events that a Watch holds.
const (
	MaxEvents          = 1024
	MaxRecursiveEvents = 16384
)

// Watch is one who watches.
type Watch struct {
	group Group
	path  string
	// absent: the node did not exist when the watch was left. After a reconnect the server is
	// then asked whether it exists now, and not whether it has changed.
	absent bool

	mu     sync.Mutex
	events []Event
	fired  chan struct{} // closed while there are events, or when the watch has ended
	open   bool          // fired is not closed
	over   error         // what follows the last event; nil while more can come
}

// New makes a Watch that is not registered yet.
func New(path string, group Group) *Watch {
	return &Watch{path: path, group: group, fired: make(chan struct{}), open: true}
}

// Path is the node that is watched, as the server knows it.
func (w *Watch) Path() string { return w.path }

// Fired is closed when Next would not wait.
func (w *Watch) Fired() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fired
}

// Next returns the next event. After the last one it returns the reason of the end, which is io.EOF
// for a one-shot watch that has fired.
func (w *Watch) Next(ctx context.Context) (Event, error) {
	for {
		w.mu.Lock()
		if len(w.events) > 0 {
			e := w.pop()
			w.mu.Unlock()
			return e, nil
		}
		over, fired := w.over, w.fired
		w.mu.Unlock()
		if over != nil {
			return Event{}, over
		}
		select {
		case <-fired:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

func (w *Watch) pop() Event {
	e := w.events[0]
	w.events = w.events[1:]
	if len(w.events) == 0 {
		w.events = nil
		if w.over == nil {
			w.fired, w.open = make(chan struct{}), true
		}
	}
	return e
}

// push adds an event. A one-shot watch has ended with it.
func (w *Watch) push(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over != nil {
		return
	}
	limit := MaxEvents
	if w.group == Recursive {
		limit = MaxRecursiveEvents
	}
	switch last := len(w.events) - 1; {
	case len(w.events) >= limit:
		w.events = []Event{{Kind: Overflow, Path: w.path}}
	case e.Kind == Resync && last >= 0 && w.events[last].Kind == Resync:
		return
	default:
		w.events = append(w.events, e)
	}
	if w.group.OneShot() {
		w.over = io.EOF
	}
	w.tell()
}

// end lets nothing follow but the error. Events that are there can still be read.
func (w *Watch) end(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over == nil {
		w.over = err
		w.tell()
	}
}

func (w *Watch) tell() {
	if w.open {
		w.open = false
		close(w.fired)
	}
}
