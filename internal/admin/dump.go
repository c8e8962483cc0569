package admin

import (
	"cmp"
	"slices"
	"time"

	"quoll/datatree/watch"
	"quoll/jute"
	"quoll/processor"
)

// dump tells of sessions, ephemerals and connections.
func (c *Commands) dump(p *page) {
	p.text("SessionTracker dump:\n")
	c.dumpSessions(p)
	p.text("ephemeral nodes dump:\n")
	c.dumpEphemerals(p)
	p.text("Connections dump:\n")
	c.dumpConnections(p)
}

func (c *Commands) dumpSessions(p *page) {
	s := c.Sessions(true)
	count := 0
	for _, d := range s.Deadlines {
		count += len(d.IDs)
	}
	p.sets("Session", len(s.Deadlines), count)
	for _, d := range s.Deadlines {
		p.expireAt(len(d.IDs), s.WallMillis+d.InMillis)
		for _, id := range d.IDs {
			if !p.fits() {
				return
			}
			p.hex("\t0x", int64(id))
			p.text("\n")
		}
	}
}

// sets is the first line of a queue of deadlines: how many of them, and of what.
func (p *page) sets(what string, buckets, members int) {
	p.number(what+" Sets (", int64(buckets))
	p.number(")/(", int64(members))
	p.text("):\n")
}

// expireAt is the line above those who end at a time, printed as java.util.Date does.
func (p *page) expireAt(members int, wallMillis int64) {
	p.number("", int64(members))
	at := time.UnixMilli(wallMillis)
	p.text(" expire at ", at.Format("Mon Jan 02 15:04:05 MST 2006"), ":\n")
}

// dumpEphemerals takes the tree's lock once a session, not for the whole list.
func (c *Commands) dumpEphemerals(p *page) {
	v := c.Shared.Tree.Read()
	sessions := v.Sessions()
	v.Release()
	p.number("Sessions with Ephemerals (", int64(len(sessions)))
	p.text("):\n")
	for _, id := range sessions {
		if !p.fits() {
			return
		}
		v := c.Shared.Tree.Read()
		paths := v.EphemeralsOf(id)
		v.Release()
		p.hex("0x", int64(id))
		p.text(":\n")
		for _, path := range paths {
			p.text("\t", string(path), "\n")
		}
	}
}

// dumpConnections prints when connections end that nothing is heard of: rounded up to the next
// whole nio.sessionlessCnxnTimeout, as Apache's are.
func (c *Commands) dumpConnections(p *page) {
	type connection struct {
		processor.ConnStats
		at int64 // monotonic ms
	}
	interval := max(c.Config.Network.SessionlessTimeout.Milliseconds(), 1)
	var all []connection
	for _, s := range c.connections() {
		st := s.Stats()
		end := max(st.HeardMillis, st.OpenedMillis) + int64(st.TimeoutMillis)
		all = append(all, connection{st, (end/interval + 1) * interval})
	}
	slices.SortStableFunc(all, func(a, b connection) int { return cmp.Compare(a.at, b.at) })
	var buckets [][]connection
	for i, s := range all {
		if i == 0 || s.at != all[i-1].at {
			buckets = append(buckets, nil)
		}
		last := &buckets[len(buckets)-1]
		*last = append(*last, s)
	}
	p.sets("Connections", len(buckets), len(all))
	for _, bucket := range buckets {
		p.expireAt(len(bucket), bucket[0].at+c.epoch)
		for i := range bucket {
			if !p.fits() {
				return
			}
			p.text("\tip: ")
			p.address(bucket[i].Peer)
			p.hex(" sessionId: 0x", int64(bucket[i].Session))
			p.text("\n")
		}
	}
}

// wchs, wchp and wchc tell of data watches alone, as Apache's do.
func (c *Commands) wchs(p *page) {
	v := c.Shared.Tree.Read()
	s := v.WatchSummary()
	v.Release()
	p.number("", int64(s.Watchers))
	p.number(" connections watching ", int64(s.Paths))
	p.number(" paths\nTotal watches:", int64(s.Total))
	p.text("\n")
}

func (c *Commands) wchp(p *page) {
	sessions := c.sessionsOf()
	v := c.Shared.Tree.Read()
	defer v.Release()
	v.WatchesByPath(func(path string, to []watch.Watcher) {
		if !p.fits() {
			return
		}
		p.text(plain(path), "\n")
		for _, w := range to {
			p.hex("\t0x", int64(sessions[w]))
			p.text("\n")
		}
	})
	p.text("\n")
}

// plain is a watched path as Java prints it. What stands for a null path is no text of any other.
func plain(path string) string {
	if path == "\xff" {
		return "null"
	}
	return jute.PlainText(path)
}

func (c *Commands) wchc(p *page) {
	sessions := c.sessionsOf()
	v := c.Shared.Tree.Read()
	defer v.Release()
	v.WatchesByWatcher(func(w watch.Watcher, paths []string) {
		if !p.fits() {
			return
		}
		p.hex("0x", int64(sessions[w]))
		p.text("\n")
		for _, path := range paths {
			p.text("\t", plain(path), "\n")
		}
	})
	p.text("\n")
}

// sessionsOf is which connection has which session.
func (c *Commands) sessionsOf() map[watch.Watcher]jute.SessionID {
	streams := make(map[watch.Watcher]*processor.Stream, c.Shared.Conns.Len())
	c.Shared.Conns.Each(func(w watch.Watcher, s *processor.Stream) { streams[w] = s })
	sessions := make(map[watch.Watcher]jute.SessionID, len(streams))
	for w, s := range streams {
		sessions[w] = s.Stats().Session
	}
	return sessions
}
