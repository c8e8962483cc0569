package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"quoll/client/wire"
	"quoll/interop/ensemble/history"
	"quoll/jute"
)

// Times of a client, beside its session's timeout.
const (
	dialWithin  = 1500 * time.Millisecond
	replyWithin = 4 * time.Second // then it tries another server
	retryAfter  = 20 * time.Millisecond
	idleTick    = 10 * time.Millisecond

	comeBackAfter = 2 * time.Second // to a server that lags
)

// errLags: the server may still hold requests of the session.
var errLags = errors.New("the session has left this server a moment ago")

// worker is what a client does.
type worker interface {
	// attached is called on each new connection, before anything else is sent.
	attached()
	// work sends something, or waits a little.
	work(ctx context.Context)
	// settle is the last write, finish the last reads.
	settle(ctx context.Context)
	finish(ctx context.Context)
}

// request is one in flight.
type request struct {
	op     *history.Op
	future *wire.Future
	// done is told an answer that is OK.
	done func(body []byte) error
}

// client is a session that is kept over connections.
type client struct {
	*Load
	id      int
	writes  bool
	timeout time.Duration // 0: that of the load
	random  *rand.Rand
	idle    atomic.Bool

	record   *history.Session // of the session; nil: there is none
	session  wire.Session
	conn     *wire.Conn // nil: none
	conns    int        // of the session, so far
	target   Target
	left     map[int]time.Time // when the session left a server that lags, by its id
	xid      int32
	lastZxid jute.Zxid
	pending  []request

	heard  func(history.Event) // is told each event when it is recorded; may be nil
	rung   chan struct{}       // has a token when events were added
	mu     sync.Mutex
	events []history.Event // told, not yet recorded
}

// run is the life of a client's goroutine.
func (c *client) run(ctx context.Context, w worker) {
	for ctx.Err() == nil {
		p := phase(c.phase.Load())
		if c.conn == nil || c.conn.Err() != nil {
			c.drop()
			if c.attach(ctx) != nil {
				return
			}
			w.attached()
			continue
		}
		switch {
		case p == working, p == settling && !c.writes:
			c.idle.Store(false)
			w.work(ctx)
		case p == pausing:
			c.drain()
			c.idle.Store(c.conn.Err() == nil)
			c.rest(ctx)
		case p == settling:
			c.drain()
			w.settle(ctx)
			if c.conn.Err() == nil {
				c.idle.Store(true)
			}
			c.rest(ctx)
		case p == ending:
			c.drain()
			w.finish(ctx)
			c.collect()
			if c.conn.Err() == nil {
				c.idle.Store(true)
				return
			}
		}
	}
}

// rest waits a little, or until an event comes.
func (c *client) rest(ctx context.Context) {
	timer := time.NewTimer(idleTick)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.rung:
	case <-ctx.Done():
	}
}

