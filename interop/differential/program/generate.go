package program

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
	place             int // in Generator.list
	version, aversion int32
	guarded           bool // its ACL is not the open one
	owner             int  // slot that made an ephemeral node, or -1
}

// slotState is what the generator knows of a slot.
type slotState struct {
	live    bool
	session int   // place among the sessions granted, -1: none to take up
	xid     int32 // of the last request
}

// Generator makes the steps of one seed.
type Generator struct {
	random      *rand.Rand
	table       []operation
	sum         int // of the table's weights
	slots       [Slots]slotState
	granted     int // sessions so far
	nodes       map[string]*node
	list        []string // the keys of nodes, in no order, but always the same
	watched     [][]byte // paths with a watch, lately
	rootGuarded bool
	steps       int
	dropped     int // step of the last drop: a server takes a moment to see it
	Taste
	planned []*Step
}

// Taste is what a program must be like for the servers that it is played on.
type Taste struct {
	Tame   bool // nulls stay out
	Quotas bool // are enforced
}

// NewGenerator begins the program of a seed.
func NewGenerator(seed uint64, like Taste) *Generator {
	g := &Generator{
		Taste:  like,
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

// Next is the step to do now.
func (g *Generator) Next() *Step {
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
	slot := r.IntN(Slots)
	if !g.slots[slot].live {
		return g.connect(slot)
	}
	switch n := r.IntN(1000); {
	case n < 40:
		return g.single(slot, g.loner())
	case n < 46:
		g.dropped = g.steps
		return &Step{Kind: Drop, Slot: slot}
	case n < 54 && g.steps-g.dropped > 30:
		return &Step{Kind: Word, Word: pick(r, words)}
	case n < 57:
		g.dropped = g.steps
		return &Step{Kind: Greet, Greeting: g.greeting()}
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

func (g *Generator) free() int {
	for i := range g.slots {
		if !g.slots[i].live {
			return i
		}
	}
	return -1
}

func (g *Generator) single(slot int, rq Request) *Step {
	g.number(slot, &rq)
	return &Step{Kind: Batch, Slot: slot, Requests: []Request{rq}}
}

// number gives a request its xid.
func (g *Generator) number(slot int, rq *Request) {
	s := &g.slots[slot]
	s.xid++
	switch rq.Op {
	case jute.OpAuth:
		rq.Xid = jute.XidAuth
	case jute.OpPing:
		rq.Xid = jute.XidPing
	case jute.OpSetWatches, jute.OpSetWatches2:
		rq.Xid = jute.XidSetWatches
	default:
		rq.Xid = s.xid
		if chance(g.random, 3) {
			rq.Xid = pick(g.random, []int32{0, 1, -3, -5, 0x7fffffff, -0x80000000})
		}
	}
}

// loner is a request that goes alone.
func (g *Generator) loner() Request {
	r := g.random
	switch n := r.IntN(100); {
	case n < 55:
		return g.auth(pick(r, proofs))
	case n < 75:
		return Request{Op: jute.OpCloseSession}
	case n < 80:
		return g.oddAuth()
	case n < 84:
		return Request{Op: jute.OpSASL, body: jute.AppendBuffer(nil, randomBytes(r, r.IntN(9)))}
	case n < 88:
		return Request{Op: jute.OpCheck, body: pathVersionBody(g, jute.OpCheck)}
	case n < 93:
		op := pick(r, []jute.OpCode{0, 10, 13, 23, 99, 108, 1000, -1, -2, -12, -1 << 31})
		return Request{Op: op, body: g.pathBytes()}
	}
	if len(g.list) > 0 && chance(r, 150) {
		return g.largest()
	}
	return Request{Raw: pick(r, rawFrames)}
}

// largest fills a frame up to what is allowed (jute.maxbuffer).
func (g *Generator) largest() Request {
	path := []byte(pick(g.random, g.list))
	data := make([]byte, 0xfffff-jute.RequestHeaderBytes-4-len(path)-4-4)
	return Request{Op: jute.OpSetData, body: jute.Append(nil, &jute.SetDataRequest{
		Path: path, Data: data, Version: -1,
	})}
}

func (g *Generator) pathBytes() []byte { return jute.AppendBuffer(nil, g.path()) }

// rawFrames are frames that no server takes.
var rawFrames = [][]byte{ // read-only: a table
	{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {0x80, 0, 0, 0}, {0x7f, 0xff, 0xff, 0xff},
	{0, 0x10, 0, 0}, {0, 0, 0, 1, 0}, {0, 0, 0, 4, 0, 0, 0, 1}, {0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0},
	{0, 0x20, 0, 0, 1, 2, 3},
}

// calm takes writes out of a batch whose answers from Apache would be a matter of time, because
// its first stage judges them by what the last stage has done so far.
func (g *Generator) calm(st *Step) *Step {
	blocked := false
	st.Requests = slices.DeleteFunc(st.Requests, func(rq Request) bool {
		if Quiet(rq.Op) {
			return false
		}
		was := blocked
		blocked = blocked || g.Quotas || unsettled(&rq)
		return was
	})
	return st
}

// unsettled requests leave Apache's first stage with something that is not so until they are
// applied: a setACL with the old ACL, and a multi that fails over a null in an ACL with changes
// that it has not made. Enforced quotas are looked up in the tree: there every write is like that.
func unsettled(rq *Request) bool {
	if rq.Op != jute.OpMulti {
		return rq.Op == jute.OpSetACL
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

func (g *Generator) request() Request {
	n := g.random.IntN(g.sum)
	for _, o := range g.table {
		if n -= o.weight; n < 0 {
			rq := Request{Op: o.op, body: o.body(g, o.op)}
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
func deadly(rq *Request) bool {
	if rq.Op != jute.OpCreateTTL {
		return false
	}
	var c jute.CreateTTLRequest
	_, err := jute.Decode(rq.body, &c)
	return err == nil && !c.Flags.TTL() && c.TTL < 0
}

// spoil cuts, lengthens or changes a body now and then.
func (g *Generator) spoil(rq *Request) {
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
	case n < 55 && rq.Op != jute.OpDeleteContainer:
		for range 1 + r.IntN(3) {
			rq.body[r.IntN(len(rq.body))] = byte(r.Uint32())
		}
	case n < 65 && len(rq.body) >= 4 && rq.Op != jute.OpDeleteContainer:
		at := r.IntN(len(rq.body) - 3)
		count := pick(r, []uint32{0xffffffff, 0xfffffffe, 0x80000000, 0x7fffffff, 1 << 20, 0, 1})
		binary.BigEndian.PutUint32(rq.body[at:], count)
	}
}

// remember keeps the paths that get watches, to be removed later.
func (g *Generator) remember(rq *Request) {
	var path jute.PathWatch
	switch rq.Op {
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
func (g *Generator) inOrder(slot int) *Step {
	st := &Step{Kind: Batch, Slot: slot}
	path := []byte(g.newPath())
	if len(g.list) > 0 && chance(g.random, 700) {
		path = []byte(pick(g.random, g.list))
	}
	reads := []jute.OpCode{jute.OpGetData, jute.OpExists, jute.OpGetChildren2, jute.OpGetChildren}
	for range 3 + g.random.IntN(6) {
		var rq Request
		switch g.random.IntN(8) {
		case 0, 1, 2:
			rq = Request{Op: jute.OpSetData, body: jute.Append(nil, &jute.SetDataRequest{
				Path: path, Data: g.data(path), Version: -1,
			})}
		case 3:
			rq = Request{Op: jute.OpCreate, body: append(jute.AppendBuffer(nil, path),
				append(encodeOpen(g.data(path)), 0, 0, 0, 0)...)}
		case 4:
			rq = Request{Op: jute.OpDelete, body: pathVersion(path, -1)}
		case 5:
			rq = Request{Op: jute.OpSync, body: jute.AppendBuffer(nil, path)}
		default:
			watch := byte(g.random.IntN(2))
			body := append(jute.AppendBuffer(nil, path), watch)
			rq = Request{Op: pick(g.random, reads), body: body}
		}
		g.number(slot, &rq)
		st.Requests = append(st.Requests, rq)
	}
	return g.calm(st)
}

// quota does what a client's setquota or delquota does, and writes below the quota at once. A path
// of blanks gets none: its limit ends Apache's server when it is deleted, so that Quoll refuses it
// (docs/decisions/0023-what-apache-can-replay.md).
func (g *Generator) quota(slot int) *Step {
	st := &Step{Kind: Batch, Slot: slot}
	add := func(op jute.OpCode, body []byte) {
		rq := Request{Op: op, body: body}
		g.number(slot, &rq)
		st.Requests = append(st.Requests, rq)
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
func (g *Generator) spread(st *Step) *Step {
	if !g.Quotas {
		return st
	}
	for i := range st.Requests {
		g.planned = append(g.planned, &Step{
			Kind: Batch, Slot: st.Slot, Requests: st.Requests[i : i+1 : i+1],
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
func (g *Generator) tidy() *Step {
	st := &Step{Kind: Batch}
	add := func(op jute.OpCode, body []byte) {
		rq := Request{Op: op, body: body}
		g.number(0, &rq)
		st.Requests = append(st.Requests, rq)
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
