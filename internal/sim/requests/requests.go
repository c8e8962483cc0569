package requests

import (
	"math/rand/v2"

	"quoll/jute"
)

// Request is one request, without its xid.
type Request struct {
	Op   jute.OpCode
	Body []byte
	// What a client must remember of it.
	Path  string
	Watch bool // leave a watch
	Mode  jute.AddWatchMode
	Type  jute.WatcherType
}

// Source makes requests.
type Source struct{ Rand *rand.Rand }

func (c Source) chance(n int) bool { return c.Rand.IntN(n) == 0 }

// New makes a request of a record; a nil body is none.
func New(op jute.OpCode, body jute.Record) Request {
	r := Request{Op: op}
	if body != nil {
		r.Body = jute.Append(nil, body)
	}
	return r
}

// The paths that everybody meets at.
//
// read-only: names.
var (
	// GoodPaths are those that most requests are about.
	GoodPaths = []string{
		"/a", "/a/x", "/a/y", "/a/x/p", "/b", "/q", "/q/1", "/q/2", "/k", "/k/1", "/e", "/e/1",
	}
	badPaths = []string{
		"", "a", "/a/", "//", "/a//x", "/a/./x", "/..", "/a\x00b", "/\x01", "/zookeeper", "/",
		"/zookeeper/config", "/zookeeper/quota", "/no/such/parent",
	}
)

func (c Source) path() []byte {
	switch {
	case c.chance(25):
		if c.chance(6) {
			return nil
		}
		return []byte(badPaths[c.Rand.IntN(len(badPaths))])
	default:
		return []byte(GoodPaths[c.Rand.IntN(len(GoodPaths))])
	}
}

func (c Source) data() []byte {
	if c.chance(15) {
		return nil
	}
	size := c.Rand.IntN(12)
	if c.chance(10) {
		size = c.Rand.IntN(300)
	}
	b := make([]byte, size)
	for i := range b {
		b[i] = byte('a' + c.Rand.IntN(26))
	}
	return b
}

// Register is a node that is made once and then only read and set, so that what is known of it
// without zxids can be checked too.
const Register = "/r"

// register makes a request about the register: half of the sets want a version.
func (c Source) register() Request {
	switch c.Rand.IntN(5) {
	case 0, 1:
		data := make([]byte, 8)
		for i := range data {
			data[i] = byte('a' + c.Rand.IntN(26))
		}
		in := &jute.SetDataRequest{Path: []byte(Register), Data: data, Version: -1}
		if c.chance(2) {
			in.Version = int32(c.Rand.IntN(20))
		}
		return New(jute.OpSetData, in)
	case 2:
		if c.chance(4) {
			in := &jute.CreateRequest{Path: []byte(Register), Data: []byte("new"), ACL: OpenACL}
			return New(jute.OpCreate, in)
		}
	}
	return New(jute.OpGetData, &jute.PathWatch{Path: []byte(Register)})
}

// SuperProof is what the superuser proves.
const SuperProof = "super:secret"

// OpenACL lets everyone do everything.
//
// read-only: a list.
var OpenACL = []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}

