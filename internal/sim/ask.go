package sim

import (
	"quoll/jute"
)

// burst makes some requests, to be sent in one piece.
func (c *client) burst(n int) []byte {
	var out []byte
	for range n {
		if c.w.plan.requests <= 0 {
			break
		}
		c.w.plan.requests--
		out = append(out, c.random()...)
	}
	return out
}

// The paths that everybody meets at.
//
// read-only: names.
var (
	goodPaths = []string{
		"/a", "/a/x", "/a/y", "/a/x/p", "/b", "/q", "/q/1", "/q/2", "/k", "/k/1", "/e", "/e/1",
	}
	badPaths = []string{
		"", "a", "/a/", "//", "/a//x", "/a/./x", "/..", "/a\x00b", "/\x01", "/zookeeper", "/",
		"/zookeeper/config", "/zookeeper/quota", "/no/such/parent",
	}
)

func (c *client) path() []byte {
	w := c.w
	switch {
	case w.chance(25):
		if w.chance(6) {
			return nil
		}
		return []byte(badPaths[w.rng.IntN(len(badPaths))])
	default:
		return []byte(goodPaths[w.rng.IntN(len(goodPaths))])
	}
}

func (c *client) data() []byte {
	w := c.w
	if w.chance(15) {
		return nil
	}
	size := w.rng.IntN(12)
	if w.chance(10) {
		size = w.rng.IntN(300)
	}
	b := make([]byte, size)
	for i := range b {
		b[i] = byte('a' + w.rng.IntN(26))
	}
	return b
}

// read-only: an ACL that lets everyone do everything.
var openACL = []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}

func (c *client) acl() []jute.ACL {
	w := c.w
	one := func(perms jute.Perms, scheme, id string) []jute.ACL {
		return []jute.ACL{{Perms: perms, ID: jute.ID{Scheme: scheme, ID: id}}}
	}
	if !w.chance(5) {
		return openACL
	}
	switch w.rng.IntN(8) {
	case 0:
		return one(jute.PermAll, "auth", "")
	case 1:
		return one(jute.PermRead|jute.PermAdmin, "world", "anyone")
	case 2:
		return one(jute.PermAll&^jute.PermRead, "world", "anyone")
	case 3:
		mine := one(jute.PermAll, "ip", "10.0.0.1")
		return append(mine, one(jute.PermRead, "ip", "10.0.0.0/8")...)
	case 4:
		return one(jute.PermAll, "nobody", "knows")
	case 5:
		return []jute.ACL{}
	case 6:
		return append(one(jute.PermRead, "world", "anyone"), one(jute.PermAll, "auth", "")...)
	}
	return append(append([]jute.ACL{}, openACL...), openACL...)
}

func (c *client) version() int32 {
	if c.w.chance(4) {
		return int32(c.w.rng.IntN(4))
	}
	return -1
}

// random makes one request.
func (c *client) random() []byte {
	w := c.w
	switch n := w.rng.IntN(100); {
	case n < 28:
		op, in := c.create()
		if op == jute.OpCreateTTL {
			return c.ask(op, c.nextXid(), in, waiting{})
		}
		return c.ask(op, c.nextXid(), &in.CreateRequest, waiting{})
	case n < 40:
		return c.ask(jute.OpSetData, c.nextXid(), &jute.SetDataRequest{
			Path: c.path(), Data: c.data(), Version: c.version(),
		}, waiting{})
	case n < 46:
		return c.ask(jute.OpDelete, c.nextXid(), &jute.PathVersion{
			Path: c.path(), Version: c.version(),
		}, waiting{})
	case n < 49:
		return c.ask(jute.OpSetACL, c.nextXid(), &jute.SetACLRequest{
			Path: c.path(), ACL: c.acl(), Version: c.version(),
		}, waiting{})
	case n < 55:
		return c.ask(jute.OpMulti, c.nextXid(), c.multi(), waiting{})
	case n < 56:
		return c.rare()
	case n < 80:
		return c.readNode()
	case n < 90:
		return c.watch()
	}
	return c.readOther()
}

func (c *client) create() (jute.OpCode, *jute.CreateTTLRequest) {
	w := c.w
	in := &jute.CreateTTLRequest{TTL: -1}
	in.Path, in.Data, in.ACL = c.path(), c.data(), c.acl()
	op := jute.OpCreate
	switch n := w.rng.IntN(20); {
	case n < 6:
	case n < 9:
		op = jute.OpCreate2
	case n < 13:
		in.Flags = jute.ModeEphemeral
	case n < 15:
		in.Flags = jute.ModePersistentSequential
	case n < 17:
		in.Flags = jute.ModeEphemeralSequential
	case n == 17:
		op, in.Flags = jute.OpCreateContainer, jute.ModeContainer
	case n == 18:
		op, in.Flags, in.TTL = jute.OpCreateTTL, jute.ModePersistentTTL, w.between(1, 2000)
		if w.chance(3) {
			in.Flags = jute.ModePersistentSequentialTTL
		}
		if w.chance(6) {
			in.TTL = 0
		}
	case w.chance(2):
		in.Flags = 99
	default:
		op, in.TTL = jute.OpCreateTTL, 5 // a time to live without the mode
	}
	return op, in
}

