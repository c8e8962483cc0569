package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"

	"quoll/internal/hostile"
	"quoll/jute"
)

// node is what the generator remembers of a znode: hints, never expectations.
type node struct {
	place             int // in generator.list
	version, aversion int32
	guarded           bool // its ACL is not the open one
	owner             int  // slot that made an ephemeral node, or -1
}

// client is what the generator knows of a slot.
type slotState struct {
	live    bool
	session int   // place among the sessions granted, -1: none to take up
	xid     int32 // of the last request
}

// generator makes the steps of one seed.
type generator struct {
	random      *rand.Rand
	table       []operation
	sum         int // of the table's weights
	slots       [slots]slotState
	granted     int // sessions so far
	nodes       map[string]*node
	list        []string // the keys of nodes, in no order, but always the same
	watched     [][]byte // paths with a watch, lately
	rootGuarded bool
	steps       int
	dropped     int  // step of the last drop: a server takes a moment to see it
	tame        bool // nulls stay out
	quotas      bool // are enforced
	planned     []*step
}

func newGenerator(seed uint64) *generator {
	g := &generator{
		random: rand.New(rand.NewPCG(seed, 0x5eed)), table: operations(),
		nodes: map[string]*node{},
	}
	for _, o := range g.table {
		g.sum += o.weight
	}
	for i := range g.slots {
		g.slots[i].session = -1
	}
	return g
}

// next is the step to do now.
func (g *generator) next() *step {
	g.steps++
	if len(g.planned) > 0 {
		st := g.planned[0]
		g.planned = g.planned[1:]
		return st
	}
	r := g.random
	if !g.slots[0].live {
		return g.connect(0)
	}
	if g.slots[0].xid == 0 {
		return g.single(0, g.auth(superProof))
	}
	if g.steps%150 == 0 || len(g.list) > 200 {
		return g.tidy()
	}
	slot := r.IntN(slots)
	if !g.slots[slot].live {
		return g.connect(slot)
	}
	switch n := r.IntN(1000); {
	case n < 40:
		return g.single(slot, g.loner())
	case n < 46:
		g.dropped = g.steps
		return &step{kind: drop, slot: slot}
	case n < 54 && g.steps-g.dropped > 30:
		return &step{kind: word, word: pick(r, words)}
	case n < 57:
		g.dropped = g.steps
		return &step{kind: greet, greeting: g.greeting()}
	case n < 60 && g.free() >= 0:
		return g.connect(g.free())
	case n < 110:
		return g.inOrder(slot)
	case n < 122 && len(g.list) > 0:
		return g.quota(slot)
	}
	return g.batch(slot)
}

// words answer with something that two servers agree on, or with nothing.
var words = []string{ // read-only: a table
	"ruok", "srvr", "isro", "gtmk", "mntr", "wchs", "crst", "srst", "none", "RUOK", "conf",
	"wchs", "wchc", "wchp", "dump",
}

func (g *generator) free() int {
	for i := range g.slots {
		if !g.slots[i].live {
			return i
		}
	}
	return -1
}

func (g *generator) single(slot int, rq request) *step {
	g.number(slot, &rq)
	return &step{kind: batch, slot: slot, requests: []request{rq}}
}

// number gives a request its xid.
func (g *generator) number(slot int, rq *request) {
	s := &g.slots[slot]
	s.xid++
	switch rq.op {
	case jute.OpAuth:
		rq.xid = jute.XidAuth
	case jute.OpPing:
		rq.xid = jute.XidPing
	case jute.OpSetWatches, jute.OpSetWatches2:
		rq.xid = jute.XidSetWatches
	default:
		rq.xid = s.xid
		if chance(g.random, 3) {
			rq.xid = pick(g.random, []int32{0, 1, -3, -5, 0x7fffffff, -0x80000000})
		}
	}
}

// loner is a request that goes alone.
func (g *generator) loner() request {
	r := g.random
	switch n := r.IntN(100); {
	case n < 55:
		return g.auth(pick(r, proofs))
	case n < 75:
		return request{op: jute.OpCloseSession}
	case n < 80:
		return g.oddAuth()
	case n < 84:
		return request{op: jute.OpSASL, body: jute.AppendBuffer(nil, randomBytes(r, r.IntN(9)))}
	case n < 88:
		return request{op: jute.OpCheck, body: pathVersionBody(g, jute.OpCheck)}
	case n < 93:
		op := pick(r, []jute.OpCode{0, 10, 13, 23, 99, 108, 1000, -1, -2, -12, -1 << 31})
		return request{op: op, body: g.pathBytes()}
	}
	if len(g.list) > 0 && chance(r, 150) {
		return g.largest()
	}
	return request{raw: pick(r, rawFrames)}
}

