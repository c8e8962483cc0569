package requests

import (
	"math/rand/v2"

	"quoll/jute"
)

// Request is one request, without its xid.
type Request struct {
	Op   jute.OpCode
	Body []byte
	// What a client must remember of the request.
	Path  string
	Watch bool // it leaves a watch
	Mode  jute.AddWatchMode
	Type  jute.WatcherType
}

// Source makes requests.
type Source struct {
	Rand *rand.Rand
	// MaxFrame is the longest frame that the server takes.
	MaxFrame int
	// QuotaLimit is the text of a quota's limit; "": no requests about the quota's own nodes.
	QuotaLimit string
	// Ensemble: the servers write /zookeeper/config by themselves, and clients only read it.
	Ensemble bool
	// Reached is told of each kind of request that a campaign must have sent.
	Reached func(what string)
}

func (c Source) chance(n int) bool { return c.Rand.IntN(n) == 0 }

func pick[T any](c Source, of []T) T { return of[c.Rand.IntN(len(of))] }

// New makes a request of a record; a nil body is none.
func New(op jute.OpCode, body jute.Record) Request {
	r := Request{Op: op}
	if body != nil {
		r.Body = jute.Append(nil, body)
	}
	return r
}

// Register is a node that is made once and then only read and set, so that what clients see of it
// can be checked without zxids too.
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

// Next makes one request.
func (c Source) Next() Request {
	if c.QuotaLimit != "" && c.chance(25) {
		return c.quota()
	}
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
		return c.multi()
	case n < 56 && c.Ensemble && c.chance(2):
		c.Reached("the configuration of an ensemble is read")
		return New(jute.OpGetData, &jute.PathWatch{Path: []byte(ConfigNode)})
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

// rare makes requests that clients seldom send.
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
		return c.multiRead()
	}
	return New(jute.OpSync, &jute.PathOnly{Path: c.path()})
}
