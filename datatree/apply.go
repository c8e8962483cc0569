package datatree

import (
	"bytes"
	"slices"

	"quoll/datatree/internal/store"
	"quoll/jute"
)

// Result is what a transaction did, for the reply (ProcessTxnResult). Path aliases the entry.
type Result struct {
	Type  jute.OpCode
	Err   jute.ErrorCode
	Path  []byte
	Stat  jute.Stat // of create2, createTTL, createContainer, setData, setACL
	Multi []Result  // one per operation of a multi
}

// Apply applies a transaction that Prep made for this very tree. Under Lock. An error that this
// rules out is counted in Faults, and put into out as ZooKeeper does. It keeps nothing of e.
func (t *Tree) Apply(e *jute.Entry, out *Result) {
	t.process(e, out, false)
}

// Replay applies a transaction of the log to a tree that was loaded from a fuzzy snapshot. The
// snapshot may hold its changes already, so NoNode and NodeExists are no faults. Under Lock, or
// before the tree is shared.
func (t *Tree) Replay(e *jute.Entry) {
	var out Result
	t.process(e, &out, true)
}

func (t *Tree) process(e *jute.Entry, out *Result, tolerant bool) {
	a := applier{t: t, header: &e.Header, tolerant: tolerant}
	a.one(e.Header.Type, e.Body, out)
	// Only after the whole of a multi: a snapshot that began in its middle would otherwise claim
	// operations that it lacks.
	t.lastZxid = max(t.lastZxid, e.Header.Zxid)
	t.recordDigest(e.Header.Zxid)
	t.compareDigest(e)
}

// applier is one transaction on its way into the tree.
type applier struct {
	t        *Tree
	header   *jute.TxnHeader
	tolerant bool
}

// one applies a transaction, or one operation of a multi.
func (a *applier) one(op jute.OpCode, body []byte, out *Result) {
	*out = Result{Type: op, Multi: out.Multi[:0]}
	var ok bool
	switch op {
	case jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL:
		ok = a.create(op, body, out)
	case jute.OpDelete, jute.OpDeleteContainer:
		ok = a.remove(body, out)
	case jute.OpSetData, jute.OpReconfig:
		ok = a.setData(body, out)
	case jute.OpSetACL:
		ok = a.setACL(body, out)
	case jute.OpCheck:
		var txn jute.PathVersion
		c := jute.Decoder(body)
		txn.Fields(&c)
		ok, out.Path = !c.Failed(), txn.Path
	case jute.OpError:
		var txn jute.ErrorResponse
		c := jute.Decoder(body)
		txn.Fields(&c)
		ok, out.Err = !c.Failed(), txn.Err
	case jute.OpMulti:
		ok = a.multi(body, out)
	case jute.OpCloseSession:
		ok = a.closeSession(body)
	case jute.OpCreateSession:
		ok = true
	}
	if !ok {
		out.Err = jute.MarshallingError
		a.inconsistent(op, out)
	}
}

// inconsistent counts a transaction that does not fit the tree: Prep cannot have meant it.
func (a *applier) inconsistent(op jute.OpCode, out *Result) {
	if a.tolerant && out.Err != jute.MarshallingError {
		return
	}
	a.t.faults.Inconsistencies++
	a.t.faults.Inconsistency = Inconsistency{a.header.Zxid, op, string(out.Path), out.Err}
}

func (a *applier) create(op jute.OpCode, body []byte, out *Result) bool {
	n := newNode{zxid: a.header.Zxid, time: a.header.Time}
	if !n.decode(op, body, a.header.ClientID) {
		return false
	}
	out.Path = n.path
	id, err := a.t.createNode(&n)
	switch {
	case err == jute.OK && op != jute.OpCreate:
		a.t.stat(id, &out.Stat)
	case err == jute.NodeExists:
		a.t.forwardCversion(n.path, n.cversion, n.zxid)
		if a.tolerant {
			a.t.recreate(&n, id)
		}
	}
	if out.Err = err; err != jute.OK {
		a.inconsistent(op, out)
		return true
	}
	a.t.created(&n, id)
	return true
}

