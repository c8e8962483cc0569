package program

import (
	"bytes"
	"strings"

	"quoll/jute"
)

// Learn takes from what Apache did what the next steps can build on.
func (g *Generator) Learn(st *Step, did []Seen) {
	for _, x := range did {
		switch x.What {
		case "connect":
			if st.Kind == Greet {
				g.greeted(x.Frame)
				continue
			}
			g.connected(st, x.Frame)
		case "closed", "silent":
			if st.Kind == Batch || x.Slot != st.Slot {
				g.Gone(x.Slot)
			}
		case "reply":
			if x.Slot == st.Slot && x.Index < len(st.Requests) {
				g.replied(st.Slot, &st.Requests[x.Index], x.Frame)
			}
		}
	}
	if st.Kind == Drop {
		g.Gone(st.Slot)
	}
}

// Gone tells that a slot has no connection any more.
func (g *Generator) Gone(slot int) { g.slots[slot].live, g.slots[slot].xid = false, 0 }

func (g *Generator) connected(st *Step, frame []byte) {
	var r jute.ConnectResponse
	s := &g.slots[st.Slot]
	if _, err := jute.Decode(frame, &r); err != nil || r.TimeOut == 0 {
		s.session = -1
		return
	}
	s.live, s.xid = true, 0
	s.session = st.Connect.Resume
	if s.session < 0 {
		s.session = g.granted
		g.granted++
	}
}

// greeted counts a session that was granted and hung up.
func (g *Generator) greeted(frame []byte) {
	var r jute.ConnectResponse
	if _, err := jute.Decode(frame, &r); err == nil && r.TimeOut != 0 {
		g.granted++
	}
}

func (g *Generator) replied(slot int, rq *Request, frame []byte) {
	var h jute.ReplyHeader
	n, err := jute.Decode(frame, &h)
	if err != nil {
		return
	}
	body := frame[n:]
	switch rq.Op {
	case jute.OpCloseSession:
		g.slots[slot].session = -1
		for _, path := range append([]string(nil), g.list...) {
			if g.nodes[path].owner == slot {
				g.forget(path)
			}
		}
	case jute.OpMulti:
		g.repliedMulti(slot, rq, body)
	default:
		g.effect(slot, rq.Op, rq.body, h.Err, body)
	}
}

func (g *Generator) repliedMulti(slot int, rq *Request, body []byte) {
	var in jute.MultiRequest
	var out jute.MultiResponse
	if _, err := jute.Decode(rq.body, &in); err != nil {
		return
	}
	if _, err := jute.Decode(body, &out); err != nil || len(out.Results) != len(in.Ops) {
		return
	}
	for i := range in.Ops {
		op, res := &in.Ops[i], &out.Results[i]
		switch {
		case res.Type == jute.OpError:
		case op.Create != nil && res.Path != nil:
			g.made(slot, string(res.Path.Path), &op.Create.CreateRequest)
		case op.Create != nil && res.PathStat != nil:
			g.made(slot, string(res.PathStat.Path), &op.Create.CreateRequest)
		case op.Type == jute.OpDelete:
			g.forget(string(op.Path.Path))
		case op.Set != nil && res.DataStat != nil:
			g.learnVersion(op.Set.Path, res.DataStat.Stat)
		}
	}
}

// effect is what a single operation did.
func (g *Generator) effect(
	slot int, op jute.OpCode, in []byte, code jute.ErrorCode, out []byte,
) {
	rec, reply := jute.NewRequest(op), jute.NewReply(op)
	if rec == nil {
		return
	}
	if _, err := jute.Decode(in, rec); err != nil {
		return
	}
	if code == jute.OK && reply != nil {
		if _, err := jute.Decode(out, reply); err != nil {
			return
		}
	}
	switch r := rec.(type) {
	case *jute.CreateRequest:
		g.effectCreate(slot, r, code, reply)
	case *jute.CreateTTLRequest:
		g.effectCreate(slot, &r.CreateRequest, code, reply)
	case *jute.PathVersion:
		if code == jute.OK || code == jute.NoNode {
			g.forget(string(r.Path))
		}
	case *jute.PathBuffer:
		if code == jute.OK || code == jute.NoNode {
			g.forget(string(r.Path))
		}
	case *jute.SetDataRequest:
		if stat, ok := reply.(*jute.Stat); ok && code == jute.OK {
			g.learnVersion(r.Path, *stat)
		}
	case *jute.SetACLRequest:
		if code == jute.OK {
			g.guarded(string(r.Path), r.ACL)
		}
	case *jute.PathWatch:
		if data, ok := reply.(*jute.DataStat); ok && code == jute.OK {
			g.learnVersion(r.Path, data.Stat)
		}
		if code == jute.NoNode {
			g.forget(string(r.Path))
		}
	}
}

func (g *Generator) effectCreate(
	slot int, r *jute.CreateRequest, code jute.ErrorCode, reply jute.Record,
) {
	if code == jute.NodeExists {
		if !r.Flags.Sequential() && g.nodes[string(r.Path)] == nil {
			g.add(string(r.Path), &node{owner: -1, guarded: true})
		}
		return
	}
	if code != jute.OK {
		return
	}
	switch out := reply.(type) {
	case *jute.PathOnly:
		g.made(slot, string(out.Path), r)
	case *jute.PathStat:
		g.made(slot, string(out.Path), r)
	}
}

func (g *Generator) made(slot int, path string, r *jute.CreateRequest) {
	n := &node{owner: -1, guarded: !openACL(r.ACL)}
	if r.Flags.Ephemeral() {
		n.owner = slot
	}
	g.forget(path)
	g.add(path, n)
}

func (g *Generator) add(path string, n *node) {
	if strings.HasPrefix(path, "/zookeeper") || path == "/" {
		return
	}
	n.place = len(g.list)
	g.nodes[path] = n
	g.list = append(g.list, path)
}

// forget takes a path out of the list by putting the last one in its place.
func (g *Generator) forget(path string) {
	n := g.nodes[path]
	if n == nil {
		return
	}
	last := len(g.list) - 1
	g.list[n.place] = g.list[last]
	g.nodes[g.list[last]].place = n.place
	g.list = g.list[:last]
	delete(g.nodes, path)
}

func (g *Generator) guarded(path string, acl []jute.ACL) {
	open := openACL(acl)
	if path == "/" {
		g.rootGuarded = !open
	}
	if n := g.nodes[path]; n != nil {
		n.guarded = !open
		n.aversion++
	}
}

func openACL(acl []jute.ACL) bool {
	for _, a := range acl {
		if a.Perms == jute.PermAll && a.ID.Scheme == "world" && a.ID.ID == "anyone" {
			return true
		}
	}
	return false
}

func (g *Generator) learnVersion(path []byte, st jute.Stat) {
	if n := g.nodes[string(path)]; n != nil {
		n.version, n.aversion = st.Version, st.Aversion
	} else if bytes.HasPrefix(path, []byte("/")) {
		g.add(string(path), &node{
			owner: -1, guarded: true, version: st.Version, aversion: st.Aversion,
		})
	}
}

func (g *Generator) versionOf(path []byte) int32 {
	if n := g.nodes[string(path)]; n != nil {
		return n.version
	}
	return 0
}

func parentOf(path string) string {
	at := strings.LastIndexByte(path, '/')
	if at <= 0 {
		return "/"
	}
	return path[:at]
}
