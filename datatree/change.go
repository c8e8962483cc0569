package datatree

import (
	"bytes"

	"quoll/datatree/internal/store"
	"quoll/datatree/watch"
	"quoll/jute"
)

// newNode is what a create says. Its slices alias the transaction.
type newNode struct {
	path     []byte
	data     []byte
	acl      []byte // encoded
	owner    jute.SessionID
	cversion int32 // of the parent afterwards; -1: one more
	zxid     jute.Zxid
	time     int64
}

// decode reads the record of a create transaction. It does not decode the ACL, because the tree
// nearly always has the same one.
func (n *newNode) decode(op jute.OpCode, body []byte, session jute.SessionID) bool {
	c := jute.Decoder(body)
	c.Text("path", &n.path)
	c.Buffer("data", &n.data)
	n.acl = encodedACL(&c, body)
	switch op {
	case jute.OpCreateContainer:
		c.Int("parentCVersion", &n.cversion)
		n.owner = ContainerOwner
	case jute.OpCreateTTL:
		var ttl int64
		c.Int("parentCVersion", &n.cversion)
		c.Long("ttl", &ttl)
		n.owner = TTLOwner(ttl)
	default:
		var ephemeral bool
		if c.Bool("ephemeral", &ephemeral); ephemeral {
			n.owner = session
		}
		n.cversion = -1 // as in logs of before 3.3
		if len(c.Rest()) > 0 {
			c.Int("parentCVersion", &n.cversion)
		}
	}
	return !c.Failed()
}

// encodedACL passes over an ACL in a body that c reads, and returns its bytes.
func encodedACL(c *jute.Coder, body []byte) []byte {
	from := c.Offset()
	for range max(0, c.Count("acl", 0, false, 12)) {
		var perms int32
		var word []byte
		c.Int("perms", &perms)
		c.Buffer("scheme", &word)
		c.Buffer("id", &word)
	}
	return body[from:c.Offset()]
}

// createNode adds a node. The caller looks at the result, and then must call created.
func (t *Tree) createNode(c *newNode) (store.ID, jute.ErrorCode) {
	parentPath, name, ok := jute.SplitPath(c.path)
	if !ok {
		return store.None, jute.NoNode
	}
	parent := t.nodes.Lookup(parentPath)
	if parent == store.None {
		return store.None, jute.NoNode
	}
	handle := t.acls.InternEncoded(c.acl)
	if old := t.nodes.Lookup(c.path); old != store.None {
		t.acls.Drop(t.nodes.At(old).ACL)
		t.nodes.At(old).ACL = handle
		t.largest.raise(t, old)
		return old, jute.NodeExists
	}
	t.removeDigest(parent)
	p := t.nodes.At(parent)
	cversion := c.cversion
	if cversion == -1 {
		cversion = p.Cversion + 1
	}
	if cversion > p.Cversion {
		p.Cversion, p.Pzxid = cversion, c.zxid
	}
	t.addDigest(parent, parentPath)

	id := t.nodes.Add(parent, c.path, name, c.data)
	n := t.nodes.At(id)
	n.Czxid, n.Mzxid, n.Pzxid = c.zxid, c.zxid, c.zxid
	n.Ctime, n.Mtime = c.time, c.time
	n.Owner, n.ACL = c.owner, handle
	t.largest.raise(t, id)
	t.largest.raise(t, parent)
	t.addDigest(id, c.path)
	t.lists.add(t.opts.Kind(c.owner), c.owner, id)
	t.dataSize += sizeOf(c.path, len(c.data))
	return id, jute.OK
}

// recreate is the replay of a create whose node is in the fuzzy snapshot already. The node begins
// anew, because the changes that it had since, or that a deleted node of the same path had before,
// are replayed next. Its children stay, and its create counter and pzxid do not go back.
func (t *Tree) recreate(c *newNode, id store.ID) {
	n := t.nodes.At(id)
	t.removeDigest(id)
	if id != store.Root {
		t.lists.remove(t.opts.Kind(n.Owner), n.Owner, id)
		t.lists.add(t.opts.Kind(c.owner), c.owner, id)
	}
	grown := int64(len(c.data) - max(0, t.nodes.DataLen(id)))
	t.nodes.SetData(id, c.data)
	t.largest.raise(t, id)
	n.Czxid, n.Mzxid, n.Pzxid = c.zxid, c.zxid, max(n.Pzxid, c.zxid)
	n.Ctime, n.Mtime = c.time, c.time
	n.Version, n.Aversion, n.Owner = 0, 0, c.owner
	t.addDigest(id, c.path)
	t.quotaChanged(c.path, grown, 0)
	t.dataSize += grown
}

// created does what follows from a new node: quotas, then watches.
func (t *Tree) created(c *newNode, id store.ID) {
	t.quotaCreated(c.path)
	t.quotaChanged(c.path, int64(len(c.data)), 1)
	acl := t.acls.List(t.nodes.At(id).ACL)
	t.watches.FireData(t.sink, watch.Event{
		Type: jute.EventCreated, Path: c.path, Zxid: c.zxid}, acl)
	t.fireChildren(c.path, t.nodes.At(id).Parent, c.zxid)
}

