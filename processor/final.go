package processor

import (
	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/multi"
	"quoll/processor/op"
	"quoll/processor/prep"
	"quoll/processor/reads"
	"quoll/processor/session"
	"quoll/processor/tell"
)

// Final is the last stage: its apply half changes the tree, fires watches and encodes the replies
// to writes; its read half (the package reads) answers reads (FinalRequestProcessor).
//
// Invariant: all effects of a transaction are in the mailboxes before the tree's lock is released:
// events first, then the reply, then the replies to reads that waited behind it.
type Final struct {
	tree     *datatree.Tree
	reader   reads.Reader
	asking   reads.Asking // room for the read being answered
	sessions *session.Table
	prep     *prep.Prep // nil while this server does not lead
	conns    *mail.Conns
	out      mail.Outbox
	result   datatree.Result
	hooks    Hooks
	teller   tell.Teller
	// attached is the connection of each session. A connection stays in it after it is closed,
	// until the session ends or moves.
	attached map[jute.SessionID]*mail.Conn
}

// Hooks are called on the core with what the chain has done, for metrics and the audit log. They
// must not block; each may be nil.
type Hooks struct {
	// Applied hears of every transaction. own is the request that it answers, if a client of this
	// server sent it; else nil.
	Applied func(own *mail.Request, e *jute.Entry, result *datatree.Result)
	// Fired hears of an event that so many connections watch for, whether or not they may read it.
	Fired func(t jute.EventType, watchers int)
	// Expired hears that a session's time is up.
	Expired func()
}

// apply changes the tree by one transaction, under the tree's write lock. of is the flight that the
// transaction answers, nil when it answers none.
func (f *Final) apply(e *jute.Entry, of *flight) {
	var r *mail.Request
	if of != nil {
		r = &of.request
	}
	f.sessionEvents(e, r)
	f.tree.Apply(e, &f.result)
	if f.prep != nil {
		f.prep.Applied(e.Header.Zxid)
	}
	if f.hooks.Applied != nil {
		f.hooks.Applied(r, e, &f.result)
	}
	if of == nil {
		return
	}
	f.reply(e, r)
	for i := range of.behind {
		f.answer(&of.behind[i])
	}
}

// sessionEvents keeps the table of sessions in step with the log.
func (f *Final) sessionEvents(e *jute.Entry, own *mail.Request) {
	id := e.Header.ClientID
	switch e.Header.Type {
	case jute.OpCreateSession:
		var txn jute.CreateSessionTxn
		c := jute.Decoder(e.Body)
		txn.Fields(&c)
		f.sessions.Commit(id, txn.TimeOut)
	case jute.OpCloseSession:
		f.sessions.Remove(id)
		if own != nil {
			tellOf(f.teller, own, tell.Event{Kind: tell.Closed})
		}
		if c := f.attached[id]; c != nil {
			delete(f.attached, id)
			if own == nil || own.Conn != c { // it expired, or ended elsewhere
				f.out.Kick(c)
			}
		}
	}
}

// reply encodes the answer to a write into the lane's buffer.
func (f *Final) reply(e *jute.Entry, r *mail.Request) {
	if e.Header.Type == jute.OpCreateSession {
		f.connected(r)
		return
	}
	if f.result.Err == jute.SessionMoved { // for a multi, the code of the operation that failed
		// The client is connected elsewhere: an answer on this connection could only mislead it.
		f.out.Kick(r.Conn)
		f.out.Drop(r)
		return
	}
	d := f.out.To(r.Conn)
	from := len(d.Buf)
	code := jute.OK // even for a multi that failed: its results say so
	if e.Header.Type == jute.OpError {
		if r.Connect != nil {
			f.sessions.Remove(r.Session)
			delete(f.attached, r.Session)
			f.noSession(r)
			return
		}
		code = f.result.Err
	}
	d.Buf = jute.AppendReplyHeader(jute.FrameStart(d.Buf), r.Xid, e.Header.Zxid, code)
	switch {
	case code != jute.OK:
	case e.Header.Type == jute.OpReconfig:
		d.Buf = appendConfig(d.Buf, e, &f.result)
	default:
		d.Buf = multi.AppendResult(d.Buf, e.Header.Type, &f.result)
	}
	jute.FrameEnd(d.Buf, from)
	kind := mail.Reply
	if e.Header.Type == jute.OpCloseSession {
		kind = mail.Last
	}
	f.out.Send(r.Conn, from, kind, r)
}

