package inspect

import (
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"quoll/jute"
	"quoll/persistence"
)

// errOrphan: a node whose parent did not come before it.
var errOrphan = errors.New("node without a parent")

// tree is the set of the paths of all nodes so far.
type tree map[string]bool

func (t *tree) add(path string) error {
	if *t == nil {
		*t = tree{}
	}
	if path != "" && !(*t)[parent(path)] {
		return fmt.Errorf("%w: %q", errOrphan, path)
	}
	(*t)[path] = true
	return nil
}

// parent returns the parent of a path that is not the root.
func parent(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }

// content is what Diff remembers of a snapshot. It has a hash of the data instead of the data.
type content struct {
	seed     maphash.Seed
	nodes    map[string]nodeContent
	sessions map[jute.SessionID]int32
	acls     map[int64]string
}

type nodeContent struct {
	stat  jute.StatPersisted
	bytes int // -1: null
	hash  uint64
	acl   string
}

func load(fsys persistence.FS, name string, seed maphash.Seed) (*content, error) {
	c := &content{
		seed: seed, nodes: map[string]nodeContent{},
		sessions: map[jute.SessionID]int32{}, acls: map[int64]string{-1: "open"},
	}
	_, err := persistence.ReadSnapshot(fsys, name, readAhead, c)
	return c, err
}

// Session implements snap.Sink.
func (c *content) Session(id jute.SessionID, timeoutMs int32) error {
	c.sessions[id] = timeoutMs
	return nil
}

// ACL implements snap.Sink.
func (c *content) ACL(key int64, acl []jute.ACL) error {
	c.acls[key] = fmt.Sprint(acl)
	return nil
}

// Node implements snap.Sink.
func (c *content) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	n := nodeContent{stat: *st, bytes: len(data), acl: c.acls[acl]}
	if data == nil {
		n.bytes = -1
	}
	n.hash = maphash.Bytes(c.seed, data)
	c.nodes[string(path)] = n
	return nil
}

// Differences counts what Diff printed.
type Differences struct{ OnlyLeft, OnlyRight, Changed, Sessions int }

// Any says whether there is any difference.
func (d Differences) Any() bool { return d != Differences{} }

// Diff prints the differences between two snapshots, in the order of paths: the nodes that only one
// of them has, and for the other nodes the fields that differ. The ACLs themselves are compared,
// not their numbers. It returns ErrInvalid if a snapshot is not valid.
func Diff(fsys persistence.FS, left, right string, p *Printer) (Differences, error) {
	seed := maphash.MakeSeed()
	a, err := load(fsys, left, seed)
	if err != nil {
		p.failure(left, err)
		return Differences{}, ErrInvalid
	}
	b, err := load(fsys, right, seed)
	if err != nil {
		p.failure(right, err)
		return Differences{}, ErrInvalid
	}
	var d Differences
	paths := slices.Collect(maps.Keys(a.nodes))
	for path := range b.nodes {
		if _, ok := a.nodes[path]; !ok {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		x, inA := a.nodes[path]
		y, inB := b.nodes[path]
		switch {
		case !inB:
			d.OnlyLeft++
			p.difference("only-left", path, nil)
		case !inA:
			d.OnlyRight++
			p.difference("only-right", path, nil)
		case x != y:
			d.Changed++
			p.difference("changed", path, x.fields(y))
		}
	}
	d.Sessions = diffSessions(a, b, p)
	p.begin()
	p.word("kind", "summary")
	p.field("onlyLeft", d.OnlyLeft)
	p.field("onlyRight", d.OnlyRight)
	p.field("changed", d.Changed)
	p.field("sessions", d.Sessions)
	p.end()
	return d, nil
}

func diffSessions(a, b *content, p *Printer) (n int) {
	ids := slices.Collect(maps.Keys(a.sessions))
	ids = slices.AppendSeq(ids, maps.Keys(b.sessions))
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		x, inA := a.sessions[id]
		y, inB := b.sessions[id]
		if inA == inB && x == y {
			continue
		}
		n++
		p.begin()
		p.word("kind", "session")
		p.field("id", id)
		p.field("left", x)
		p.field("right", y)
		p.end()
	}
	return n
}

func (p *Printer) difference(kind, path string, fields []string) {
	p.begin()
	p.word("kind", kind)
	p.field("path", rooted(path))
	if len(fields) > 0 {
		p.open("fields", true)
		for _, f := range fields {
			p.field("", f)
		}
		p.close()
	}
	p.end()
}

// fields lists the fields in which two nodes differ, with both values.
func (n nodeContent) fields(m nodeContent) (names []string) {
	visit := func(n nodeContent) map[string]string {
		seen := fieldMap{}
		jute.Visit(&n.stat, seen)
		seen["dataLength"] = fmt.Sprint(n.bytes)
		seen["acl"] = n.acl
		return seen
	}
	x, y := visit(n), visit(m)
	for _, name := range slices.Sorted(maps.Keys(x)) {
		if x[name] != y[name] {
			names = append(names, fmt.Sprintf("%s %s -> %s", name, x[name], y[name]))
		}
	}
	if n.bytes == m.bytes && n.hash != m.hash {
		names = append(names, "data")
	}
	return names
}

// fieldMap is a visitor that keeps the fields of a flat record.
type fieldMap map[string]string

func (m fieldMap) Field(name string, value any) { m[name] = fmt.Sprint(value) }
func (m fieldMap) Enter(string, int)            {}
func (m fieldMap) Leave()                       {}

// Summary prints a line for path and for every node up to depth levels below path. A line says how
// many nodes and bytes of data the node and all nodes below it have. Summary returns ErrInvalid if
// the snapshot is not valid or has no node path.
func Summary(fsys persistence.FS, name, path string, depth int, p *Printer) error {
	s := &summary{at: strings.TrimSuffix(path, "/"), sums: map[string]*sums{}, depth: depth}
	if _, err := persistence.ReadSnapshot(fsys, name, readAhead, s); err != nil {
		p.failure(name, err)
		return ErrInvalid
	}
	if s.sums[s.at] == nil {
		p.failure(name, fmt.Errorf("no node %q", rooted(path)))
		return ErrInvalid
	}
	for _, path := range slices.Sorted(maps.Keys(s.sums)) {
		sum := s.sums[path]
		p.begin()
		p.field("path", rooted(path))
		p.field("children", sum.children)
		p.field("nodes", sum.nodes)
		p.field("bytes", sum.bytes)
		p.end()
	}
	return nil
}

type sums struct {
	children int   // direct
	nodes    int   // itself and all below
	bytes    int64 // of their data
}

// summary is a snap.Sink that adds up nodes and bytes.
type summary struct {
	counter
	at    string
	depth int
	sums  map[string]*sums
}

// Node implements snap.Sink.
func (s *summary) Node(path, data []byte, _ int64, _ *jute.StatPersisted) error {
	node := string(path)
	below, ok := strings.CutPrefix(node, s.at)
	if !ok || below != "" && below[0] != '/' {
		return nil
	}
	level := strings.Count(below, "/")
	if level <= s.depth {
		s.sums[node] = &sums{}
	}
	for up := node; ; up = parent(up) {
		if sum := s.sums[up]; sum != nil {
			sum.nodes++
			sum.bytes += int64(len(data))
			if up != node && level == strings.Count(up[len(s.at):], "/")+1 {
				sum.children++
			}
		}
		if up == s.at {
			return nil
		}
	}
}
