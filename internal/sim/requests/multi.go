package requests

import "quoll/jute"

// multi makes a transaction of some operations, at times of as many as a frame has room for.
func (c Source) multi() Request {
	m := &jute.MultiRequest{}
	count := c.Rand.IntN(5)
	if c.chance(12) {
		count = 10 + c.Rand.IntN(41)
	}
	room := c.MaxFrame - 100
	smooth := count > 10 && c.chance(2)
	for range count {
		op := c.part()
		if smooth {
			op = c.sure()
		}
		op.Err = -1
		one := jute.MultiRequest{Ops: []jute.MultiOp{op}}
		if room -= len(jute.Append(nil, &one)); room < 0 {
			break
		}
		m.Ops = append(m.Ops, op)
	}
	if len(m.Ops) > 10 {
		c.Reached("a multi of more than ten operations")
	}
	r := New(jute.OpMulti, m)
	if c.chance(40) {
		// Apache's server has no such operation in a multi; only the type can be told.
		c.Reached("a deleteContainer in a multi")
		r.Body = jute.Append(nil, &jute.MultiHeader{Type: jute.OpDeleteContainer, Err: -1})
		r.Body = jute.Append(r.Body, &jute.PathVersion{Path: c.path(), Version: -1})
		end := jute.MultiEnd()
		r.Body = jute.Append(r.Body, &end)
	}
	return r
}

// part makes one operation of a transaction, seldom one that may not be in it.
func (c Source) part() (op jute.MultiOp) {
	switch c.Rand.IntN(8) {
	case 0, 1, 2:
		op.Type, op.Create = c.create()
	case 3, 4:
		op.Type = jute.OpSetData
		op.Set = &jute.SetDataRequest{Path: c.path(), Data: c.data(), Version: c.version()}
	case 5:
		op.Type = jute.OpDelete
		op.Path = &jute.PathVersion{Path: c.path(), Version: c.version()}
	default:
		op.Type = jute.OpCheck
		op.Path = &jute.PathVersion{Path: c.path(), Version: c.version()}
		if c.chance(30) {
			c.Reached("a read in a multi")
			op = c.readPart()
		}
	}
	return op
}

// sure makes an operation that succeeds.
func (c Source) sure() (op jute.MultiOp) {
	in := &jute.CreateTTLRequest{TTL: -1}
	in.Path, in.ACL, in.Flags = []byte("/m"), OpenACL, jute.ModeEphemeralSequential
	op.Type, op.Create = jute.OpCreate, in
	if c.chance(3) {
		op = jute.MultiOp{Path: &jute.PathVersion{Path: []byte("/"), Version: -1}}
		op.Type = jute.OpCheck
	}
	return op
}

func (c Source) readPart() (op jute.MultiOp) {
	op.Type, op.Read = jute.OpGetData, &jute.PathWatch{Path: c.path(), Watch: c.chance(2)}
	if c.chance(2) {
		op.Type = jute.OpGetChildren
	}
	return op
}

// multiRead makes a list of reads; seldom with a write among them.
func (c Source) multiRead() Request {
	m := &jute.MultiRequest{}
	for range c.Rand.IntN(6) {
		op := c.readPart()
		if c.chance(40) {
			c.Reached("a write in a multiRead")
			op = c.part()
		}
		op.Err = -1
		m.Ops = append(m.Ops, op)
	}
	return New(jute.OpMultiRead, m)
}

// The nodes of the one quota.
const (
	QuotaNode  = "/zookeeper/quota/q"
	LimitsNode = QuotaNode + "/zookeeper_limits"
	StatsNode  = QuotaNode + "/zookeeper_stats"
)

// quota makes a request about the quota's nodes. The limit and the stat node come and go together:
// with one of them alone the stats miss changes, which ZooKeeper's recount at a start finds.
func (c Source) quota() Request {
	made := func(path, data string) jute.MultiOp {
		in := &jute.CreateTTLRequest{TTL: -1}
		in.Path, in.Data, in.ACL = []byte(path), []byte(data), OpenACL
		return jute.MultiOp{MultiHeader: jute.MultiHeader{Type: jute.OpCreate, Err: -1}, Create: in}
	}
	gone := func(path string) jute.MultiOp {
		in := &jute.PathVersion{Path: []byte(path), Version: -1}
		return jute.MultiOp{MultiHeader: jute.MultiHeader{Type: jute.OpDelete, Err: -1}, Path: in}
	}
	switch c.Rand.IntN(7) {
	case 5, 6: // too much at once
		in := &jute.CreateTTLRequest{TTL: -1}
		in.Path, in.Data, in.ACL = []byte("/q/s"), c.text(60), OpenACL
		in.Flags = jute.ModePersistentSequential
		return New(jute.OpMulti, &jute.MultiRequest{Ops: []jute.MultiOp{{
			MultiHeader: jute.MultiHeader{Type: jute.OpCreate, Err: -1}, Create: in,
		}}})
	case 0, 1:
		c.Reached("a quota is deleted")
		return New(jute.OpMulti, &jute.MultiRequest{
			Ops: []jute.MultiOp{gone(LimitsNode), gone(StatsNode)},
		})
	case 2:
		return New(jute.OpDelete, &jute.PathVersion{Path: []byte(QuotaNode), Version: -1})
	case 3:
		return New(jute.OpCreate, &jute.CreateRequest{Path: []byte(QuotaNode), ACL: OpenACL})
	}
	return New(jute.OpMulti, &jute.MultiRequest{
		Ops: []jute.MultiOp{made(LimitsNode, c.QuotaLimit), made(StatsNode, "")},
	})
}
