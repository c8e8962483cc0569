package reads

import (
	"bytes"

	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/multi"
	"quoll/processor/op"
	"quoll/processor/stats"
	"quoll/processor/tell"
)

// Reader answers from the tree as it is while a View is held. It has no state of its own and may be
// used from any goroutine.
type Reader struct {
	Auth *auth.Rules
	Limits
	Counts *stats.Counts // of what the limits refused
}

// Limits bound what one read may cost the others.
type Limits struct {
	MaxWatches  int // quoll.maxWatches; 0 is no limit
	MaxMultiOps int // quoll.maxMultiOps, of a multiRead; 0 is no limit
	// MaxMultiBytes is the length of a multiRead's reply from which on its reads are refused; 0 is
	// no limit.
	MaxMultiBytes int
	// ChunkNames and ChunkBytes are how much of a long answer is made in one hold of the lock.
	ChunkNames int
	ChunkBytes int
}

// Asking is one read being answered.
type Asking struct {
	Xid      int32
	Type     jute.OpCode
	Body     []byte // the request behind its header
	Session  jute.SessionID
	Identity *auth.Identity
	Watcher  watch.Watcher // the one whose watches are meant
	// Refused, unless it is OK, is answered instead. Early says that the request was refused before
	// it could count.
	Refused jute.ErrorCode
	Early   bool
	// View is the hold of the lock. A pause replaces it: afterwards it is the one that the answer
	// ended in.
	View datatree.View
	// Breathe gives the tree's lock back and takes it again, so that a long answer does not hold up
	// writes. It is nil where the lock cannot be given back, as on the core.
	Breathe func() datatree.View

	// Out is what the body of the reply is appended to.
	Out []byte
	// Events are notifications that leave before the reply: setWatches found that they were missed.
	Events []byte
	// Limited says which limit refused the read or a part of it, Nothing if none did; Limit is what
	// it allows.
	Limited tell.Kind
	Limit   int64
	// Ends says that the connection must end because of the read: there is no reply.
	Ends bool
	// Partial says that the body counts in spite of a code: a multiRead broke off.
	Partial bool
}

// answers is the function that answers each read.
//
// read-only: a table.
var answers = op.TableOf(map[jute.OpCode]func(*Reader, *Asking) jute.ErrorCode{
	jute.OpPing:           (*Reader).ping,
	jute.OpExists:         (*Reader).nodeOf,
	jute.OpGetData:        (*Reader).nodeOf,
	jute.OpGetChildren:    (*Reader).nodeOf,
	jute.OpGetChildren2:   (*Reader).nodeOf,
	jute.OpGetACL:         (*Reader).getACL,
	jute.OpGetAllChildren: (*Reader).getAllChildren,
	jute.OpGetEphemerals:  (*Reader).getEphemerals,
	jute.OpSync:           (*Reader).sync,
	jute.OpMultiRead:      (*Reader).multiRead,
	jute.OpWhoAmI:         (*Reader).whoAmI,
	jute.OpCheckWatches:   (*Reader).watches,
	jute.OpRemoveWatches:  (*Reader).watches,
	jute.OpAddWatch:       (*Reader).addWatch,
	jute.OpSetWatches:     (*Reader).setWatches,
	jute.OpSetWatches2:    (*Reader).setWatches,
})

// Answer appends the reply's body. With a code other than OK the body does not count, unless it is
// Partial.
func (rd *Reader) Answer(a *Asking) jute.ErrorCode {
	answer := answers.Of(a.Type)
	if answer == nil {
		panic("reads: no read answers " + a.Type.String())
	}
	return answer(rd, a)
}

func (rd *Reader) ping(*Asking) jute.ErrorCode { return jute.OK }

func (rd *Reader) whoAmI(a *Asking) jute.ErrorCode {
	a.Out = jute.Append(a.Out, &jute.WhoAmIResponse{ClientInfo: rd.Auth.Clients(a.Identity)})
	return jute.OK
}

// nodeOf decodes which node a read asks for, and answers it.
func (rd *Reader) nodeOf(a *Asking) jute.ErrorCode {
	var in jute.PathWatch
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() {
		return jute.MarshallingError
	}
	return rd.node(a, a.Type, &in)
}

// node answers the reads of one node. The watch is set in the same hold of the lock as the read
// it belongs to (rule 3); a watch on a missing node is one for its creation.
func (rd *Reader) node(a *Asking, as jute.OpCode, in *jute.PathWatch) jute.ErrorCode {
	if in.Path == nil {
		return jute.MarshallingError // Java trips over the null
	}
	if as == jute.OpExists && bytes.IndexByte(in.Path, 0) >= 0 {
		return jute.BadArguments
	}
	if in.Watch && rd.tooManyWatches(a) {
		return jute.SystemError
	}
	n, ok := a.View.Find(in.Path)
	if !ok {
		if as == jute.OpExists && in.Watch {
			a.View.WatchData(in.Path, a.Watcher)
			rd.watched(a)
		}
		return jute.NoNode
	}
	if !rd.Auth.Allowed(a.View.ACL(n), jute.PermRead, a.Identity) {
		return jute.NoAuth
	}
	switch as {
	case jute.OpExists:
		a.Out = a.View.AppendStat(a.Out, n)
	case jute.OpGetData:
		a.Out = a.View.AppendStat(a.View.AppendData(a.Out, n), n)
	case jute.OpGetChildren, jute.OpGetChildren2:
		var code jute.ErrorCode
		if n, code = rd.list(a, in.Path, n); code != jute.OK {
			return code
		}
		if as == jute.OpGetChildren2 {
			a.Out = a.View.AppendStat(a.Out, n)
		}
	}
	switch {
	case !in.Watch:
		return jute.OK
	case as == jute.OpExists || as == jute.OpGetData:
		a.View.WatchData(in.Path, a.Watcher)
	default:
		a.View.WatchChildren(in.Path, a.Watcher)
	}
	rd.watched(a)
	return jute.OK
}