func (c *client) multi() *jute.MultiRequest {
	w := c.w
	m := &jute.MultiRequest{}
	for range w.rng.IntN(5) {
		var op jute.MultiOp
		switch w.rng.IntN(8) {
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
			if w.chance(30) {
				op = jute.MultiOp{}
				op.Type, op.Read = jute.OpGetData, &jute.PathWatch{Path: c.path()}
			}
		}
		op.Err = -1
		m.Ops = append(m.Ops, op)
	}
	return m
}

// rare makes what clients seldom send.
func (c *client) rare() []byte {
	w := c.w
	switch w.rng.IntN(5) {
	case 0:
		return c.ask(jute.OpReconfig, c.nextXid(), &jute.ReconfigRequest{CurConfigID: -1},
			waiting{})
	case 1:
		return c.ask(jute.OpDeleteContainer, c.nextXid(), &jute.PathBuffer{Path: c.path()},
			waiting{})
	case 2:
		return c.ask(jute.OpSASL, c.nextXid(), &jute.SASLToken{Token: []byte("x")}, waiting{})
	}
	// A body that cannot be read.
	ops := []jute.OpCode{
		jute.OpCreate, jute.OpSetData, jute.OpDelete, jute.OpMulti, jute.OpGetData,
		jute.OpSetACL, jute.OpMultiRead, jute.OpAddWatch, jute.OpGetACL, jute.OpRemoveWatches,
	}
	return c.askRaw(ops[w.rng.IntN(len(ops))], c.nextXid(), []byte{0, 0, 0, 9, '/'}, waiting{})
}

func (c *client) readNode() []byte {
	w := c.w
	ops := []jute.OpCode{
		jute.OpExists, jute.OpGetData, jute.OpGetChildren, jute.OpGetChildren2,
	}
	in := &jute.PathWatch{Path: c.path(), Watch: w.chance(2)}
	return c.ask(ops[w.rng.IntN(len(ops))], c.nextXid(), in, waiting{
		path: string(in.Path), flag: in.Watch,
	})
}

func (c *client) watch() []byte {
	w := c.w
	path := c.path()
	switch w.rng.IntN(4) {
	case 0, 1:
		in := &jute.AddWatchRequest{Path: path, Mode: jute.AddWatchMode(w.rng.IntN(2))}
		if w.chance(30) {
			in.Mode = 7
		}
		return c.ask(jute.OpAddWatch, c.nextXid(), in, waiting{path: string(path), mode: in.Mode})
	case 2:
		in := &jute.PathWatcher{Path: path, Type: jute.WatcherType(w.rng.IntN(7))}
		return c.ask(jute.OpRemoveWatches, c.nextXid(), in, waiting{
			path: string(path), typ: in.Type,
		})
	}
	in := &jute.PathWatcher{Path: path, Type: jute.WatcherType(1 + w.rng.IntN(5))}
	return c.ask(jute.OpCheckWatches, c.nextXid(), in, waiting{})
}

func (c *client) readOther() []byte {
	w := c.w
	switch w.rng.IntN(8) {
	case 0:
		return c.ask(jute.OpWhoAmI, c.nextXid(), nil, waiting{})
	case 1:
		return c.ask(jute.OpGetEphemerals, c.nextXid(), &jute.PathOnly{Path: c.path()}, waiting{})
	case 2:
		return c.ask(jute.OpGetAllChildren, c.nextXid(), &jute.PathOnly{Path: c.path()}, waiting{})
	case 3:
		return c.ask(jute.OpGetACL, c.nextXid(), &jute.PathOnly{Path: c.path()}, waiting{})
	case 4:
		return c.ask(jute.OpPing, jute.XidPing, nil, waiting{})
	case 5:
		m := &jute.MultiRequest{}
		for range w.rng.IntN(4) {
			op := jute.MultiOp{Read: &jute.PathWatch{Path: c.path(), Watch: true}}
			op.Type, op.Err = jute.OpGetData, -1
			if w.chance(2) {
				op.Type = jute.OpGetChildren
			}
			m.Ops = append(m.Ops, op)
		}
		return c.ask(jute.OpMultiRead, c.nextXid(), m, waiting{})
	}
	return c.ask(jute.OpSync, c.nextXid(), &jute.PathOnly{Path: c.path()}, waiting{})
}
