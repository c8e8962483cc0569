package processor

import (
	"bytes"

	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/jute"
	"quoll/processor/auth"
)

// Reader is the read half of Final: it answers what changes nothing, from the tree as it is while
// the View is held. A lane answers under the read lock; the core answers, at its place between two
// writes, what had to wait behind a write of its session.
//
// A Reader has no state of its own and may be used from any goroutine.
type Reader struct {
	Auth       *auth.Rules
	MaxWatches int // quoll.maxWatches; 0 is no limit
}

// asking is one read being answered.
type asking struct {
	*Request
	view    datatree.View
	watcher watch.Watcher
	out     []byte // the reply; the body is appended
	// events are notifications that leave before the reply: setWatches found them missed.
	events []byte
	// partial keeps a body in spite of a code: a multiRead that broke off.
	partial bool
	// breathe gives the tree's lock back and takes it again, so that a long answer does not hold up
	// writes; nil where that cannot be, as on the core.
	breathe func() datatree.View
}

// answer appends the frame of the reply to dst. Notifications that the request brings up stand
// before it. a is the caller's room, which is used again for each answer.
func (rd *Reader) answer(
	a *asking, dst []byte, v datatree.View, r *Request, breathe func() datatree.View,
) []byte {
	zxid := v.LastZxid()
	if r.early {
		return appendError(dst, r.Xid, 0, r.refused)
	}
	if r.refused != jute.OK {
		return appendError(dst, r.Xid, zxid, r.refused)
	}
	at := len(dst)
	*a = asking{Request: r, view: v, watcher: r.Stream.watcher, breathe: breathe}
	a.out = jute.AppendReplyHeader(jute.FrameStart(dst), r.Xid, zxid, jute.OK)
	body := len(a.out)
	code := rd.body(a)
	if code != jute.OK && !a.partial {
		a.out = a.out[:body]
	}
	// The answer is that of the last hold of the lock.
	jute.AppendReplyHeader(a.out[:at+4], r.Xid, a.view.LastZxid(), code)
	jute.FrameEnd(a.out, at)
	if len(a.events) == 0 {
		return a.out
	}
	reply := bytes.Clone(a.out[at:])
	return append(append(a.out[:at], a.events...), reply...)
}

func appendError(dst []byte, xid int32, zxid jute.Zxid, code jute.ErrorCode) []byte {
	at := len(dst)
	dst = jute.AppendReplyHeader(jute.FrameStart(dst), xid, zxid, code)
	jute.FrameEnd(dst, at)
	return dst
}

// body appends the reply's body. What it appended before a code other than OK is taken back.
func (rd *Reader) body(a *asking) jute.ErrorCode {
	switch a.Type {
	case jute.OpPing:
		return jute.OK
	case jute.OpExists, jute.OpGetData, jute.OpGetChildren, jute.OpGetChildren2:
		var in jute.PathWatch
		c := jute.Decoder(a.Body)
		in.Fields(&c)
		if c.Failed() {
			return jute.MarshallingError
		}
		return rd.node(a, a.Type, &in)
	case jute.OpGetACL:
		return rd.withPath(a, rd.getACL)
	case jute.OpGetAllChildren:
		return rd.withPath(a, rd.getAllChildren)
	case jute.OpGetEphemerals:
		return rd.getEphemerals(a)
	case jute.OpSync:
		return rd.sync(a)
	case jute.OpMultiRead:
		return rd.multiRead(a)
	case jute.OpWhoAmI:
		a.out = jute.Append(a.out, &jute.WhoAmIResponse{ClientInfo: rd.Auth.Clients(a.Identity)})
		return jute.OK
	case jute.OpCheckWatches, jute.OpRemoveWatches:
		return rd.watches(a)
	case jute.OpAddWatch:
		return rd.addWatch(a)
	case jute.OpSetWatches, jute.OpSetWatches2:
		return rd.setWatches(a)
	}
	panic("processor: no read answers " + a.Type.String())
}

// node answers the reads of one node. The watch is set in the same hold of the lock as the read
// it belongs to (rule 3); a watch on a missing node is one for its creation.
func (rd *Reader) node(a *asking, op jute.OpCode, in *jute.PathWatch) jute.ErrorCode {
	if in.Path == nil {
		return jute.MarshallingError // Java trips over the null
	}
	if op == jute.OpExists && bytes.IndexByte(in.Path, 0) >= 0 {
		return jute.BadArguments
	}
	if in.Watch && rd.tooManyWatches(a) {
		return jute.SystemError
	}
	n, ok := a.view.Find(in.Path)
	if !ok {
		if op == jute.OpExists && in.Watch {
			a.view.WatchData(in.Path, a.watcher)
		}
		return jute.NoNode
	}
	if !rd.Auth.Allowed(a.view.ACL(n), jute.PermRead, a.Identity) {
		return jute.NoAuth
	}
	switch op {
	case jute.OpExists:
		a.out = a.view.AppendStat(a.out, n)
	case jute.OpGetData:
		a.out = a.view.AppendStat(a.view.AppendData(a.out, n), n)
	case jute.OpGetChildren, jute.OpGetChildren2:
		var code jute.ErrorCode
		if n, code = rd.list(a, in.Path, n); code != jute.OK {
			return code
		}
		if op == jute.OpGetChildren2 {
			a.out = a.view.AppendStat(a.out, n)
		}
	}
	switch {
	case !in.Watch:
	case op == jute.OpExists || op == jute.OpGetData:
		a.view.WatchData(in.Path, a.watcher)
	default:
		a.view.WatchChildren(in.Path, a.watcher)
	}
	return jute.OK
}

