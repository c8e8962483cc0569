package watches

import "quoll/jute"

// bytesAPath is what a path takes in a setWatches request beside its own bytes.
const bytesAPath = 4

// Rearm returns the requests that tell a server, after a reconnect, what is watched, each with not
// more than limit bytes of paths, unless one path alone is longer. seen is the last zxid that the
// client has seen: a one-shot watch whose node changed after it fires at once.
//
// The persistent watches get a Resync event, because no server tells what they have missed. Rearm
// is called when the requests are sure to go ahead of everything that is sent because of it.
func (r *Registry) Rearm(seen jute.Zxid, limit int) []*jute.SetWatches {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := packer{seen: seen, limit: limit}
	for g := range r.paths {
		for path, e := range r.paths[g] {
			r.pack(&p, Group(g), path, e)
		}
	}
	return p.out
}

func (r *Registry) pack(p *packer, g Group, path string, e *entry) {
	if len(e.watches) == 0 {
		return
	}
	switch g {
	case Child:
		p.add(path, func(s *jute.SetWatches) *[][]byte { return &s.Child })
	case Persistent, Recursive:
		p.add(path, func(s *jute.SetWatches) *[][]byte {
			s.Two = true
			if g == Persistent {
				return &s.Persistent
			}
			return &s.PersistentRecursive
		})
		e.push(Event{Kind: Resync, Path: path})
	case Data:
		present, absent := false, false
		for _, w := range e.watches {
			present, absent = present || !w.absent, absent || w.absent
		}
		if present {
			p.add(path, func(s *jute.SetWatches) *[][]byte { return &s.Data })
		}
		if absent {
			p.add(path, func(s *jute.SetWatches) *[][]byte { return &s.Exist })
		}
	}
}

// packer fills requests with paths.
type packer struct {
	seen  jute.Zxid
	limit int
	out   []*jute.SetWatches
	bytes int // of paths in the last request
}

func (p *packer) add(path string, field func(*jute.SetWatches) *[][]byte) {
	size := bytesAPath + len(path)
	if len(p.out) == 0 || p.bytes+size > p.limit {
		// Empty vectors, not null ones: Apache's server reads both, older ones do not.
		none := [][]byte{}
		p.out = append(p.out, &jute.SetWatches{
			RelativeZxid: p.seen, Data: none, Exist: none, Child: none,
			Persistent: none, PersistentRecursive: none,
		})
		p.bytes = 0
	}
	p.bytes += size
	to := field(p.out[len(p.out)-1])
	*to = append(*to, []byte(path))
}

// EndOneShots ends all one-shot watches with err.
func (r *Registry) EndOneShots(err error) {
	r.end(err, func(g Group) bool { return g.OneShot() })
}

// EndAll ends all watches with err.
func (r *Registry) EndAll(err error) { r.end(err, func(Group) bool { return true }) }

func (r *Registry) end(err error, which func(Group) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for g := range r.paths {
		if !which(Group(g)) {
			continue
		}
		for path, e := range r.paths[g] {
			for _, w := range e.watches {
				w.end(err)
			}
			e.watches = nil
			r.tidy(path, Group(g), e, false)
		}
	}
}

// Count is how many Watch values there are.
func (r *Registry) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for g := range r.paths {
		for _, e := range r.paths[g] {
			n += len(e.watches)
		}
	}
	return n
}
