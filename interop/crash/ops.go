package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"quoll/client/wire"
	"quoll/jute"
)

// read-only: the ACL of every node.
var world = wire.World()

// issue sends one request, by the dice.
func (w *worker) issue(ctx context.Context) {
	w.ledger.mu.Lock()
	crowded := len(w.ledger.facts) > w.nodes
	w.ledger.mu.Unlock()
	switch dice := w.random.IntN(2000); {
	case dice < 1:
		w.renew(ctx)
	case dice < 800:
		w.set()
	case dice < 1000 && !crowded:
		w.create(plainDir, jute.ModePersistent)
	case dice < 1150 && !crowded:
		w.create(sequentialDir, jute.ModePersistentSequential)
	case dice < 1180 && !crowded:
		w.create(ephemeralDir, jute.ModeEphemeral)
	case dice < 1250 && !crowded:
		w.multiCreate()
	case dice < 1280:
		w.multiRefused()
	case dice < 1450:
		w.remove()
	case dice < 1800:
		w.readCounter()
	default:
		w.readFact()
	}
}

func (w *worker) set() {
	l := w.ledger
	c := l.counters[w.random.IntN(len(l.counters))]
	l.mu.Lock()
	c.asked++
	v := c.asked
	l.mu.Unlock()
	body := &jute.SetDataRequest{
		Path: []byte(c.path), Data: []byte(strconv.Itoa(v)), Version: -1,
	}
	w.push(jute.OpSetData, body, true, func(h jute.ReplyHeader, _ []byte, err error) error {
		if err == nil {
			l.mu.Lock()
			c.acked, c.mzxid = v, h.Zxid
			l.mu.Unlock()
		}
		return expected("set "+c.path, err)
	})
}