// largest fills a frame up to what is allowed (jute.maxbuffer).
func (g *generator) largest() request {
	path := []byte(pick(g.random, g.list))
	data := make([]byte, 0xfffff-jute.RequestHeaderBytes-4-len(path)-4-4)
	return request{op: jute.OpSetData, body: jute.Append(nil, &jute.SetDataRequest{
		Path: path, Data: data, Version: -1,
	})}
}

func (g *generator) pathBytes() []byte { return jute.AppendBuffer(nil, g.path()) }

// rawFrames are frames that no server takes.
var rawFrames = [][]byte{ // read-only: a table
	{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {0x80, 0, 0, 0}, {0x7f, 0xff, 0xff, 0xff},
	{0, 0x10, 0, 0}, {0, 0, 0, 1, 0}, {0, 0, 0, 4, 0, 0, 0, 1}, {0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0},
	{0, 0x20, 0, 0, 1, 2, 3},
}

// calm takes writes out of a batch whose answers from Apache would be a matter of time, because
// its first stage judges them by what the last stage has done so far.
func (g *generator) calm(st *step) *step {
	blocked := false
	st.requests = slices.DeleteFunc(st.requests, func(rq request) bool {
		if quiet(rq.op) {
			return false
		}
		was := blocked
		blocked = blocked || g.quotas || unsettled(&rq)
		return was
	})
	return st
}

// unsettled requests leave Apache's first stage with something that is not so until they are
// applied: a setACL with the old ACL, and a multi that fails over a null in an ACL with changes
// that it has not made. Enforced quotas are looked up in the tree: there every write is like that.
func unsettled(rq *request) bool {
	if rq.op != jute.OpMulti {
		return rq.op == jute.OpSetACL
	}
	var multi jute.MultiRequest
	if _, err := jute.Decode(rq.body, &multi); err != nil {
		return false
	}
	for i := range multi.Ops {
		if c := multi.Ops[i].Create; c != nil && slices.ContainsFunc(c.ACL, nullInside) {
			return true
		}
	}
	return false
}

func nullInside(a jute.ACL) bool { return a.ID.NullScheme() || a.ID.NullID() }

func (g *generator) request() request {
	n := g.random.IntN(g.sum)
	for _, o := range g.table {
		if n -= o.weight; n < 0 {
			rq := request{op: o.op, body: o.body(g, o.op)}
			if o.op == jute.OpSetWatches || o.op == jute.OpSetWatches2 {
				back := -int64(g.random.IntN(200))
				if chance(g.random, 100) {
					back = pick(g.random, []int64{0, 1000, -1 << 40})
				}
				rq.relative = &back
			}
			sound := bytes.Clone(rq.body)
			g.spoil(&rq)
			if deadly(&rq) {
				rq.body = sound
			}
			if deadly(&rq) {
				return g.request()
			}
			g.remember(&rq)
			return rq
		}
	}
	panic("the weights do not add up")
}

// deadly requests end Apache's server: createTTL of a node that is no TTL node with a negative time
// to live becomes a transaction that cannot be applied.
func deadly(rq *request) bool {
	if rq.op != jute.OpCreateTTL {
		return false
	}
	var c jute.CreateTTLRequest
	_, err := jute.Decode(rq.body, &c)
	return err == nil && !c.Flags.TTL() && c.TTL < 0
}

// spoil cuts, lengthens or changes a body now and then.
func (g *generator) spoil(rq *request) {
	r := g.random
	if len(rq.body) == 0 || strings.Contains(string(rq.body), "zookeeper/quota") {
		return
	}
	switch n := r.IntN(1000); {
	case n < 25:
		rq.body = rq.body[:r.IntN(len(rq.body))]
		if len(rq.body) < 8 {
			rq.relative = nil
		}
	case n < 40:
		rq.body = append(rq.body, randomBytes(r, 1+r.IntN(20))...)
	case n < 55 && rq.op != jute.OpDeleteContainer:
		for range 1 + r.IntN(3) {
			rq.body[r.IntN(len(rq.body))] = byte(r.Uint32())
		}
	case n < 65 && len(rq.body) >= 4 && rq.op != jute.OpDeleteContainer:
		at := r.IntN(len(rq.body) - 3)
		count := pick(r, []uint32{0xffffffff, 0xfffffffe, 0x80000000, 0x7fffffff, 1 << 20, 0, 1})
		binary.BigEndian.PutUint32(rq.body[at:], count)
	}
}

// remember keeps the paths that get watches, to be removed later.
func (g *generator) remember(rq *request) {
	var path jute.PathWatch
	switch rq.op {
	case jute.OpAddWatch, jute.OpExists, jute.OpGetData, jute.OpGetChildren:
		if _, err := jute.Decode(rq.body, &path); err != nil || !path.Watch {
			return
		}
		if len(g.watched) > 60 {
			g.watched = g.watched[30:]
		}
		g.watched = append(g.watched, path.Path)
	}
}

// inOrder writes and reads one node in turn, in one write: each read must see the writes before it
// and none of those behind it.
func (g *generator) inOrder(slot int) *step {
	st := &step{kind: batch, slot: slot}
	path := []byte(g.newPath())
	if len(g.list) > 0 && chance(g.random, 700) {
		path = []byte(pick(g.random, g.list))
	}
	reads := []jute.OpCode{jute.OpGetData, jute.OpExists, jute.OpGetChildren2, jute.OpGetChildren}
	for range 3 + g.random.IntN(6) {
		var rq request
		switch g.random.IntN(8) {
		case 0, 1, 2:
			rq = request{op: jute.OpSetData, body: jute.Append(nil, &jute.SetDataRequest{
				Path: path, Data: g.data(path), Version: -1,
			})}
		case 3:
			rq = request{op: jute.OpCreate, body: append(jute.AppendBuffer(nil, path),
				append(encodeOpen(g.data(path)), 0, 0, 0, 0)...)}
		case 4:
			rq = request{op: jute.OpDelete, body: pathVersion(path, -1)}
		case 5:
			rq = request{op: jute.OpSync, body: jute.AppendBuffer(nil, path)}
		default:
			watch := byte(g.random.IntN(2))
			body := append(jute.AppendBuffer(nil, path), watch)
			rq = request{op: pick(g.random, reads), body: body}
		}
		g.number(slot, &rq)
		st.requests = append(st.requests, rq)
	}
	return g.calm(st)
}

// quota does what a client's setquota or delquota does, and writes below the quota at once. A path
// of blanks gets none: its limit ends Apache's server when it is deleted, so that Quoll refuses it
// (docs/decisions/0026-what-apache-can-replay.md).
func (g *generator) quota(slot int) *step {
	st := &step{kind: batch, slot: slot}
	add := func(op jute.OpCode, body []byte) {
		rq := request{op: op, body: body}
		g.number(slot, &rq)
		st.requests = append(st.requests, rq)
	}
	create := func(path, data string) {
		body := jute.AppendBuffer(nil, []byte(path))
		add(jute.OpCreate, append(append(body, encodeOpen([]byte(data))...), 0, 0, 0, 0))
	}
	path := pick(g.random, g.list)
	if strings.TrimFunc(path, func(r rune) bool { return r <= ' ' || r == '/' }) == "" {
		path = "/a"
	}
	at := "/zookeeper/quota"
	for _, name := range strings.Split(path[1:], "/") {
		at += "/" + name
		create(at, "")
	}
	if chance(g.random, 250) {
		add(jute.OpDelete, pathVersion([]byte(at+"/zookeeper_limits"), -1))
		add(jute.OpDelete, pathVersion([]byte(at+"/zookeeper_stats"), -1))
	} else {
		create(at+"/zookeeper_limits", pick(g.random, hostile.QuotaTexts))
		create(at+"/zookeeper_stats", pick(g.random, hostile.QuotaTexts[:3]))
	}
	for range 4 {
		create(join(path, string(names[g.random.IntN(len(names))])), "some text")
		add(jute.OpSetData, jute.Append(nil, &jute.SetDataRequest{
			Path: []byte(path), Data: g.data([]byte(path)), Version: -1,
		}))
	}
	add(jute.OpGetData, append(jute.AppendBuffer(nil, []byte(at+"/zookeeper_stats")), 1))
	return g.spread(st)
}

// spread makes a step of each request if quotas are enforced; the first is returned, the others
// come next.
func (g *generator) spread(st *step) *step {
	if !g.quotas {
		return st
	}
	for i := range st.requests {
		g.planned = append(g.planned, &step{
			kind: batch, slot: st.slot, requests: st.requests[i : i+1 : i+1],
		})
	}
	first := g.planned[0]
	g.planned = g.planned[1:]
	return first
}

func encodeOpen(data []byte) []byte {
	return append(jute.AppendBuffer(nil, data), encodeACL([]entry{ace(31, "world", "anyone")})...)
}

// tidy lets the superuser open the root and some nodes up again, and delete what has become too
// much.
func (g *generator) tidy() *step {
	st := &step{kind: batch}
	add := func(op jute.OpCode, body []byte) {
		rq := request{op: op, body: body}
		g.number(0, &rq)
		st.requests = append(st.requests, rq)
	}
	open := func(path string) {
		body := append(jute.AppendBuffer(nil, []byte(path)),
			encodeACL([]entry{ace(31, "world", "anyone")})...)
		add(jute.OpSetACL, append(body, 0xff, 0xff, 0xff, 0xff))
	}
	open("/")
	for _, path := range g.list {
		if g.nodes[path].guarded && chance(g.random, 500) {
			open(path)
		}
	}
	for i := len(g.list) - 1; i >= 0 && len(g.list) > 60; i-- {
		if chance(g.random, 600) {
			add(jute.OpDelete, pathVersion([]byte(g.list[i]), -1))
		}
	}
	return g.spread(st)
}
