package prep

import (
	"bytes"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/journal"
)

// delete makes the transaction of delete.
func (p *Prep) delete(w *writing, in *jute.PathVersion) (jute.OpCode, jute.ErrorCode) {
	parentPath, code := deletable(in.Path)
	if code != jute.OK {
		return 0, code
	}
	parent, code := p.permitted(w, parentPath, jute.PermDelete)
	if code != jute.OK {
		return 0, code
	}
	n := p.journal.Look(in.Path)
	if !n.Exists {
		return 0, jute.NoNode
	}
	if _, code := nextVersion(n.Stat.Version, in.Version); code != jute.OK {
		return 0, code
	}
	if n.Children > 0 {
		return 0, jute.NotEmpty
	}
	if datatree.DeleteEndsApache(in.Path) {
		return 0, jute.BadArguments
	}
	p.appendDelete(w, in.Path, parentPath, &parent, &n)
	return jute.OpDelete, jute.OK
}

// deleteContainer makes the transaction with which the reaper removes a container or TTL node. A
// client that asks for it must be allowed to delete the node. The reaper has looked at the applied
// tree: a node that changed in flight is not the node that it meant.
func (p *Prep) deleteContainer(w *writing, path []byte) (jute.OpCode, jute.ErrorCode) {
	parentPath, code := deletable(path)
	if code != jute.OK {
		return 0, code
	}
	n := p.journal.Look(path)
	if !n.Exists {
		return 0, jute.NoNode
	}
	parent := p.journal.Look(parentPath)
	if !p.rules.Auth.Allowed(parent.ACL, jute.PermDelete, w.Identity) {
		return 0, jute.NoAuth
	}
	if n.Children > 0 {
		return 0, jute.NotEmpty
	}
	kind := p.tree.Options().Kind(n.Stat.EphemeralOwner)
	changed := n.Stat.Mzxid > p.tree.Peek().LastZxid()
	if kind == datatree.KindEphemeral ||
		w.Own && (kind == datatree.KindPersistent || changed) {
		return 0, jute.BadVersion
	}
	if datatree.DeleteEndsApache(path) {
		return 0, jute.BadArguments
	}
	p.appendDelete(w, path, parentPath, &parent, &n)
	return jute.OpDeleteContainer, jute.OK
}

// deletable refuses invalid paths, and the nodes that the server itself needs.
func deletable(path []byte) (parent []byte, code jute.ErrorCode) {
	if path == nil {
		return nil, jute.MarshallingError // Java trips over the null
	}
	parent, _, ok := jute.SplitPath(path)
	if !ok || bytes.IndexByte(path, 0) >= 0 {
		return nil, jute.BadArguments
	}
	switch string(path) {
	case "/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config":
		return nil, jute.BadArguments
	}
	return parent, jute.OK
}

func (p *Prep) appendDelete(w *writing, path, parentPath []byte, parent, n *journal.Node) {
	c := jute.Encoder(p.body)
	txn := jute.PathOnly{Path: path}
	txn.Fields(&c)
	p.body = c.Bytes()
	p.noteDelete(w, path, parentPath, parent, n)
}

// noteDelete puts a deleted node and its parent into the journal.
func (p *Prep) noteDelete(w *writing, path, parentPath []byte, parent, n *journal.Node) {
	changed := *parent
	changed.Children--
	changed.Stat.Pzxid = w.zxid
	p.journal.Put(parentPath, w.zxid, changed, parent)
	p.journal.Put(path, w.zxid, journal.Node{}, n)
}

// permitted looks up a node on which the client must have a permission. It has no node with a code
// other than OK.
func (p *Prep) permitted(
	w *writing, path []byte, wanted jute.Perms,
) (journal.Node, jute.ErrorCode) {
	n := p.journal.Look(path)
	switch {
	case !n.Exists:
		return journal.Node{}, jute.NoNode
	case !p.rules.Auth.Allowed(n.ACL, wanted, w.Identity):
		return journal.Node{}, jute.NoAuth
	}
	return n, jute.OK
}