func (w *worker) create(dir string, mode jute.CreateMode) {
	l := w.ledger
	l.mu.Lock()
	f := l.fact(dir, mode.Sequential())
	if mode.Ephemeral() {
		f.owner = w.session.ID
	}
	l.mu.Unlock()
	p := f.path
	if mode.Sequential() {
		p = l.home + dir + "/s-"
	}
	body := &jute.CreateRequest{Path: []byte(p), Data: []byte(f.token), ACL: world, Flags: mode}
	w.push(jute.OpCreate2, body, true, func(h jute.ReplyHeader, in []byte, err error) error {
		if err != nil {
			return expected("create "+p, err)
		}
		var reply jute.PathStat
		if _, err := jute.Decode(in, &reply); err != nil {
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		f.path, f.create, f.czxid = string(reply.Path), answered, h.Zxid
		if reply.Stat.Czxid != h.Zxid || reply.Stat.EphemeralOwner != f.owner {
			return fmt.Errorf("create %s: czxid %v, owner %v", p, reply.Stat.Czxid,
				reply.Stat.EphemeralOwner)
		}
		return nil
	})
}

// remove deletes an own node that surely exists, together with those of its multi.
func (w *worker) remove() {
	l := w.ledger
	l.mu.Lock()
	f := w.anyOf(l)
	if f == nil || f.create != answered || f.remove != unasked || f.owner != 0 {
		l.mu.Unlock()
		return
	}
	if f.made != 0 {
		w.multiRemove(f) // unlocks
		return
	}
	f.remove = asked
	l.mu.Unlock()
	body := &jute.PathVersion{Path: []byte(f.path), Version: 0}
	w.push(jute.OpDelete, body, true, func(_ jute.ReplyHeader, _ []byte, err error) error {
		if err == nil {
			l.mu.Lock()
			f.remove = answered
			l.mu.Unlock()
		}
		return expected("delete "+f.path, err)
	})
}

// anyOf picks a fact of a locked ledger; nil if it has none.
func (w *worker) anyOf(l *ledger) *fact {
	if len(l.facts) == 0 {
		return nil
	}
	return l.facts[w.random.IntN(len(l.facts))]
}

// multiCreate makes two nodes and counts, or does nothing.
func (w *worker) multiCreate() {
	l := w.ledger
	l.mu.Lock()
	l.multi.asked++
	v := l.multi.asked
	pair := []*fact{l.fact(multiDir, false), l.fact(multiDir, false)}
	for _, f := range pair {
		f.made = v
	}
	l.mu.Unlock()
	w.pushMulti(v, []jute.MultiOp{
		wire.CreateOp(pair[0].path, []byte(pair[0].token), world, jute.ModePersistent),
		wire.SetOp(l.multi.path, []byte(strconv.Itoa(v)), int32(v-1)),
		wire.CreateOp(pair[1].path, []byte(pair[1].token), world, jute.ModePersistent),
	}, func(h jute.ReplyHeader) {
		for _, f := range pair {
			f.create, f.czxid = answered, h.Zxid
		}
	})
}

// multiRemove deletes f and the node that was made with it. The ledger is locked, and unlocked.
func (w *worker) multiRemove(f *fact) {
	l := w.ledger
	l.multi.asked++
	v := l.multi.asked
	ops := []jute.MultiOp{wire.SetOp(l.multi.path, []byte(strconv.Itoa(v)), int32(v-1))}
	var pair []*fact
	for _, g := range l.facts {
		if g.made == f.made {
			g.remove, g.ended = asked, v
			pair = append(pair, g)
			ops = append(ops, wire.DeleteOp(g.path, -1))
		}
	}
	l.mu.Unlock()
	w.pushMulti(v, ops, func(jute.ReplyHeader) {
		for _, g := range pair {
			g.remove = answered
		}
	})
}

func (w *worker) pushMulti(v int, ops []jute.MultiOp, done func(jute.ReplyHeader)) {
	l := w.ledger
	w.push(jute.OpMulti, &jute.MultiRequest{Ops: ops}, true,
		func(h jute.ReplyHeader, in []byte, err error) error {
			if err == nil {
				err = refusal(in)
			}
			if err != nil {
				return expected("multi", err)
			}
			l.mu.Lock()
			l.multi.acked, l.multi.mzxid = v, h.Zxid
			done(h)
			l.mu.Unlock()
			return nil
		})
}

// refusal is why a multi was refused, nil if it was done: the header of its reply is the same.
func refusal(in []byte) error {
	var reply jute.MultiResponse
	if _, err := jute.Decode(in, &reply); err != nil {
		return err
	}
	for _, result := range reply.Results {
		if result.Type == jute.OpError && result.Error.Err != jute.OK {
			return result.Error.Err
		}
	}
	return nil
}

// multiRefused must leave no trace: its value is one that nobody may ever see.
func (w *worker) multiRefused() {
	l := w.ledger
	ops := []jute.MultiOp{
		wire.SetOp(l.multi.path, []byte("999999999"), -1),
		wire.CreateOp(l.home+multiDir+"/never", nil, world, jute.ModePersistent),
		wire.CreateOp(l.home, nil, world, jute.ModePersistent),
	}
	w.push(jute.OpMulti, &jute.MultiRequest{Ops: ops}, true,
		func(_ jute.ReplyHeader, in []byte, err error) error {
			if err == nil {
				err = refusal(in)
			}
			if err == nil {
				return errors.New("a multi that must be refused was done")
			}
			if errors.Is(err, errUnanswered) || errors.Is(err, jute.NodeExists) {
				return nil
			}
			return fmt.Errorf("multi that must be refused: %w", err)
		})
}

// readCounter reads a counter of anyone.
func (w *worker) readCounter() {
	l := w.workers[w.random.IntN(len(w.workers))].ledger
	all := l.all()
	c := all[w.random.IntN(len(all))]
	l.mu.Lock()
	floor := c.floor()
	l.mu.Unlock()
	body := &jute.PathWatch{Path: []byte(c.path)}
	w.push(jute.OpGetData, body, false, func(_ jute.ReplyHeader, in []byte, err error) error {
		if err != nil {
			return expected("get "+c.path, err)
		}
		var reply jute.DataStat
		if _, err := jute.Decode(in, &reply); err != nil {
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		return c.look(reply.Data, &reply.Stat, floor)
	})
}

// readFact reads a node of anyone.
func (w *worker) readFact() {
	l := w.workers[w.random.IntN(len(w.workers))].ledger
	l.mu.Lock()
	f := w.anyOf(l)
	if f == nil || f.path == "" || f.owner != 0 {
		l.mu.Unlock()
		return
	}
	p, before := f.path, *f
	l.mu.Unlock()
	body := &jute.PathWatch{Path: []byte(p)}
	w.push(jute.OpGetData, body, false, func(_ jute.ReplyHeader, in []byte, err error) error {
		if errors.Is(err, errUnanswered) {
			return nil
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if errors.Is(err, jute.NoNode) {
			return f.absent(&before)
		}
		if err != nil {
			return fmt.Errorf("get %s: %w", p, err)
		}
		return f.present(&before, in)
	})
}

// absent records that a read, sent when the fact was as before says, did not find the node.
func (f *fact) absent(before *fact) error {
	if before.must() > 0 && f.remove == unasked {
		return fmt.Errorf("%s is not there, but was created (shown %v) and not deleted",
			f.path, f.shown)
	}
	if before.create == answered || before.shown {
		f.gone = true
	}
	return nil
}

// present records that it did.
func (f *fact) present(before *fact, in []byte) error {
	var reply jute.DataStat
	if _, err := jute.Decode(in, &reply); err != nil {
		return err
	}
	if before.must() < 0 {
		return fmt.Errorf("%s is there again; its delete was acknowledged or shown", f.path)
	}
	if string(reply.Data) != f.token || f.czxid != 0 && reply.Stat.Czxid != f.czxid {
		return fmt.Errorf("%s: data %q, czxid %v, made by %v", f.path, reply.Data,
			reply.Stat.Czxid, f.czxid)
	}
	f.shown = true
	return nil
}
