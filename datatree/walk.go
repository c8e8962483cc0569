package datatree

import (
	"errors"
	"sync"

	"quoll/datatree/internal/store"
	"quoll/jute"
)

// ErrWalkLost ends a walk over a tree that was loaded anew, or that took over another's contents.
// It is no fault: the snapshot is given up.
var ErrWalkLost = errors.New("the tree was replaced under the walk")

// walkBytes is how much a chunk of a walk copies under the read lock before it ends.
const walkBytes = 256 << 10

// Cursor is a place in a walk over the whole tree. The zero Cursor begins one at its first use.
type Cursor struct {
	zxid  jute.Zxid // the last one applied when the walk began
	limit jute.Zxid // nodes made after this one are left to the replay
	begun bool
	load  uint64 // which load of the tree it walks over
	stack []level
	path  []byte

	// The ACL keys that nodes had when the walk began and do not have any more. The table in the
	// snapshot is of that time, and may lack the keys that came later.
	acls map[store.ID]int64

	chunk  []walked
	copied []byte
}

// level is one parent on the way down: its children as they were when it was entered.
type level struct {
	id    store.ID
	czxid jute.Zxid // the parent's; another one means that the id is another node's now
	path  int       // length of the parent's path
	kids  []store.ID
	next  int
}

// walked is one node of a chunk; path and data lie in copied, one behind the other.
type walked struct {
	path, data int // lengths; data is -1 when null
	acl        int64
	st         jute.StatPersisted
}

// Zxid is the last zxid applied when the walk began: the name of the snapshot.
func (c *Cursor) Zxid() jute.Zxid { return c.zxid }

// walks knows the walks under way.
type walks struct {
	mu     sync.Mutex // a walk ends without the tree's lock
	active []*Cursor

	// Under the tree's lock.
	loaded jute.Zxid // the highest czxid that came with a snapshot
	load   uint64    // counts up when the tree begins anew
}

// aclChanges keeps the key that a node had, for the walks that may still come to the node.
func (w *walks) aclChanges(id store.ID, key int64, czxid jute.Zxid) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.active {
		if _, known := c.acls[id]; !known && czxid <= c.limit {
			c.acls[id] = key
		}
	}
}

func (w *walks) begin(c *Cursor) {
	w.mu.Lock()
	w.active = append(w.active, c)
	w.mu.Unlock()
}

func (w *walks) end(c *Cursor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, x := range w.active {
		if x == c {
			w.active = append(w.active[:i], w.active[i+1:]...)
			return
		}
	}
}

// forget ends every walk as lost: the tree begins anew. Only the writer calls it.
func (w *walks) forget() {
	w.mu.Lock()
	w.active = nil
	w.mu.Unlock()
	w.loaded = 0
	w.load++
}

// ACLTable visits the lists that a snapshot begins with, by key.
func (v View) ACLTable(visit func(key int64, acl []jute.ACL)) { v.t.acls.Each(visit) }

// StartWalk begins a walk in the hold of v, so that LastZxid, ACLTable and the walk agree.
func (v View) StartWalk(c *Cursor) {
	*c = Cursor{
		zxid: v.t.lastZxid, limit: max(v.t.lastZxid, v.t.walks.loaded), begun: true,
		load: v.t.walks.load,
		acls: map[store.ID]int64{}, chunk: c.chunk[:0], copied: c.copied[:0],
	}
	v.t.walks.begin(c)
	// The root stands in a level of its own, which cannot change.
	c.stack = append(c.stack[:0], level{id: store.None, kids: []store.ID{store.Root}})
}

// LostWalk says that the tree was replaced since the walk began. It may be asked after the end of
// the walk too: the end of a snapshot must not be taken from another tree.
func (v View) LostWalk(c *Cursor) bool { return c.load != v.t.walks.load }

// StopWalk gives up a walk before its end.
func (t *Tree) StopWalk(c *Cursor) { t.walks.end(c) }

