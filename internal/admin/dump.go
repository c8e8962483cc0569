package admin

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"quoll/jute"
	"quoll/processor/lane"
)

// DumpFacts are the facts that dump prints: sessions, ephemerals and connections.
type DumpFacts struct {
	Sessions   Sessions // with deadlines
	Ephemerals []OwnedNodes
	// Owners is how many sessions have ephemerals. If the dump was cut, Ephemerals has fewer.
	Owners int
	// Connections are in the order in which they end if their clients send nothing more.
	Connections []Ending
}

// OwnedNodes are the ephemerals of one session, in order.
type OwnedNodes struct {
	Session jute.SessionID
	Paths   [][]byte
}

// Ending is a connection, and the time when it ends if its client sends nothing more: ms of the
// monotonic clock, rounded up to a whole nio.sessionlessCnxnTimeout as in Apache.
type Ending struct {
	lane.ConnStats
	AtMillis int64
}

// DumpFacts returns the present facts, with at most about limitBytes of paths.
func (c *Commands) DumpFacts(limitBytes int) DumpFacts {
	f := DumpFacts{Sessions: c.Sessions(true), Connections: c.endings()}
	owners := c.Shared.Tree.Sessions()
	f.Owners = len(owners)
	for _, id := range owners {
		if limitBytes <= 0 {
			break
		}
		owned := OwnedNodes{Session: id, Paths: c.ephemerals(id, &limitBytes)}
		f.Ephemerals = append(f.Ephemerals, owned)
	}
	return f
}

// walkChunk is how many ephemerals or watches are read in one hold of a lock.
const walkChunk = 1024

// ephemerals lists the ephemerals of a session, until the bytes that are left are used up.
func (c *Commands) ephemerals(id jute.SessionID, left *int) (paths [][]byte) {
	for from := -1; from != 0 && *left > 0; {
		listed := len(paths)
		v := c.Shared.Tree.Read()
		paths, from = v.EphemeralsFrom(paths, id, from, walkChunk)
		v.Release()
		for _, path := range paths[listed:] {
			*left -= len(path) + 2
		}
	}
	*left -= 20 // bytes of the session's line
	slices.SortFunc(paths, bytes.Compare)
	return slices.CompactFunc(paths, bytes.Equal)
}

// endings returns all connections in the order of their ends.
func (c *Commands) endings() []Ending {
	interval := max(c.Config.Network.SessionlessTimeout.Milliseconds(), 1)
	all := make([]Ending, 0, c.Shared.Conns.Len())
	for _, st := range c.Connections() {
		end := max(st.HeardMillis, st.OpenedMillis) + int64(st.TimeoutMillis)
		all = append(all, Ending{st, (end/interval + 1) * interval})
	}
	slices.SortStableFunc(all, func(a, b Ending) int { return cmp.Compare(a.AtMillis, b.AtMillis) })
	return all
}

func (c *Commands) dump(p *page) {
	f := c.DumpFacts(p.limit)
	p.text("SessionTracker dump:\n")
	p.sessions(&f.Sessions)
	p.text("ephemeral nodes dump:\n")
	p.number("Sessions with Ephemerals (", int64(f.Owners))
	p.text("):\n")
	for _, owned := range f.Ephemerals {
		if !p.fits() {
			break
		}
		p.hex("0x", int64(owned.Session))
		p.text(":\n")
		for _, path := range owned.Paths {
			p.text("\t", string(path), "\n")
		}
	}
	p.cut = p.cut || len(f.Ephemerals) < f.Owners
	p.text("Connections dump:\n")
	p.endings(f.Connections, c.epoch)
}

func (p *page) sessions(s *Sessions) {
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

// sets prints the first line of a list of deadlines: how many deadlines and members it has.
func (p *page) sets(what string, buckets, members int) {
	p.number(what+" Sets (", int64(buckets))
	p.number(")/(", int64(members))
	p.text("):\n")
}

// expireAt prints the line above the members of a deadline. The time has the form of
// java.util.Date.
func (p *page) expireAt(members int, wallMillis int64) {
	p.number("", int64(members))
	at := time.UnixMilli(wallMillis)
	p.text(" expire at ", at.Format("Mon Jan 02 15:04:05 MST 2006"), ":\n")
}

func (p *page) endings(all []Ending, epoch int64) {
	var buckets [][]Ending
	for i, s := range all {
		if i == 0 || s.AtMillis != all[i-1].AtMillis {
			buckets = append(buckets, nil)
		}
		last := &buckets[len(buckets)-1]
		*last = append(*last, s)
	}
	p.sets("Connections", len(buckets), len(all))
	for _, bucket := range buckets {
		p.expireAt(len(bucket), bucket[0].AtMillis+epoch)
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
