package admin

import (
	"cmp"
	"slices"

	"quoll/datatree/watch"
	"quoll/jute"
)

// wchs, wchp and wchc report data watches only, as in Apache.

// WatchSummary returns the numbers that wchs prints.
func (c *Commands) WatchSummary() watch.Summary {
	v := c.Shared.Tree.Read()
	defer v.Release()
	return v.WatchSummary()
}

func (c *Commands) wchs(p *page) {
	s := c.WatchSummary()
	p.number("", int64(s.Watchers))
	p.number(" connections watching ", int64(s.Paths))
	p.number(" paths\nTotal watches:", int64(s.Total))
	p.text("\n")
}

// WatchFacts are the facts that wchp and wchc print.
type WatchFacts struct {
	// Watches has every watch, in no order.
	Watches []Watch
	// Watching has every connection that has watches or had some, in the order of connections.
	Watching []Watching
	// Cut says that there are more watches than Watches has.
	Cut bool
}

// Watching is a connection that watches, identified by its session.
type Watching struct {
	Session jute.SessionID
	number  watch.Watcher
}

// Watch is one watch: a path and the connection that watches it.
type Watch struct {
	Path string
	Watching
}

// WatchFacts returns the present facts, with at most about limitBytes of watches. It reads the
// watches in pieces. Between two pieces watches may be added and removed.
func (c *Commands) WatchFacts(limitBytes int) (f WatchFacts) {
	sessions := c.sessionsOf()
	numbers := make([]watch.Watcher, 0, len(sessions))
	for w := range sessions {
		if c.Shared.Tree.Watches(w) {
			numbers = append(numbers, w)
		}
	}
	slices.Sort(numbers)
	for _, w := range numbers {
		f.Watching = append(f.Watching, Watching{sessions[w], w})
	}
	var at watch.Cursor
	for more := true; more && limitBytes > 0; f.Cut = more {
		more = c.Shared.Tree.WalkWatches(&at, walkChunk, func(path string, w watch.Watcher) {
			limitBytes -= len(path) + 20
			if session, ok := sessions[w]; ok { // a connection that began since then is left out
				f.Watches = append(f.Watches, Watch{path, Watching{session, w}})
			}
		})
	}
	return f
}

// sessionsOf returns the session of each connection.
func (c *Commands) sessionsOf() map[watch.Watcher]jute.SessionID {
	streams := c.Shared.Streams()
	sessions := make(map[watch.Watcher]jute.SessionID, len(streams))
	for _, s := range streams {
		sessions[s.Watcher] = s.Stats().Session
	}
	return sessions
}

func (c *Commands) wchp(p *page) {
	f := c.WatchFacts(p.limit)
	slices.SortFunc(f.Watches, func(a, b Watch) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.number, b.number))
	})
	for i, w := range f.Watches {
		if !p.fits() {
			break
		}
		if i == 0 || w.Path != f.Watches[i-1].Path {
			p.text(plain(w.Path), "\n")
		}
		p.hex("\t0x", int64(w.Session))
		p.text("\n")
	}
	p.cut = p.cut || f.Cut
	p.text("\n")
}

// plain returns a watched path as Java prints it. "\xff" stands for a null path; no other path is
// equal to it, because it is not valid UTF-8.
func plain(path string) string {
	if path == "\xff" {
		return "null"
	}
	return jute.PlainText(path)
}

func (c *Commands) wchc(p *page) {
	f := c.WatchFacts(p.limit)
	slices.SortFunc(f.Watches, func(a, b Watch) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.Path, b.Path))
	})
	left := f.Watches
	for _, who := range f.Watching {
		if !p.fits() {
			break
		}
		p.hex("0x", int64(who.Session))
		p.text("\n")
		for ; len(left) > 0 && left[0].number <= who.number && p.fits(); left = left[1:] {
			if left[0].number == who.number { // others began to watch after Watching was made
				p.text("\t", plain(left[0].Path), "\n")
			}
		}
	}
	p.cut = p.cut || f.Cut
	p.text("\n")
}
