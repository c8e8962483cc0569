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
// Invariants: everything that a transaction brings about - events first, then the reply, then the
// reads that waited behind it - is in the mailboxes before the tree's lock is released.
type Final struct {
	tree     *datatree.Tree
	reader   reads.Reader
	asking   reads.Asking // room for the read being answered
	sessions *session.Table
	prep     *prep.Prep
	conns    *mail.Conns
	out      mail.Outbox
	result   datatree.Result
	observe  Observer
	teller   tell.Teller
	// attached is the connection of each session; it outlives the connection until the session
	// ends or moves.
	attached map[jute.SessionID]*mail.Conn
}

// Observer is told what the chain has done, for metrics and the audit log. It is called on the
// core and must not block.
type Observer interface {
	Applied(r *mail.Request, e *jute.Entry, result *datatree.Result)
	// Fired tells of an event that so many connections watch for, whether they may read it or not.
	Fired(t jute.EventType, watchers int)
}

// apply changes the tree by one transaction, under the tree's write lock.
func (f *Final) apply(p *pending) {
	e := &p.entry
	f.sessionEvents(p)
	f.tree.Apply(e, &f.result)
	f.prep.Applied(e.Header.Zxid)
	if f.observe != nil {
		f.observe.Applied(&p.request, e, &f.result)
	}
	if p.request.Origin == mail.FromClient {
		f.reply(p)
	}
	for i := range p.behind {
		f.answer(&p.behind[i])
	}
}

// sessionEvents keeps the table of sessions in step with the log.
func (f *Final) sessionEvents(p *pending) {
	switch p.entry.Header.Type {
	case jute.OpCreateSession:
		f.sessions.Commit(p.request.Session, p.request.Connect.TimeOut)
	case jute.OpCloseSession:
		f.sessions.Remove(p.request.Session)
		if p.request.Origin == mail.FromClient {
			tellOf(f.teller, &p.request, tell.Event{Kind: tell.Closed})
		}
		if s := f.attached[p.request.Session]; s != nil {
			delete(f.attached, p.request.Session)
			if p.request.Origin != mail.FromClient { // it expired: the connection goes too
				f.out.Kick(s)
			}
		}
	}
}

// reply encodes the answer to a write into the lane's buffer.
func (f *Final) reply(p *pending) {
	r := &p.request
	d := f.out.To(r.Conn)
	from := len(d.Buf)
	if r.Type == jute.OpCreateSession {
		f.connected(r)
		return
	}
	zxid := p.entry.Header.Zxid
	d.Buf = jute.AppendReplyHeader(jute.FrameStart(d.Buf), r.Xid, zxid, p.code)
	if p.code == jute.OK {
		d.Buf = multi.AppendResult(d.Buf, r.Type, &f.result)
	}
	jute.FrameEnd(d.Buf, from)
	kind := mail.Reply
	if r.Type == jute.OpCloseSession {
		kind = mail.Last
	}
	f.out.Send(r.Conn, from, kind, r)
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
	d.Buf = session.AppendResponse(d.Buf, r.Connect, r.Session)
	f.out.Send(r.Conn, from, mail.Connected, r).Opened = &mail.Opened{
		Session: r.Session, TimeoutMillis: r.Connect.TimeOut,
		Created: r.Connect.SessionID == 0, Zxid: f.tree.Peek().LastZxid(),
	}
}

// answer answers a read on the core, at its place in the order.
func (f *Final) answer(r *mail.Request) {
	if r.Origin != mail.FromClient {
		return
	}
	if r.Connect != nil { // not by the type: a client may send that too
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

// read answers for a connection that is still there, and keeps it in the table of connections until
// its watch is set: the number that the watch is set for is not another's before. ends is true when
// the connection must end for what it asked.
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
	if f.observe != nil {
		f.observe.Fired(ev.Type, len(to))
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
