package prep

import (
	"quoll/datatree"
	"quoll/jute"
)

// RefuseEarly is enableEagerACLCheck: a write whose rights are missing in the applied tree is
// answered at once, with zxid 0 and without a transaction (ZooKeeperServer.authWriteRequest). The
// server that has the client looks, whether or not it leads. The caller is the tree's one writer.
func (rules *Rules) RefuseEarly(tree *datatree.Tree, r *Write) jute.ErrorCode {
	if !rules.EagerACLCheck {
		return jute.OK
	}
	path, wanted := effective(r)
	if path == nil {
		return jute.OK
	}
	v := tree.Peek()
	n, ok := v.Find(path)
	if !ok || rules.Auth.Allowed(v.ACL(n), wanted, r.Identity) {
		return jute.OK
	}
	return jute.NoAuth
}

// effective is the node whose ACL decides, and the permission wanted. A nil path: nothing is
// refused.
func effective(r *Write) ([]byte, jute.Perms) {
	c := jute.Decoder(r.Body)
	var path []byte
	switch r.Type {
	case jute.OpCreate, jute.OpCreate2:
		var in jute.CreateRequest
		in.Fields(&c)
		path, _, _ = jute.SplitPath(in.Path)
		if !jute.ValidPath(in.Path) || c.Failed() {
			return nil, 0
		}
		return path, jute.PermCreate
	case jute.OpDelete:
		var in jute.PathVersion
		in.Fields(&c)
		path, code := deletable(in.Path)
		if c.Failed() || code != jute.OK {
			return nil, 0
		}
		return path, jute.PermDelete
	case jute.OpSetData:
		var in jute.SetDataRequest
		in.Fields(&c)
		if c.Failed() {
			return nil, 0
		}
		return in.Path, jute.PermWrite
	case jute.OpSetACL:
		var in jute.SetACLRequest
		in.Fields(&c)
		if c.Failed() {
			return nil, 0
		}
		return in.Path, jute.PermAdmin
	}
	return nil, 0
}