func (a *applier) remove(body []byte, out *Result) bool {
	var txn jute.PathOnly
	c := jute.Decoder(body)
	txn.Fields(&c)
	if c.Failed() {
		return false
	}
	out.Path = txn.Path
	if out.Err = a.t.deleteNode(txn.Path, a.header.Zxid); out.Err != jute.OK {
		a.inconsistent(jute.OpDelete, out)
	}
	return true
}

func (a *applier) setData(body []byte, out *Result) bool {
	var txn jute.SetDataRequest
	c := jute.Decoder(body)
	txn.Fields(&c)
	if c.Failed() {
		return false
	}
	out.Path = txn.Path
	if out.Err = a.t.setData(&txn, a.header, &out.Stat); out.Err != jute.OK {
		a.inconsistent(jute.OpSetData, out)
	}
	return true
}

func (a *applier) setACL(body []byte, out *Result) bool {
	c := jute.Decoder(body)
	c.Text("path", &out.Path)
	acl := encodedACL(&c, body)
	var version int32
	c.Int("version", &version)
	if c.Failed() {
		return false
	}
	if out.Err = a.t.setACL(out.Path, acl, version, &out.Stat); out.Err != jute.OK {
		a.inconsistent(jute.OpSetACL, out)
	}
	return true
}

// multi applies all operations. If one of them is an error it applies none: those before the error
// are told OK, it its own error, and those behind it RuntimeInconsistency.
func (a *applier) multi(body []byte, out *Result) bool {
	var txn jute.MultiTxn
	c := jute.Decoder(body)
	txn.Fields(&c)
	if c.Failed() {
		return false
	}
	failed := slices.ContainsFunc(txn.Txns, func(op jute.Txn) bool {
		return op.Type == jute.OpError
	})
	results := slices.Grow(out.Multi[:0], len(txn.Txns))[:len(txn.Txns)]
	behind := false
	for i := range txn.Txns {
		op := &txn.Txns[i]
		behind = behind || op.Type == jute.OpError
		switch {
		case !failed:
			a.one(op.Type, op.Data, &results[i])
		case op.Type == jute.OpError:
			a.one(jute.OpError, op.Data, &results[i])
		default:
			results[i] = Result{Type: jute.OpError}
			if behind {
				results[i].Err = jute.RuntimeInconsistency
			}
		}
		if out.Err == jute.OK {
			out.Err = results[i].Err
		}
	}
	out.Multi = results
	return true
}

// closeSession deletes the paths that the transaction names, then all other ephemerals of the
// session.
func (a *applier) closeSession(body []byte) bool {
	var txn jute.CloseSessionTxn
	c := jute.Decoder(body)
	txn.Fields(&c)
	if c.Failed() {
		return false
	}
	t, session := a.t, a.header.ClientID
	owned := t.lists.forget(session) // at once: to take each out by itself would cost as much again
	s := sweep{t: t, zxid: a.header.Zxid}
	for _, path := range txn.Paths2Delete {
		s.delete(path)
	}
	for _, path := range t.stillOwned(session, owned) {
		s.delete(path)
	}
	s.end()
	return true
}

// stillOwned lists, in order, the paths of those nodes that are still there and still the
// session's.
func (t *Tree) stillOwned(session jute.SessionID, ids []store.ID) (paths [][]byte) {
	for _, id := range ids {
		if t.nodes.At(id).Owner == session { // a removed node is nobody's
			paths = append(paths, t.nodes.AppendPath(nil, id))
		}
	}
	slices.SortFunc(paths, bytes.Compare)
	return paths
}

// forwardCversion is the replay of a create whose node is there already: the parent may have been
// written to the snapshot before an earlier delete of the same node, and must catch up.
func (t *Tree) forwardCversion(path []byte, cversion int32, zxid jute.Zxid) {
	parentPath, _, _ := jute.SplitPath(path)
	id := t.nodes.Lookup(bytes.TrimSuffix(parentPath, []byte("/")))
	if !t.nodes.Live(id) {
		return
	}
	n := t.nodes.At(id)
	if cversion == -1 {
		cversion = n.Cversion + 1
	}
	if cversion > n.Cversion {
		t.removeDigest(id)
		n.Cversion, n.Pzxid = cversion, zxid
		t.addDigest(id, parentPath)
	}
}