// found decodes a body that is a path and finds the node.
func found(a *Asking) (path []byte, n datatree.Ref, code jute.ErrorCode) {
	var in jute.PathOnly
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() || in.Path == nil {
		return nil, n, jute.MarshallingError
	}
	n, ok := a.View.Find(in.Path)
	if !ok {
		return nil, n, jute.NoNode
	}
	return in.Path, n, jute.OK
}

// getACL hides the digests from those who may read the node but not administrate it.
func (rd *Reader) getACL(a *Asking) jute.ErrorCode {
	_, n, code := found(a)
	if code != jute.OK {
		return code
	}
	acl := a.View.ACL(n)
	if !rd.Auth.Allowed(acl, jute.PermRead|jute.PermAdmin, a.Identity) {
		return jute.NoAuth
	}
	if !rd.Auth.Allowed(acl, jute.PermAdmin, a.Identity) {
		acl = auth.Mask(acl)
	}
	c := jute.Encoder(a.Out)
	c.ACLs("acl", &acl)
	a.Out = a.View.AppendStat(c.Bytes(), n)
	return jute.OK
}

func (rd *Reader) getAllChildren(a *Asking) jute.ErrorCode {
	path, n, code := found(a)
	if code != jute.OK {
		return code
	}
	if !rd.Auth.Allowed(a.View.ACL(n), jute.PermRead, a.Identity) {
		return jute.NoAuth
	}
	total := jute.TotalNumber{TotalNumber: int32(a.View.AllChildrenNumber(path))}
	a.Out = jute.Append(a.Out, &total)
	return jute.OK
}

// getEphemerals lists the session's own ephemeral nodes; a blank prefix or "/" means all.
func (rd *Reader) getEphemerals(a *Asking) jute.ErrorCode {
	var in jute.PathOnly
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() {
		return jute.MarshallingError
	}
	blank := bytes.TrimFunc(in.Path, func(r rune) bool { return r <= ' ' })
	all := len(blank) == 0 || string(blank) == "/"
	a.Out = a.View.AppendEphemerals(a.Out, a.Session, in.Path, all)
	return jute.OK
}

// sync is answered like a read, at its place: what it waits for has happened by then.
func (rd *Reader) sync(a *Asking) jute.ErrorCode {
	var in jute.PathOnly
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() {
		return jute.MarshallingError
	}
	a.Out = jute.AppendBuffer(a.Out, in.Path)
	return jute.OK
}

// multiRead answers each of its reads alone, and writes may come between them. Watch flags in it
// mean nothing. The reply has a limit, because a request of a megabyte can name 65,000 nodes of a
// megabyte each.
func (rd *Reader) multiRead(a *Asking) jute.ErrorCode {
	var in jute.MultiRequest
	_, err := jute.Decode(a.Body, &in)
	if err != nil || multi.Judge(in.Ops) != multi.Readable {
		return jute.MarshallingError
	}
	if rd.MaxMultiOps > 0 && len(in.Ops) > rd.MaxMultiOps {
		rd.Counts.MultiRefused.Add(1)
		a.Limited = tell.LongMulti
		return jute.BadArguments
	}
	code, from, breathed := jute.OK, len(a.Out), len(a.Out)
	for i := 0; i < len(in.Ops) && code == jute.OK; i++ {
		if rd.MaxMultiBytes > 0 && len(a.Out)-from >= rd.MaxMultiBytes &&
			multi.IsRead(in.Ops[i].Type) {
			rd.Counts.MultiRefused.Add(1)
			a.Limited = tell.LongMulti
			a.Out = multi.AppendFailed(a.Out, jute.SystemError)
			continue
		}
		if len(a.Out)-breathed >= rd.ChunkBytes && a.Breathe != nil {
			a.View, breathed = a.Breathe(), len(a.Out)
		}
		code = rd.readOp(a, &in.Ops[i])
	}
	end := jute.MultiEnd()
	a.Out = jute.Append(a.Out, &end)
	a.Partial = true
	return code
}

// readOp answers one read of a multiRead. A code other than OK ends the whole multiRead.
func (rd *Reader) readOp(a *Asking, op *jute.MultiOp) jute.ErrorCode {
	if !multi.IsRead(op.Type) {
		return jute.MarshallingError
	}
	op.Read.Watch = false
	at := len(a.Out)
	a.Out = jute.Append(a.Out, &jute.MultiHeader{Type: op.Type})
	switch code := rd.node(a, op.Type, op.Read); code {
	case jute.OK:
	case jute.MarshallingError:
		a.Out = a.Out[:at]
		return code
	default:
		a.Out = multi.AppendFailed(a.Out[:at], code)
	}
	return jute.OK
}