// fireChildren tells the child watchers of the parent of path.
func (t *Tree) fireChildren(path []byte, parent store.ID, zxid jute.Zxid) {
	parentPath, _, _ := jute.SplitPath(path)
	if len(parentPath) == 0 {
		parentPath = path[:1]
	}
	t.watches.FireChild(t.sink, watch.Event{
		Type: jute.EventChildrenChanged, Path: parentPath, Zxid: zxid},
		t.acls.List(t.nodes.At(parent).ACL))
}

// deleteNode removes a node.
func (t *Tree) deleteNode(path []byte, zxid jute.Zxid) jute.ErrorCode {
	s := sweep{t: t, zxid: zxid}
	defer s.end()
	return s.delete(path)
}

// sweep removes nodes. While nodes in a row have the same parent, the parent is looked up once and
// its digest is computed once: from the first node to end the tree's digest lacks it.
type sweep struct {
	t      *Tree
	zxid   jute.Zxid
	parent store.ID // None: none is open
	path   []byte   // of the parent
}

// under opens a parent. The parent's pzxid moves even when the node to remove is gone already: a
// replay over a fuzzy snapshot has to bring it forward.
func (s *sweep) under(path []byte) bool {
	if s.parent != store.None && bytes.Equal(s.path, path) {
		return true
	}
	s.end()
	id := s.t.nodes.Lookup(path)
	if id == store.None {
		return false
	}
	s.parent, s.path = id, path
	s.t.removeDigest(id)
	p := s.t.nodes.At(id)
	p.Pzxid = max(p.Pzxid, s.zxid)
	return true
}

// end closes the parent that is open.
func (s *sweep) end() {
	if s.parent != store.None {
		s.t.addDigest(s.parent, s.path)
		s.parent = store.None
	}
}

// delete removes a node.
func (s *sweep) delete(path []byte) jute.ErrorCode {
	parentPath, name, ok := jute.SplitPath(path)
	if !ok || !s.under(parentPath) {
		return jute.NoNode
	}
	t, parent, zxid := s.t, s.parent, s.zxid
	id := t.nodes.Lookup(path)
	if id == store.None || id == store.Root {
		return jute.NoNode
	}
	if t.nodes.NumChildren(id) > 0 {
		// Prep never lets this happen. In a replay the node and its children are younger than this
		// delete, and the create that follows will find the node. (ZooKeeper deletes it, and loses
		// the children.)
		return jute.NotEmpty
	}
	t.removeDigest(id)
	n := t.nodes.At(id)
	acl, owner, size := t.acls.List(n.ACL), n.Owner, t.nodes.DataLen(id)
	t.acls.Drop(n.ACL)
	t.dataSize -= sizeOf(path, size)
	t.lists.remove(t.opts.Kind(owner), owner, id)
	t.nodes.Remove(id, path)

	t.quotaDeleted(parentPath, name)
	t.quotaChanged(path, int64(-max(0, size)), -1)
	t.watches.FireDeleted(t.sink, watch.Event{
		Type: jute.EventDeleted, Path: path, Zxid: zxid}, acl)
	t.fireChildren(path, parent, zxid)
	return jute.OK
}

func (t *Tree) setData(
	txn *jute.SetDataRequest, h *jute.TxnHeader, out *jute.Stat,
) jute.ErrorCode {
	id := t.nodes.Lookup(txn.Path)
	if id == store.None {
		return jute.NoNode
	}
	t.removeDigest(id)
	before := t.nodes.DataLen(id)
	t.nodes.SetData(id, txn.Data)
	t.largest.raise(t, id)
	n := t.nodes.At(id)
	n.Mtime, n.Mzxid, n.Version = h.Time, h.Zxid, txn.Version
	t.addDigest(id, txn.Path)
	t.stat(id, out)

	grown := int64(len(txn.Data) - max(0, before))
	t.quotaChanged(txn.Path, grown, 0)
	t.dataSize += grown
	t.watches.FireData(t.sink, watch.Event{
		Type: jute.EventDataChanged, Path: txn.Path, Zxid: h.Zxid}, t.acls.List(n.ACL))
	return jute.OK
}

func (t *Tree) setACL(
	path, acl []byte, version int32, out *jute.Stat,
) jute.ErrorCode {
	id := t.nodes.Lookup(path)
	if id == store.None {
		return jute.NoNode
	}
	n := t.nodes.At(id)
	t.walks.aclChanges(id, t.acls.Key(n.ACL), n.Czxid)
	t.acls.Drop(n.ACL)
	t.removeDigest(id)
	n.Aversion = version
	n.ACL = t.acls.InternEncoded(acl)
	t.largest.raise(t, id)
	t.addDigest(id, path)
	t.stat(id, out)
	return jute.OK
}
