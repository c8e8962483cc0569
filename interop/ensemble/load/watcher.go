package load

import (
	"context"

	"quoll/interop/ensemble/history"
	"quoll/jute"
)

// watcher leaves watches and leaves them again when they were told.
type watcher struct {
	*client
	left map[string]*history.Op // asked for, by path; not told yet
}

func newWatcher(c *client) worker {
	c.rung = make(chan struct{}, 1)
	w := &watcher{client: c, left: map[string]*history.Op{}}
	c.heard = func(e history.Event) { delete(w.left, e.Path) }
	return w
}

// paths are those that it watches, the directory last.
func (w *watcher) paths() []string {
	return append(append([]string{}, w.counters...), w.options.Root+listed)
}

func (w *watcher) isList(path string) bool { return path == w.options.Root+listed }

// attached sets again what was left on the state that the client has seen.
func (w *watcher) attached() {
	if w.conns == 1 { // a new session
		clear(w.left)
	}
	o := &history.Op{Kind: history.Watches}
	// Apache's servers fail on a null vector.
	body := &jute.SetWatches{RelativeZxid: w.lastZxid, Data: [][]byte{}, Exist: [][]byte{},
		Child: [][]byte{}}
	for _, path := range w.paths() {
		switch {
		case !w.isLeft(path):
			delete(w.left, path)
		case w.isList(path):
			o.ChildOf, body.Child = append(o.ChildOf, path), append(body.Child, []byte(path))
		default:
			o.Paths, body.Data = append(o.Paths, path), append(body.Data, []byte(path))
		}
	}
	if len(o.Paths)+len(o.ChildOf) > 0 {
		w.send(o, jute.OpSetWatches, body, nil)
	}
}

// isLeft says whether a watch was left in this session and not told.
func (w *watcher) isLeft(path string) bool {
	o := w.left[path]
	return o != nil && o.Outcome == history.OK
}

func (w *watcher) work(ctx context.Context) {
	// What came before an event was asked for must be known before the event is looked at.
	w.drain()
	w.collect()
	for _, path := range w.paths() {
		if w.left[path] != nil {
			continue
		}
		if w.isList(path) {
			w.left[path] = w.list(path, true)
		} else {
			w.left[path] = w.get(path, true)
		}
	}
	switch dice := w.random.IntN(400); {
	case dice == 0:
		w.leave()
	case dice < 20:
		w.get(w.counters[w.random.IntN(len(w.counters))], false)
	}
	w.drain()
	w.rest(ctx)
	w.pace(ctx)
}

// leave ends the connection with watches on it.
func (w *watcher) leave() {
	w.conn.Abort()
	w.drain()
	w.collect()
}

func (w *watcher) settle(context.Context) {}

// finish reads everything once more: a watch that was not told would show.
func (w *watcher) finish(context.Context) {
	w.sync(w.options.Root)
	w.drain()
	for _, path := range w.paths() {
		if w.isList(path) {
			w.list(path, false)
		} else {
			w.get(path, false)
		}
	}
	w.drain()
	w.collect()
}