// appendConfig appends the body of the reply to a reconfig: the configuration, and the Stat of its
// node.
func appendConfig(dst []byte, e *jute.Entry, result *datatree.Result) []byte {
	var txn jute.SetDataRequest
	c := jute.Decoder(e.Body)
	txn.Fields(&c)
	return jute.AppendStat(jute.AppendBuffer(dst, txn.Data), &result.Stat)
}

// connected answers a connect request that was granted.
func (f *Final) connected(r *mail.Request) {
	e := tell.Event{Kind: tell.Established, A: int64(r.Connect.TimeOut)}
	if r.Connect.SessionID != 0 {
		e.Kind = tell.Renewed
	}
	tellOf(f.teller, r, e)
	d := f.out.To(r.Conn)
	from := len(d.Buf)
	d.Buf = session.AppendResponse(d.Buf, r.Connect, r.Session, r.ReadOnly)
	f.out.Send(r.Conn, from, mail.Connected, r).Opened = &mail.Opened{
		Session: r.Session, TimeoutMillis: r.Connect.TimeOut,
		Created: r.Connect.SessionID == 0, Zxid: f.tree.Peek().Shown(),
	}
}

// noSession answers a connect request that was not granted.
func (f *Final) noSession(r *mail.Request) {
	d := f.out.To(r.Conn)
	from := len(d.Buf)
	gone := *r.Connect
	gone.TimeOut = 0
	d.Buf = session.AppendResponse(d.Buf, &gone, 0, r.ReadOnly)
	f.out.Send(r.Conn, from, mail.Last, r)
}

// answer answers a read on the core, at its place in the order.
func (f *Final) answer(r *mail.Request) {
	if r.Origin != mail.FromClient {
		return
	}
	if r.Connect != nil { // the type does not tell: a client may send it too
		f.connected(r)
		return
	}
	d := f.out.To(r.Conn)
	from := len(d.Buf)
	kind := mail.Reply
	switch {
	case r.Refused == jute.Unimplemented && !op.Of(r.Type).Kind.OfClients():
		d.Buf = reads.AppendError(d.Buf, r.Xid, -1, jute.Unimplemented)
		kind = mail.Last
	case f.read(d, r):
		kind = mail.Last
	}
	f.out.Send(r.Conn, from, kind, r)
}

// read answers a request whose connection is still there. It holds the table of connections until
// the watch is set, so that the watch's number cannot become another connection's before. ends is
// true when the connection must end because of the request.
func (f *Final) read(d *mail.Delivery, r *mail.Request) (ends bool) {
	f.conns.Hold()
	defer f.conns.Release()
	if r.Conn.Gone() {
		return false
	}
	a := &f.asking
	*a = reads.Asking{
		Xid: r.Xid, Type: r.Type, Body: r.Body, Session: r.Session, Identity: r.Identity,
		Watcher: r.Conn.Watcher, Refused: r.Refused, Early: r.Early, View: f.tree.Peek(),
	}
	d.Buf = f.reader.Frame(d.Buf, a)
	if a.Limited != tell.Nothing {
		tellOf(f.teller, r, tell.Event{Kind: a.Limited, A: a.Limit})
	}
	return a.Ends
}

// Deliver sends a watch event to those of its watchers who may read the node (ZOOKEEPER-4799). It
// is called by the tree in the middle of apply.
func (f *Final) Deliver(ev watch.Event, acl []jute.ACL, to []watch.Watcher) {
	f.out.Fire()
	if f.hooks.Fired != nil {
		f.hooks.Fired(ev.Type, len(to))
	}
	f.conns.Hold()
	defer f.conns.Release()
	for _, w := range to {
		c := f.conns.At(w)
		if c == nil {
			continue
		}
		if acl != nil && !f.reader.Auth.Allowed(acl, jute.PermRead, c.Identity.Load()) {
			continue
		}
		f.out.Tell(c, &ev)
	}
}