func (c Source) acl() []jute.ACL {
	one := func(perms jute.Perms, scheme, id string) []jute.ACL {
		return []jute.ACL{{Perms: perms, ID: jute.ID{Scheme: scheme, ID: id}}}
	}
	if !c.chance(5) {
		return OpenACL
	}
	switch c.Rand.IntN(8) {
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
	return append(append([]jute.ACL{}, OpenACL...), OpenACL...)
}

func (c Source) version() int32 {
	if c.chance(4) {
		return int32(c.Rand.IntN(4))
	}
	return -1
}

// Next makes one request.
func (c Source) Next() Request {
	switch n := c.Rand.IntN(110); {
	case n >= 100:
		return c.register()
	case n < 28:
		op, in := c.create()
		if op == jute.OpCreateTTL {
			return New(op, in)
		}
		return New(op, &in.CreateRequest)
	case n < 40:
		return New(jute.OpSetData, &jute.SetDataRequest{
			Path: c.path(), Data: c.data(), Version: c.version(),
		})
	case n < 46:
		return New(jute.OpDelete, &jute.PathVersion{
			Path: c.path(), Version: c.version(),
		})
	case n < 49:
		return New(jute.OpSetACL, &jute.SetACLRequest{
			Path: c.path(), ACL: c.acl(), Version: c.version(),
		})
	case n < 55:
		return New(jute.OpMulti, c.multi())
	case n < 56:
		return c.rare()
	case n < 80:
		return c.readNode()
	case n < 90:
		return c.watch()
	}
	return c.readOther()
}

func (c Source) create() (jute.OpCode, *jute.CreateTTLRequest) {
	in := &jute.CreateTTLRequest{TTL: -1}
	in.Path, in.Data, in.ACL = c.path(), c.data(), c.acl()
	op := jute.OpCreate
	switch n := c.Rand.IntN(20); {
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
		op, in.Flags, in.TTL = jute.OpCreateTTL, jute.ModePersistentTTL, 1+c.Rand.Int64N(2000)
		if c.chance(3) {
			in.Flags = jute.ModePersistentSequentialTTL
		}
		if c.chance(6) {
			in.TTL = 0
		}
	case c.chance(2):
		in.Flags = 99
	default:
		op, in.TTL = jute.OpCreateTTL, 5 // a time to live without the mode
	}
	return op, in
}

func (c Source) multi() *jute.MultiRequest {
	m := &jute.MultiRequest{}
	for range c.Rand.IntN(5) {
		var op jute.MultiOp
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
func (c Source) rare() Request {
	switch c.Rand.IntN(5) {
	case 0:
		return New(jute.OpReconfig, &jute.ReconfigRequest{CurConfigID: -1})
	case 1:
		return New(jute.OpDeleteContainer, &jute.PathBuffer{Path: c.path()})
	case 2:
		return New(jute.OpSASL, &jute.SASLToken{Token: []byte("x")})
	}
	// A body that cannot be read.
	ops := []jute.OpCode{
		jute.OpCreate, jute.OpSetData, jute.OpDelete, jute.OpMulti, jute.OpGetData,
		jute.OpSetACL, jute.OpMultiRead, jute.OpAddWatch, jute.OpGetACL, jute.OpRemoveWatches,
	}
	return Request{Op: ops[c.Rand.IntN(len(ops))], Body: []byte{0, 0, 0, 9, '/'}}
}

func (c Source) readNode() Request {
	ops := []jute.OpCode{
		jute.OpExists, jute.OpGetData, jute.OpGetChildren, jute.OpGetChildren2,
	}
	in := &jute.PathWatch{Path: c.path(), Watch: c.chance(2)}
	r := New(ops[c.Rand.IntN(len(ops))], in)
	r.Path, r.Watch = string(in.Path), in.Watch
	return r
}

func (c Source) watch() Request {
	path := c.path()
	switch c.Rand.IntN(4) {
	case 0, 1:
		in := &jute.AddWatchRequest{Path: path, Mode: jute.AddWatchMode(c.Rand.IntN(2))}
		if c.chance(30) {
			in.Mode = 7
		}
		r := New(jute.OpAddWatch, in)
		r.Path, r.Mode = string(path), in.Mode
		return r
	case 2:
		in := &jute.PathWatcher{Path: path, Type: jute.WatcherType(c.Rand.IntN(7))}
		r := New(jute.OpRemoveWatches, in)
		r.Path, r.Type = string(path), in.Type
		return r
	}
	in := &jute.PathWatcher{Path: path, Type: jute.WatcherType(1 + c.Rand.IntN(5))}
	return New(jute.OpCheckWatches, in)
}

func (c Source) readOther() Request {
	switch c.Rand.IntN(8) {
	case 0:
		return New(jute.OpWhoAmI, nil)
	case 1:
		return New(jute.OpGetEphemerals, &jute.PathOnly{Path: c.path()})
	case 2:
		return New(jute.OpGetAllChildren, &jute.PathOnly{Path: c.path()})
	case 3:
		return New(jute.OpGetACL, &jute.PathOnly{Path: c.path()})
	case 4:
		return New(jute.OpPing, nil)
	case 5:
		m := &jute.MultiRequest{}
		for range c.Rand.IntN(4) {
			op := jute.MultiOp{Read: &jute.PathWatch{Path: c.path(), Watch: true}}
			op.Type, op.Err = jute.OpGetData, -1
			if c.chance(2) {
				op.Type = jute.OpGetChildren
			}
			m.Ops = append(m.Ops, op)
		}
		return New(jute.OpMultiRead, m)
	}
	return New(jute.OpSync, &jute.PathOnly{Path: c.path()})
}
