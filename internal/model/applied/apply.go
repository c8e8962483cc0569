package applied

import (
	"slices"

	"quoll/internal/model"
	"quoll/jute"
)

// Result is what a transaction did.
type Result struct {
	Type  jute.OpCode
	Err   jute.ErrorCode
	Path  string
	Stat  jute.Stat
	Multi []Result
}

// Apply applies a transaction that fits the tree. The events of watches are added to Heard.
func (t *Tree) Apply(h jute.TxnHeader, txn jute.Record) Result {
	r := t.one(h, txn)
	t.LastZxid = max(t.LastZxid, h.Zxid)
	return r
}

func (t *Tree) one(h jute.TxnHeader, txn jute.Record) (r Result) {
	r.Type = h.Type
	switch x := txn.(type) {
	case *jute.CreateTxn:
		owner := jute.SessionID(0)
		if x.Ephemeral {
			owner = h.ClientID
		}
		t.create(h, string(x.Path), x.Data, x.ACL, x.ParentCVersion, owner, &r)
	case *jute.CreateContainerTxn:
		t.create(h, string(x.Path), x.Data, x.ACL, x.ParentCVersion, model.ContainerOwner, &r)
	case *jute.CreateTTLTxn:
		owner := jute.SessionID(-0x100000000000000 + x.TTL)
		t.create(h, string(x.Path), x.Data, x.ACL, x.ParentCVersion, owner, &r)
	case *jute.PathOnly:
		t.remove(h, string(x.Path), &r)
	case *jute.SetDataRequest:
		t.setData(h, x, &r)
	case *jute.SetACLRequest:
		t.setACL(x, &r)
	case *jute.PathVersion:
		r.Path = string(x.Path)
	case *jute.ErrorResponse:
		r.Err = x.Err
	case *jute.MultiTxn:
		t.multi(h, x, &r)
	case *jute.CloseSessionTxn:
		paths := slices.Clone(x.Paths2Delete)
		for _, p := range t.Ephemerals(h.ClientID) {
			paths = append(paths, []byte(p))
		}
		for _, p := range paths {
			t.remove(h, string(p), &Result{})
		}
		delete(t.sessions, h.ClientID)
	}
	return r
}

func (t *Tree) create(
	h jute.TxnHeader, path string, data []byte, list []jute.ACL, cversion int32,
	owner jute.SessionID, r *Result,
) {
	r.Path = path
	above, _ := model.Split(path)
	parent := t.Get(above)
	switch {
	case parent == nil:
		r.Err = jute.NoNode
		return
	case t.Get(path) != nil:
		key := t.use(list)
		t.drop(t.Get(path).Key)
		t.Get(path).Key = key
		r.Err = jute.NodeExists
	}
	if cversion == -1 {
		cversion = parent.Stat.Cversion + 1
	}
	if cversion > parent.Stat.Cversion {
		parent.Stat.Cversion, parent.Stat.Pzxid = cversion, h.Zxid
	}
	if r.Err != jute.OK {
		return
	}
	n := &Node{Data: clone(data), Key: t.use(list), Stat: jute.StatPersisted{
		Czxid: h.Zxid, Mzxid: h.Zxid, Pzxid: h.Zxid, Ctime: h.Time, Mtime: h.Time,
		EphemeralOwner: owner}}
	t.nodes[path] = n
	t.Size += units(path) + int64(len(data))
	if t.ephemeral(owner) {
		t.sessions[owner] = true
	}
	if h.Type != jute.OpCreate {
		r.Stat = t.Stat(path)
	}
	t.quotaNodeMade(path)
	t.charge(path, int64(len(data)), 1)
	t.tell(t.watches.Created(model.Change{
		Path: path, Zxid: h.Zxid, ACL: list, Parent: t.list(parent.Key),
	}))
}

func (t *Tree) remove(h jute.TxnHeader, path string, r *Result) {
	r.Path = path
	above, _ := model.Split(path)
	parent, n := t.Get(above), t.Get(path)
	if parent != nil {
		parent.Stat.Pzxid = max(parent.Stat.Pzxid, h.Zxid)
	}
	if n == nil {
		r.Err = jute.NoNode
		return
	}
	list := t.list(n.Key)
	t.drop(n.Key)
	delete(t.nodes, path)
	t.Size -= units(path) + int64(len(n.Data))
	t.quotaNodeGone(path)
	t.charge(path, -int64(len(n.Data)), -1)
	t.tell(t.watches.Deleted(model.Change{
		Path: path, Zxid: h.Zxid, ACL: list, Parent: t.list(parent.Key),
	}))
}

func (t *Tree) setData(h jute.TxnHeader, x *jute.SetDataRequest, r *Result) {
	r.Path = string(x.Path)
	n := t.Get(r.Path)
	if n == nil {
		r.Err = jute.NoNode
		return
	}
	grown := int64(len(x.Data) - len(n.Data))
	n.Data = clone(x.Data)
	t.Size += grown
	n.Stat.Mzxid, n.Stat.Mtime, n.Stat.Version = h.Zxid, h.Time, x.Version
	r.Stat = t.Stat(r.Path)
	t.charge(r.Path, grown, 0)
	t.tell(t.watches.Changed(model.Change{
		Path: r.Path, Zxid: h.Zxid, ACL: t.list(n.Key),
	}))
}

// SetConfig lets a configuration take effect. There is no transaction for it.
func (t *Tree) SetConfig(text []byte, version, nowMillis int64) {
	h := jute.TxnHeader{Zxid: jute.Zxid(version), Time: nowMillis}
	t.setData(h, &jute.SetDataRequest{
		Path: []byte("/zookeeper/config"), Data: text, Version: -1,
	}, &Result{})
}

func (t *Tree) setACL(x *jute.SetACLRequest, r *Result) {
	r.Path = string(x.Path)
	n := t.Get(r.Path)
	if n == nil {
		r.Err = jute.NoNode
		return
	}
	t.drop(n.Key)
	n.Key = t.use(x.ACL)
	n.Stat.Aversion = x.Version
	r.Stat = t.Stat(r.Path)
}

func (t *Tree) multi(h jute.TxnHeader, x *jute.MultiTxn, r *Result) {
	culprit := slices.IndexFunc(x.Txns, func(op jute.Txn) bool { return op.Type == jute.OpError })
	for i, op := range x.Txns {
		sub := Result{Type: jute.OpError}
		switch {
		case culprit < 0 || op.Type == jute.OpError:
			rec := jute.NewTxn(op.Type)
			if _, err := jute.Decode(op.Data, rec); err != nil {
				panic(err)
			}
			header := h
			header.Type = op.Type
			sub = t.one(header, rec)
		case i > culprit:
			sub.Err = jute.RuntimeInconsistency
		}
		r.Multi = append(r.Multi, sub)
		if r.Err == jute.OK {
			r.Err = sub.Err
		}
	}
}
