package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// sessionTimeout outlives every restart.
const sessionTimeout = 30 * time.Second

// replyWithin bounds the wait for one reply of a living server.
const replyWithin = 20 * time.Second

// errUnanswered ends a settle whose request has no reply.
var errUnanswered = errors.New("no answer")

// request is one that is in flight. settle is told the reply, or errUnanswered.
type request struct {
	future *wire.Future
	write  bool
	settle func(h jute.ReplyHeader, body []byte, err error) error
}

// worker is one client: a session, kept over restarts, and a window of requests. One goroutine
// owns it while a round's load runs.
type worker struct {
	*run
	id      int
	ledger  *ledger
	random  *rand.Rand
	session wire.Session // ID 0: none to resume
	conn    *wire.Conn
	pending []request
}

// connect resumes the session, or begins one.
func (w *worker) connect(ctx context.Context, addr string) error {
	o := wire.Options{Timeout: sessionTimeout, LastZxidSeen: w.zxid.Load()}
	l := w.ledger.leases[w.session.ID]
	if l != nil && l.close == answered {
		w.session = wire.Session{}
	}
	resuming := w.session.ID != 0
	if resuming {
		o.SessionID, o.Passwd = w.session.ID, w.session.Passwd
	}
	conn, err := wire.Dial(ctx, addr, o)
	switch {
	case errors.Is(err, wire.ErrExpired) && resuming && l.close == asked:
		l.close = answered
		w.session = wire.Session{}
		return w.connect(ctx, addr)
	case errors.Is(err, wire.ErrExpired) && resuming:
		w.violation("session %v of client %d did not resume", w.session.ID, w.id)
		w.session = wire.Session{}
		return w.connect(ctx, addr)
	case err != nil:
		return err
	}
	if resuming {
		l.close = unasked
		w.counts.resumed.Add(1)
	} else {
		w.ledger.leases[conn.Session().ID] = &lease{}
	}
	w.conn, w.session = conn, conn.Session()
	return nil
}

// load sends requests until the connection ends or ctx does; what is in flight is settled.
func (w *worker) load(ctx context.Context) {
	defer w.drop()
	for ctx.Err() == nil && w.conn.Err() == nil {
		w.issue(ctx)
		if len(w.pending) >= w.window && !w.settleOldest() {
			return
		}
	}
}

// drop ends the connection, not the session, and settles all that is in flight.
func (w *worker) drop() {
	for len(w.pending) > 0 {
		w.settleOldest()
	}
	w.zxid.raise(w.conn.LastZxid())
	w.conn.Abort()
	w.conn = nil
}

// settleOldest waits for one reply. It reports whether the connection lives.
func (w *worker) settleOldest() bool {
	r := w.pending[0]
	w.pending = w.pending[1:]
	ctx, cancel := context.WithTimeout(context.Background(), replyWithin)
	defer cancel()
	h, body, err := r.future.Wait(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		w.violation("client %d: a request was not answered within %v", w.id, replyWithin)
	}
	alive := err == nil
	if err != nil {
		err = errUnanswered
	} else if h.Err != jute.OK {
		err = h.Err
	}
	switch {
	case r.write && alive:
		w.counts.acknowledged.Add(1)
	case r.write:
		w.counts.unknown.Add(1)
	case alive:
		w.counts.reads.Add(1)
	}
	if err := r.settle(h, body, err); err != nil {
		w.violation("client %d, zxid %v: %v", w.id, h.Zxid, err)
	}
	return alive
}

// push sends one request.
func (w *worker) push(
	op jute.OpCode, body jute.Record, write bool,
	settle func(jute.ReplyHeader, []byte, error) error,
) {
	w.counts.requests.Add(1)
	w.pending = append(w.pending, request{w.conn.Send(op, body), write, settle})
}

// renew closes the session and begins another. Nothing may be in flight on the old one: what is
// sent after closeSession has no meaning.
func (w *worker) renew(ctx context.Context) {
	for len(w.pending) > 0 {
		if !w.settleOldest() {
			return
		}
	}
	l := w.ledger.leases[w.session.ID]
	l.close = asked
	next := w.conn.Addr()
	bounded, cancel := context.WithTimeout(ctx, replyWithin)
	defer cancel()
	_, err := w.conn.Send(jute.OpCloseSession, nil).Into(bounded, nil)
	if err != nil {
		return
	}
	w.counts.closed.Add(1)
	l.close = answered
	w.zxid.raise(w.conn.LastZxid())
	old := w.conn
	old.Abort()
	if err := w.connect(bounded, next); err != nil {
		// The old, dead connection stays: load sees its error and leaves.
		w.session = wire.Session{}
	}
}

// expected says that a write of a living connection may only succeed.
func expected(what string, err error) error {
	if err == nil || errors.Is(err, errUnanswered) {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
