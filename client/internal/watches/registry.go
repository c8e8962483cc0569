package watches

import (
	"slices"
	"strings"
	"sync"

	"quoll/jute"
)

// Registry has the watches of a client.
type Registry struct {
	// TakeOff is called when nobody needs a watch of the server any more. It is called with the
	// registry's mutex, so that no request for the same watch can come between. It must not wait.
	takeOff func(path string, group Group)

	mu    sync.Mutex
	paths [groups]map[string]*entry
}

// entry is one watch of the server, or one that will be there.
type entry struct {
	watches  []*Watch
	expected int // requests under way that leave it
}

// NewRegistry makes a Registry.
func NewRegistry(takeOff func(path string, group Group)) *Registry {
	r := &Registry{takeOff: takeOff}
	for g := range r.paths {
		r.paths[g] = map[string]*entry{}
	}
	return r
}

// Expect is called before a request is made that leaves a watch.
func (r *Registry) Expect(w *Watch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.paths[w.group][w.path]
	if e == nil {
		e = new(entry)
		r.paths[w.group][w.path] = e
	}
	e.expected++
}

// Settle is called when the request has its reply, or will not have one. left says that the server
// has the watch now. wanted says that there is someone who watches. absent says that the node does
// not exist.
func (r *Registry) Settle(w *Watch, left, wanted, absent bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.paths[w.group][w.path]
	e.expected--
	if left && wanted {
		w.absent = absent
		e.watches = append(e.watches, w)
	}
	r.tidy(w.path, w.group, e, left)
}

// Close ends a watch. The last one that stands for a watch of the server takes it off.
func (r *Registry) Close(w *Watch, err error) {
	w.end(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.paths[w.group][w.path]
	if e == nil {
		return
	}
	i := slices.Index(e.watches, w)
	if i < 0 {
		return
	}
	e.watches = slices.Delete(e.watches, i, i+1)
	r.tidy(w.path, w.group, e, true)
}

// tidy forgets an entry that nobody needs. there says that the server has the watch.
func (r *Registry) tidy(path string, g Group, e *entry, there bool) {
	if len(e.watches) > 0 || e.expected > 0 {
		return
	}
	delete(r.paths[g], path)
	if there {
		r.takeOff(path, g)
	}
}

// Deliver hands an event of the server to all who watch.
func (r *Registry) Deliver(kind Kind, path string, zxid jute.Zxid) {
	ev := Event{Kind: kind, Path: path, Zxid: max(zxid, 0)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if kind != ChildrenChanged {
		r.fire(Data, ev)
		r.tellAbove(ev)
	}
	if kind == ChildrenChanged || kind == Deleted {
		r.fire(Child, ev)
	}
	if e := r.paths[Persistent][path]; e != nil {
		e.push(ev)
	}
}

// fire tells the one-shot watches of a path. The server has forgotten its watch.
func (r *Registry) fire(g Group, ev Event) {
	e := r.paths[g][ev.Path]
	if e == nil {
		return
	}
	e.push(ev)
	e.watches = nil
	r.tidy(ev.Path, g, e, false)
}

// tellAbove tells the recursive watches of the path and of everything above it.
func (r *Registry) tellAbove(ev Event) {
	if len(r.paths[Recursive]) == 0 {
		return
	}
	for at := ev.Path; ; {
		if e := r.paths[Recursive][at]; e != nil {
			e.push(ev)
		}
		if at == "/" {
			return
		}
		slash := strings.LastIndexByte(at, '/')
		if slash < 0 {
			return
		}
		at = at[:max(slash, 1)]
	}
}

func (e *entry) push(ev Event) {
	for _, w := range e.watches {
		w.push(ev)
	}
}
