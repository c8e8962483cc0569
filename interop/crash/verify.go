package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"quoll/client/wire"
	"quoll/interop/process"
	"quoll/jute"
)

// verify compares the tree of a server that has just started with every ledger, and leaves the
// ledgers as the tree is.
func (r *run) verify(ctx context.Context, addr string) error {
	c, err := wire.Dial(ctx, addr, wire.Options{LastZxidSeen: r.zxid.Load()})
	if errors.Is(err, io.EOF) {
		// That is how a server answers a client that has seen more than it has.
		r.violation("the server went back: it refuses a client that has seen %v", r.zxid.Load())
		c, err = wire.Dial(ctx, addr, wire.Options{})
	}
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	for _, w := range r.workers {
		if err := r.verifyHome(ctx, c, w.ledger); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
	}
	if err := r.verifyOrder(ctx, c); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	r.zxid.raise(c.LastZxid())
	return errors.Join(c.Close(ctx), r.verifyDigest(ctx, addr))
}

// verifyOrder writes: the zxid must be above all that was ever shown.
func (r *run) verifyOrder(ctx context.Context, c *wire.Conn) error {
	h, err := c.Send(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/crash"), Version: -1}).
		Into(ctx, nil)
	if err == nil && h.Zxid <= r.zxid.Load() {
		r.violation("a new write has zxid %v, but %v was seen before", h.Zxid, r.zxid.Load())
	}
	return err
}

func (r *run) verifyDigest(ctx context.Context, addr string) error {
	text, err := process.FourLetter(ctx, addr, "mntr")
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if key == "zk_digest_mismatches_count" && value != "0" {
			r.violation("%s transactions with a digest that is not the tree's", value)
		}
	}
	return nil
}

// verifyHome compares the part of one client.
func (r *run) verifyHome(ctx context.Context, c *wire.Conn, l *ledger) error {
	for _, k := range l.all() {
		var reply jute.DataStat
		_, err := c.Send(jute.OpGetData, &jute.PathWatch{Path: []byte(k.path)}).Into(ctx, &reply)
		if err != nil {
			r.violation("get %s: %v", k.path, err)
			continue
		}
		r.counts.counters++
		if err := k.look(reply.Data, &reply.Stat, k.floor()); err != nil {
			r.violation("%v", err)
		}
		r.resolve(k.asked-k.acked, int(reply.Stat.Version)-k.acked)
		k.asked, k.acked = int(reply.Stat.Version), int(reply.Stat.Version)
		k.shown, k.mzxid = k.acked, reply.Stat.Mzxid
	}
	present := map[*fact]*jute.Stat{}
	for _, dir := range []string{plainDir, sequentialDir, ephemeralDir, multiDir} {
		if err := r.verifyDir(ctx, c, l, l.home+dir, present); err != nil {
			return err
		}
	}
	r.judge(l, present)
	l.settled(present)
	return nil
}

// resolve counts what became of writes without an answer.
func (r *run) resolve(unknown, applied int) {
	r.counts.applied += applied
	r.counts.unapplied += unknown - applied
	if r.mode == "term" && applied > 0 {
		r.violation("%d writes took effect at a clean stop without being answered", applied)
	}
}

// verifyDir finds the fact of every node in a directory.
func (r *run) verifyDir(
	ctx context.Context, c *wire.Conn, l *ledger, dir string, present map[*fact]*jute.Stat,
) error {
	names, _, err := c.Children(ctx, dir, false)
	if err != nil {
		return fmt.Errorf("children of %s: %w", dir, err)
	}
	byToken := map[string]*fact{}
	for _, f := range l.facts {
		byToken[f.token] = f
	}
	reads := make([]*wire.Future, len(names))
	for i, name := range names {
		reads[i] = c.Send(jute.OpGetData, &jute.PathWatch{Path: []byte(dir + "/" + name)})
	}
	for i, name := range names {
		path := dir + "/" + name
		var reply jute.DataStat
		if _, err := reads[i].Into(ctx, &reply); err != nil {
			r.violation("%s is listed, but get says %v", path, err)
			continue
		}
		f := byToken[string(reply.Data)]
		switch {
		case f == nil:
			r.violation("%s with data %q: nobody made it, or it was gone before", path,
				reply.Data)
			continue
		case present[f] != nil:
			r.violation("%s: token %s is there twice: a create happened twice", path, f.token)
		case f.path != "" && f.path != path:
			r.violation("%s: token %s belongs to %s", path, f.token, f.path)
		}
		f.path = path
		present[f] = &reply.Stat
		r.counts.nodes++
	}
	return nil
}

// judge holds every fact against what is there.
func (r *run) judge(l *ledger, present map[*fact]*jute.Stat) {
	owners, multis := map[jute.SessionID]*family{}, map[int]*family{}
	for _, f := range l.facts {
		stat := present[f]
		must := f.must()
		if f.owner != 0 {
			must = r.ephemeralMust(l, f)
			owners[f.owner] = owners[f.owner].add(stat != nil)
		}
		if f.made != 0 {
			multis[f.made] = multis[f.made].add(stat != nil)
			must = r.multiMust(l, f, must)
		}
		switch {
		case stat == nil && must > 0:
			r.violation("%s (token %s) is lost: create answered %v, shown %v, no delete",
				f.path, f.token, f.create == answered, f.shown)
		case stat != nil && must < 0:
			r.violation("%s is there, but its delete was answered %v, shown %v",
				f.path, f.remove == answered, f.gone)
		case stat != nil && f.czxid != 0 && stat.Czxid != f.czxid:
			r.violation("%s: czxid %v, the reply said %v", f.path, stat.Czxid, f.czxid)
		case stat != nil && stat.EphemeralOwner != f.owner:
			r.violation("%s: owner %v, made by %v", f.path, stat.EphemeralOwner, f.owner)
		}
		r.tally(f, stat != nil)
	}
	for made, m := range multis {
		if m.there > 0 && m.absent > 0 {
			r.violation("%s: half of multi %d is there", l.home, made)
		}
	}
	for owner, o := range owners {
		if o.there > 0 && o.absent > 0 && l.leases[owner].close != unasked {
			r.violation("%s: some ephemerals of session %v went, others stayed", l.home, owner)
		}
	}
}

// family is nodes that come or go together.
type family struct{ there, absent int }

func (f *family) add(there bool) *family {
	if f == nil {
		f = new(family)
	}
	if there {
		f.there++
	} else {
		f.absent++
	}
	return f
}

// ephemeralMust is must for a node that goes with its session.
func (r *run) ephemeralMust(l *ledger, f *fact) int {
	switch l.leases[f.owner].close {
	case answered:
		return -1
	case asked:
		return 0
	}
	return f.must()
}

// multiMust knows more than must: the counter says which multis happened.
func (r *run) multiMust(l *ledger, f *fact, must int) int {
	switch {
	case f.ended != 0 && f.ended <= l.multi.acked:
		return -1
	case f.made > l.multi.acked:
		return -1
	case f.ended == 0 || f.ended > l.multi.acked:
		return 1
	}
	return must
}

// tally counts what became of a create or delete without an answer.
func (r *run) tally(f *fact, there bool) {
	if f.made != 0 || f.owner != 0 {
		return // the multi's counter and the session's end count
	}
	switch {
	case f.create == asked:
		r.resolve(1, bit(there))
	case f.remove == asked && !f.gone:
		r.resolve(1, bit(!there))
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