// pace waits for the time between two requests.
func (c *client) pace(ctx context.Context) {
	timer := time.NewTimer(c.options.Pace)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// ensure is attach for a client that has no goroutine.
func (c *client) ensure(ctx context.Context) error {
	if c.conn != nil && c.conn.Err() == nil {
		return nil
	}
	c.drop()
	return c.attach(ctx)
}

// attach connects to one server after the other until one takes the session, or makes one.
func (c *client) attach(ctx context.Context) error {
	all := c.options.Targets
	at := c.random.IntN(len(all))
	if all[at].ID == c.target.ID {
		at = (at + 1) % len(all)
	}
	for {
		t := all[at%len(all)]
		err := error(errLags)
		if time.Since(c.left[t.ID]) > comeBackAfter {
			err = c.dial(ctx, t)
		}
		if err == nil {
			return nil
		}
		if errors.Is(err, wire.ErrExpired) {
			if c.record.End == history.Living {
				c.record.End = history.Lost
			}
			c.forget()
			continue
		}
		at++
		timer := time.NewTimer(retryAfter)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// forget begins anew, without a session.
func (c *client) forget() {
	c.session, c.record, c.lastZxid, c.conns = wire.Session{}, nil, 0, 0
}

func (c *client) dial(ctx context.Context, t Target) error {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	timeout := c.timeout
	if timeout == 0 {
		timeout = c.options.Timeout
	}
	number := c.conns
	conn, err := wire.Dial(ctx, t.Addr, wire.Options{
		SessionID: c.session.ID, Passwd: c.session.Passwd, LastZxidSeen: c.lastZxid,
		Timeout: timeout, PingEvery: timeout / 8,
		OnEvent: func(e wire.Event) { c.told(number, e) },
	})
	if err != nil {
		return err
	}
	if c.record == nil {
		c.record = &history.Session{Client: c.id, ID: conn.Session().ID}
		c.Load.session(c.record)
	}
	c.conn, c.session, c.target = conn, conn.Session(), t
	c.conns++
	if t.RestartXids && c.random.IntN(2) == 0 {
		c.xid = 0
	}
	return nil
}

func (c *client) told(conn int, e wire.Event) {
	c.mu.Lock()
	c.events = append(c.events, history.Event{
		Type: e.Type, Path: e.Path, Zxid: e.Zxid, Conn: conn, Reply: e.BeforeReply,
	})
	c.mu.Unlock()
	if c.rung != nil {
		select {
		case c.rung <- struct{}{}:
		default:
		}
	}
}

// collect records the events that came.
func (c *client) collect() {
	c.mu.Lock()
	some := c.events
	c.events = nil
	c.mu.Unlock()
	if c.record != nil {
		c.record.Events = append(c.record.Events, some...)
	}
	for _, e := range some {
		if c.heard != nil {
			c.heard(e)
		}
	}
}

// send sends a request and records it. done is told an answer that is OK; nil: nobody is.
func (c *client) send(
	o *history.Op, op jute.OpCode, body jute.Record, done func(body []byte) error,
) {
	o.Server, o.Exact, o.Conn, o.Sent = c.target.ID, c.target.Exact, c.conns-1, c.now()
	c.record.Ops = append(c.record.Ops, o)
	c.xid++
	xid := c.xid
	if op == jute.OpSetWatches {
		xid = jute.XidSetWatches
	}
	c.pending = append(c.pending, request{o, c.conn.SendXid(xid, op, body), done})
}

// last is the request that was sent last.
func (c *client) last() *history.Op { return c.record.Ops[len(c.record.Ops)-1] }

// settleOldest waits for an answer. A server that does not answer is left.
func (c *client) settleOldest() {
	r := c.pending[0]
	c.pending = c.pending[1:]
	ctx, cancel := context.WithTimeout(context.Background(), replyWithin)
	defer cancel()
	h, body, err := r.future.Wait(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		c.conn.Abort()
		h, body, err = r.future.Wait(context.Background())
	}
	if err != nil {
		return
	}
	o := r.op
	o.Done, o.Zxid, o.Reply = c.now(), h.Zxid, r.future.Index()
	c.lastZxid = max(c.lastZxid, h.Zxid)
	if h.Err != jute.OK {
		o.Outcome, o.Code = history.Refused, h.Err
		return
	}
	o.Outcome = history.OK
	if o.Kind <= history.Delete {
		c.acked.Add(1)
		c.lastAck.Store(int64(o.Done))
	}
	if r.done != nil {
		if err := r.done(body); err != nil {
			c.problem(err)
		}
	}
}

// drain waits for all answers.
func (c *client) drain() {
	for len(c.pending) > 0 {
		c.settleOldest()
	}
}

// drop ends the connection, whatever is in flight, and keeps the session.
func (c *client) drop() {
	if c.conn != nil {
		c.conn.Abort()
		if c.target.Lags && c.writes && len(c.pending) > 0 {
			c.left[c.target.ID] = time.Now()
		}
		c.drain()
		c.collect()
		c.lastZxid = max(c.lastZxid, c.conn.LastZxid())
	}
	c.conn = nil
}

// end closes session and connection.
func (c *client) end(ctx context.Context) {
	if c.conn == nil || c.record == nil {
		return
	}
	c.drain()
	c.record.End = history.Closing
	if c.conn.Close(ctx) == nil {
		c.record.End = history.Closed
	}
	c.collect()
	c.conn = nil
	c.forget()
}

// The requests.

func (c *client) create(path, data string, mode jute.CreateMode) *history.Op {
	o := &history.Op{Kind: history.Create, Path: path, Value: data, Ephemeral: mode.Ephemeral()}
	body := &jute.CreateRequest{Path: []byte(path), Data: []byte(data), ACL: world(), Flags: mode}
	c.send(o, jute.OpCreate2, body, func(in []byte) error {
		var r jute.PathStat
		_, err := jute.Decode(in, &r)
		o.Made, o.Stat = string(r.Path), r.Stat
		return err
	})
	return o
}

func (c *client) set(path, data string) *history.Op {
	o := &history.Op{Kind: history.Set, Path: path, Value: data}
	body := &jute.SetDataRequest{Path: []byte(path), Data: []byte(data), Version: -1}
	c.send(o, jute.OpSetData, body, func(in []byte) error {
		_, err := jute.Decode(in, &o.Stat)
		return err
	})
	return o
}

func (c *client) delete(path string) *history.Op {
	o := &history.Op{Kind: history.Delete, Path: path}
	c.send(o, jute.OpDelete, &jute.PathVersion{Path: []byte(path), Version: -1}, nil)
	return o
}

func (c *client) get(path string, watch bool) *history.Op {
	o := &history.Op{Kind: history.Get, Path: path, Watch: watch}
	body := &jute.PathWatch{Path: []byte(path), Watch: watch}
	c.send(o, jute.OpGetData, body, func(in []byte) error {
		var r jute.DataStat
		_, err := jute.Decode(in, &r)
		o.Value, o.Stat = string(r.Data), r.Stat
		return err
	})
	return o
}

func (c *client) list(path string, watch bool) *history.Op {
	o := &history.Op{Kind: history.List, Path: path, Watch: watch}
	body := &jute.PathWatch{Path: []byte(path), Watch: watch}
	c.send(o, jute.OpGetChildren2, body, func(in []byte) error {
		var r jute.NamesStat
		_, err := jute.Decode(in, &r)
		o.Stat = r.Stat
		return err
	})
	return o
}

func (c *client) sync(path string) *history.Op {
	o := &history.Op{Kind: history.Other, Path: path}
	c.send(o, jute.OpSync, &jute.PathOnly{Path: []byte(path)}, nil)
	return o
}