// setData makes the transaction of setData.
func (p *Prep) setData(w *writing, in *jute.SetDataRequest) (jute.OpCode, jute.ErrorCode) {
	if !jute.ValidPath(in.Path) {
		return 0, jute.BadArguments
	}
	n, code := p.permitted(w, in.Path, jute.PermWrite)
	if code != jute.OK {
		return 0, code
	}
	before := p.journal.DataLen(&n)
	if code := p.checkQuota(in.Path, before, len(in.Data), false); code != jute.OK {
		return 0, code
	}
	version, code := nextVersion(n.Stat.Version, in.Version)
	if code != jute.OK {
		return 0, code
	}
	if datatree.SetEndsApache(in.Path, in.Data) {
		return 0, jute.BadArguments
	}
	c := jute.Encoder(p.body)
	txn := jute.SetDataRequest{Path: in.Path, Data: in.Data, Version: version}
	txn.Fields(&c)
	p.body = c.Bytes()
	changed := n
	changed.Stat.Version = version
	changed.Stat.Mtime = p.wall
	changed.Stat.Mzxid = w.zxid
	changed.Data, changed.HasData = in.Data, true
	p.journal.Put(in.Path, w.zxid, changed, &n)
	return jute.OpSetData, jute.OK
}

// setACL makes the transaction of setACL.
func (p *Prep) setACL(w *writing, in *jute.SetACLRequest) (jute.OpCode, jute.ErrorCode) {
	if !jute.ValidPath(in.Path) {
		return 0, jute.BadArguments
	}
	acl, code := p.rules.Auth.Fix(in.ACL, w.Identity)
	if code != jute.OK {
		return 0, code
	}
	n, code := p.permitted(w, in.Path, jute.PermAdmin)
	if code != jute.OK {
		return 0, code
	}
	aversion, code := nextVersion(n.Stat.Aversion, in.Version)
	if code != jute.OK {
		return 0, code
	}
	c := jute.Encoder(p.body)
	txn := jute.SetACLRequest{Path: in.Path, ACL: acl, Version: aversion}
	txn.Fields(&c)
	p.body = c.Bytes()
	changed := n
	changed.Stat.Aversion = aversion
	// Apache's outstanding record keeps the old ACL here, so that a request pipelined behind a
	// setACL is checked against the one before. A check of rights must not be late: see
	// docs/decisions/0002-acl-in-flight.md.
	changed.ACL = acl
	p.journal.Put(in.Path, w.zxid, changed, &n)
	return jute.OpSetACL, jute.OK
}

// check makes the transaction of a check, which changes nothing.
func (p *Prep) check(w *writing, in *jute.PathVersion) (jute.OpCode, jute.ErrorCode) {
	if !jute.ValidPath(in.Path) {
		return 0, jute.BadArguments
	}
	n, code := p.permitted(w, in.Path, jute.PermRead)
	if code != jute.OK {
		return 0, code
	}
	version, code := nextVersion(n.Stat.Version, in.Version)
	if code != jute.OK {
		return 0, code
	}
	p.body = jute.Append(p.body, &jute.PathVersion{Path: in.Path, Version: version})
	return jute.OpCheck, jute.OK
}

func (p *Prep) makeDelete(w *writing) (jute.OpCode, jute.ErrorCode) {
	return p.delete(w, &p.in.path)
}

func (p *Prep) makeDeleteContainer(w *writing) (jute.OpCode, jute.ErrorCode) {
	return p.deleteContainer(w, p.in.container.Path)
}

func (p *Prep) makeSetData(w *writing) (jute.OpCode, jute.ErrorCode) {
	return p.setData(w, &p.in.set)
}

func (p *Prep) makeSetACL(w *writing) (jute.OpCode, jute.ErrorCode) {
	return p.setACL(w, &p.in.acl)
}