// Walk visits the next max nodes of the tree, parents before children, the root as "". It copies
// them under the read lock, a bounded number of bytes at a time, and visits them without it, so
// that writes go on. A node made after the walk began is left out, a deleted one may be, and a
// changed one may be seen either way: replaying the transactions after Zxid makes it right. An
// error of node ends the walk. ErrWalkLost is returned by the first call after the tree was
// replaced, and by every later one.
//
// Caveats: data and st are on loan: they are valid until node returns, and are overwritten for the
// next node. A walk that is left before its end needs StopWalk: until then each setACL of a node
// that it has not come to is kept for it.
func (t *Tree) Walk(
	c *Cursor, max int,
	node func(path string, data []byte, acl int64, st *jute.StatPersisted) error,
) (more bool, err error) {
	for more = true; more && max > 0; max -= len(c.chunk) {
		if more, err = t.fill(c, max); err == nil {
			err = c.visit(node)
		}
		if err != nil {
			t.walks.end(c)
			return false, err
		}
	}
	if !more {
		t.walks.end(c)
	}
	return more, nil
}

func (c *Cursor) visit(
	node func(path string, data []byte, acl int64, st *jute.StatPersisted) error,
) error {
	from := c.copied
	for i := range c.chunk {
		w := &c.chunk[i]
		path := string(from[:w.path])
		from = from[w.path:]
		data := from[:max(0, w.data):max(0, w.data)]
		from = from[len(data):]
		if w.data < 0 {
			data = nil
		}
		if err := node(path, data, w.acl, &w.st); err != nil {
			return err
		}
	}
	return nil
}

// fill copies the next chunk under the read lock.
func (t *Tree) fill(c *Cursor, max int) (more bool, err error) {
	v := t.Read()
	defer v.Release()
	if !c.begun {
		v.StartWalk(c)
	}
	if v.LostWalk(c) {
		return false, ErrWalkLost
	}
	if c.copied == nil {
		c.copied = make([]byte, 0, walkBytes) // never nil: data that is empty is not null
	}
	c.chunk, c.copied = c.chunk[:0], c.copied[:0]
	c.prune(t.nodes)
	for len(c.stack) > 0 && len(c.chunk) < max && len(c.copied) < walkBytes {
		top := &c.stack[len(c.stack)-1]
		if top.next == len(top.kids) {
			c.stack = c.stack[:len(c.stack)-1]
			continue
		}
		id := top.kids[top.next]
		top.next++
		if c.wants(t.nodes, top.id, id) {
			c.copy(t, top, id)
		}
	}
	return len(c.stack) > 0, nil
}

// prune drops levels whose parent has gone since the last chunk.
func (c *Cursor) prune(s *store.Store) {
	for i, l := range c.stack {
		if l.id != store.None && (!s.Live(l.id) || s.At(l.id).Czxid != l.czxid) {
			c.stack = c.stack[:i]
			return
		}
	}
}

// wants says whether id is still the child of parent that it was when the children were copied, and
// not younger than the walk.
func (c *Cursor) wants(s *store.Store, parent, id store.ID) bool {
	if !s.Live(id) {
		return false
	}
	n := s.At(id)
	return n.Parent == parent && (n.Czxid <= c.limit || id == store.Root)
}

// copy takes a node into the chunk. If the node has children they come next.
func (c *Cursor) copy(t *Tree, top *level, id store.ID) {
	n := t.nodes.At(id)
	c.path = c.path[:top.path]
	if id != store.Root {
		c.path = append(append(c.path, '/'), t.nodes.Name(id)...)
	}
	w := walked{path: len(c.path), data: t.nodes.DataLen(id), acl: t.acls.Key(n.ACL)}
	if key, changed := c.acls[id]; changed {
		w.acl = key
	}
	persisted(n, &w.st)
	c.copied = append(append(c.copied, c.path...), t.nodes.Data(id)...)
	c.chunk = append(c.chunk, w)
	if t.nodes.NumChildren(id) > 0 {
		c.stack = append(c.stack, level{
			id: id, czxid: n.Czxid, path: len(c.path),
			kids: t.nodes.AppendChildIDs(nil, id),
		})
	}
}
