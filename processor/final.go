package processor

import (
	"quoll/datatree"
	"quoll/datatree/watch"
	"quoll/jute"
	"quoll/processor/journal"
	"quoll/processor/multi"
	"quoll/processor/op"
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
	journal  *journal.Journal
	conns    *Conns
	out      outbox
	result   datatree.Result
	observe  Observer
	teller   Teller
	// delivered counts the events: a lane that has the event already gets its bytes only once.
	delivered uint64
	// attached is the connection of each session; it outlives the connection until the session
	// ends or moves.
	attached map[jute.SessionID]*Stream
}

// Observer is told what the chain has done, for metrics and the audit log. It is called on the
// core and must not block.
type Observer interface {
	Applied(r *Request, e *jute.Entry, result *datatree.Result)
	// Fired tells of an event that so many connections watch for, whether they may read it or not.
	Fired(t jute.EventType, watchers int)
}

// apply changes the tree by one transaction, under the tree's write lock.
func (f *Final) apply(p *pending) {
	e := &p.entry
	f.sessionEvents(p)
	f.tree.Apply(e, &f.result)
	f.journal.Applied(e.Header.Zxid)
	if f.observe != nil {
		f.observe.Applied(&p.request, e, &f.result)
	}
	if p.request.Stream != nil {
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
		if p.request.Stream != nil {
			tellOf(f.teller, &p.request, tell.Event{Kind: tell.Closed})
		}
		if s := f.attached[p.request.Session]; s != nil {
			delete(f.attached, p.request.Session)
			if p.request.Stream == nil { // it expired: the connection goes too
				f.out.send(s, len(f.out.to(s).buf), itemKicked, nil)
			}
		}
	}
}

// reply encodes the answer to a write into the lane's buffer.
func (f *Final) reply(p *pending) {
	r := &p.request
	d := f.out.to(r.Stream)
	from := len(d.buf)
	if r.Type == jute.OpCreateSession {
		f.connected(r)
		return
	}
	zxid := p.entry.Header.Zxid
	d.buf = jute.AppendReplyHeader(jute.FrameStart(d.buf), r.Xid, zxid, p.code)
	if p.code == jute.OK {
		d.buf = multi.AppendResult(d.buf, r.Type, &f.result)
	}
	jute.FrameEnd(d.buf, from)
	kind := itemReply
	if r.Type == jute.OpCloseSession {
		kind = itemLast
	}
	f.out.send(r.Stream, from, kind, r)
}

// connected answers a connect request that was granted.
func (f *Final) connected(r *Request) {
	e := tell.Event{Kind: tell.Established, A: int64(r.Connect.TimeOut)}
	if r.Connect.SessionID != 0 {
		e.Kind = tell.Renewed
	}
	tellOf(f.teller, r, e)
	d := f.out.to(r.Stream)
	from := len(d.buf)
	d.buf = session.AppendResponse(d.buf, r.Connect, r.Session)
	f.out.send(r.Stream, from, itemConnected, r)
	d.items[len(d.items)-1].opened = &opened{
		session: int64(r.Session), timeoutMillis: r.Connect.TimeOut,
		created: r.Connect.SessionID == 0, zxid: f.tree.Peek().LastZxid(),
	}
}

// answer answers a read on the core, at its place in the order.
func (f *Final) answer(r *Request) {
	s := r.Stream
	if s == nil {
		return
	}
	if r.Connect != nil { // not by the type: a client may send that too
		f.connected(r)
		return
	}
	d := f.out.to(s)
	from := len(d.buf)
	kind := itemReply
	switch {
	case r.refused == jute.Unimplemented && !op.Of(r.Type).Kind.OfClients():
		d.buf = reads.AppendError(d.buf, r.Xid, -1, jute.Unimplemented)
		kind = itemLast
	case f.read(d, r):
		kind = itemLast
	}
	f.out.send(s, from, kind, r)
}

// read answers for a connection that is still there, and keeps it in the table of connections until
// its watch is set: the number that the watch is set for is not another's before. ends is true when
// the connection must end for what it asked.
func (f *Final) read(d *delivery, r *Request) (ends bool) {
	f.conns.mu.RLock()
	defer f.conns.mu.RUnlock()
	if r.Stream.gone.Load() {
		return false
	}
	a := &f.asking
	*a = askingOf(r, f.tree.Peek())
	d.buf = f.reader.Frame(d.buf, a)
	if a.Limited != tell.Nothing {
		tellOf(f.teller, r, tell.Event{Kind: a.Limited, A: a.Limit})
	}
	return a.Ends
}

// Deliver sends a watch event to those of its watchers who may read the node (ZOOKEEPER-4799). It
// is called by the tree in the middle of apply.
func (f *Final) Deliver(ev watch.Event, acl []jute.ACL, to []watch.Watcher) {
	f.delivered++
	if f.observe != nil {
		f.observe.Fired(ev.Type, len(to))
	}
	f.conns.mu.RLock()
	defer f.conns.mu.RUnlock()
	for _, w := range to {
		s := f.conns.streams[w]
		if s == nil {
			continue
		}
		if acl != nil && !f.reader.Auth.Allowed(acl, jute.PermRead, s.identity.Load()) {
			continue
		}
		f.event(s, &ev)
	}
}

// event appends an event for one connection; the bytes are encoded once for all of a lane.
func (f *Final) event(s *Stream, ev *watch.Event) {
	d := f.out.to(s)
	if n := len(d.items); n > 0 && s.lane.lastEvent == f.delivered {
		last := d.items[n-1]
		d.items = append(d.items, item{
			stream: s, from: last.from, to: last.to, kind: itemEvent,
		})
		return
	}
	from := len(d.buf)
	d.buf = jute.AppendWatcherEvent(d.buf, ev.Zxid, ev.Type, ev.Path)
	f.out.send(s, from, itemEvent, nil)
	s.lane.lastEvent = f.delivered
}