// withPath decodes a body that is a path and finds the node.
func (rd *Reader) withPath(
	a *asking, then func(*asking, []byte, datatree.Ref) jute.ErrorCode,
) jute.ErrorCode {
	var in jute.PathOnly
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() || in.Path == nil {
		return jute.MarshallingError
	}
	n, ok := a.view.Find(in.Path)
	if !ok {
		return jute.NoNode
	}
	return then(a, in.Path, n)
}

// getACL hides the digests from those who may read the node but not administrate it.
func (rd *Reader) getACL(a *asking, _ []byte, n datatree.Ref) jute.ErrorCode {
	acl := a.view.ACL(n)
	if !rd.Auth.Allowed(acl, jute.PermRead|jute.PermAdmin, a.Identity) {
		return jute.NoAuth
	}
	if !rd.Auth.Allowed(acl, jute.PermAdmin, a.Identity) {
		acl = auth.Mask(acl)
	}
	c := jute.Encoder(a.out)
	c.ACLs("acl", &acl)
	a.out = a.view.AppendStat(c.Bytes(), n)
	return jute.OK
}

func (rd *Reader) getAllChildren(a *asking, path []byte, n datatree.Ref) jute.ErrorCode {
	if !rd.Auth.Allowed(a.view.ACL(n), jute.PermRead, a.Identity) {
		return jute.NoAuth
	}
	total := jute.TotalNumber{TotalNumber: int32(a.view.AllChildrenNumber(path))}
	a.out = jute.Append(a.out, &total)
	return jute.OK
}

// getEphemerals lists the session's own ephemeral nodes; a blank prefix or "/" means all.
func (rd *Reader) getEphemerals(a *asking) jute.ErrorCode {
	var in jute.PathOnly
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() {
		return jute.MarshallingError
	}
	blank := bytes.TrimFunc(in.Path, func(r rune) bool { return r <= ' ' })
	all := len(blank) == 0 || string(blank) == "/"
	a.out = a.view.AppendEphemerals(a.out, a.Session, in.Path, all)
	return jute.OK
}

// sync is an in-order read where there is one server: what it waits for has happened.
func (rd *Reader) sync(a *asking) jute.ErrorCode {
	var in jute.PathOnly
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() {
		return jute.MarshallingError
	}
	a.out = jute.AppendBuffer(a.out, in.Path)
	return jute.OK
}

// multiRead answers each of its reads alone; watch flags in it mean nothing.
func (rd *Reader) multiRead(a *asking) jute.ErrorCode {
	var in jute.MultiRequest
	_, err := jute.Decode(a.Body, &in)
	if err != nil || judgeOps(in.Ops) != opsReadable {
		return jute.MarshallingError
	}
	code := jute.OK
	for i := 0; i < len(in.Ops) && code == jute.OK; i++ {
		code = rd.readOp(a, &in.Ops[i])
	}
	end := jute.MultiEnd()
	a.out = jute.Append(a.out, &end)
	a.partial = true
	return code
}

// readOp answers one read of a multiRead. A code means that it, and so the whole, broke off.
func (rd *Reader) readOp(a *asking, op *jute.MultiOp) jute.ErrorCode {
	if !isRead(op.Type) {
		return jute.MarshallingError
	}
	op.Read.Watch = false
	at := len(a.out)
	a.out = jute.Append(a.out, &jute.MultiHeader{Type: op.Type})
	switch code := rd.node(a, op.Type, op.Read); code {
	case jute.OK:
	case jute.MarshallingError:
		a.out = a.out[:at]
		return code
	default:
		a.out = appendFailedOp(a.out[:at], code)
	}
	return jute.OK
}

// appendFailedOp appends what a multi's reply holds for an operation that failed, or that did not
// happen.
func appendFailedOp(dst []byte, code jute.ErrorCode) []byte {
	dst = jute.Append(dst, &jute.MultiHeader{Type: jute.OpError, Err: code})
	return jute.Append(dst, &jute.ErrorResponse{Err: code})
}
