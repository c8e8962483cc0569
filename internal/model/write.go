package model

import (
	"fmt"
	"strings"

	"quoll/jute"
)

// Request is one request of a client.
type Request struct {
	Op      jute.OpCode
	Session jute.SessionID
	Body    []byte
	Who     *Who
}

// Outcome is the result of a write.
type Outcome struct {
	Code jute.ErrorCode
	Body []byte // of the reply; only with OK
	// Failed: the transaction changes nothing. A failed multi has Code OK, and the codes in Body.
	Failed bool
	// Events are in the order in which they happen.
	Events []Event
}

// Written says whether a write that can be asked for alone becomes a transaction: its body can be
// read. A multi always does.
func Written(r *Request) bool {
	switch r.Op {
	case jute.OpMulti, jute.OpCloseSession:
		return true
	case jute.OpReconfig:
		_, err := jute.Decode(r.Body, new(jute.ReconfigRequest))
		return err == nil
	}
	_, ok := decodeOp(r.Op, r.Body)
	return ok
}

// IsWrite says whether an operation changes the tree.
func IsWrite(op jute.OpCode) bool {
	switch op {
	case jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL, jute.OpDelete,
		jute.OpDeleteContainer, jute.OpSetData, jute.OpSetACL, jute.OpMulti, jute.OpReconfig,
		jute.OpCloseSession:
		return true
	}
	return false
}

// Write carries out a client's write as the transaction zxid, at the leader's time. applied is the
// last transaction that the leader had applied when it looked at the request.
func (t *Tree) Write(r *Request, zxid jute.Zxid, time int64, applied jute.Zxid) Outcome {
	t.begin(zxid)
	s := step{t: t, who: r.Who, session: r.Session, zxid: zxid, time: time, applied: applied}
	var out Outcome
	switch r.Op {
	case jute.OpMulti:
		out = s.multi(r.Body)
	case jute.OpCloseSession:
		s.closeSession(r.Session)
	case jute.OpReconfig:
		out.Code = jute.ReconfigDisabled
		if t.Options.Reconfig {
			out.Code = jute.Unimplemented
		}
	default:
		op, _ := decodeOp(r.Op, r.Body)
		out.Code = s.one(&op)
		if out.Code == jute.OK {
			out.Body = op.result(nil)
		}
	}
	out.Failed = out.Failed || out.Code != jute.OK
	out.Events = t.fired
	return out
}

// Expire ends a session that did not ask for it.
func (t *Tree) Expire(id jute.SessionID, zxid jute.Zxid) []Event {
	t.begin(zxid)
	s := step{t: t, session: id, zxid: zxid}
	s.closeSession(id)
	return t.fired
}

// Lose ends a session that was forgotten, as part of the last transaction. Nobody hears of it, not
// even a client that comes back and names that transaction as the last that it saw.
func (t *Tree) Lose(id jute.SessionID) {
	for _, path := range t.Ephemerals(id) {
		parent, _ := Split(path)
		t.Restricted[path], t.Restricted[parent] = true, true
	}
	s := step{t: t, session: id, zxid: t.Zxid}
	s.closeSession(id)
	t.fired = nil
}

// Reap deletes a container or TTL node that is not needed. why is "" when it may go.
func (t *Tree) Reap(path []byte, zxid jute.Zxid, time int64) (events []Event, why string) {
	t.begin(zxid)
	n := t.Find(path)
	switch {
	case n == nil:
		return nil, "it does not exist"
	case len(n.kids) > 0:
		return nil, "it has children"
	case n.Stat.EphemeralOwner == ContainerOwner:
		if n.Stat.Cversion == 0 {
			return nil, "the container has had no child yet"
		}
	case !t.isTTL(n.Stat.EphemeralOwner):
		return nil, "it is no container and has no time to live"
	case time-n.Stat.Mtime <= int64(n.Stat.EphemeralOwner&MaxTTL):
		return nil, "its time is not up"
	}
	s := step{t: t, zxid: zxid, time: time}
	s.drop(key(path))
	return t.fired, ""
}

// Open makes a session.
func (t *Tree) Open(id jute.SessionID, zxid jute.Zxid) {
	t.begin(zxid)
	t.Sessions[id] = true
}

// Nothing is a transaction that changes nothing.
func (t *Tree) Nothing(zxid jute.Zxid) { t.begin(zxid) }

func (t *Tree) begin(zxid jute.Zxid) {
	t.Zxid = zxid
	t.fired = nil
}

// step is one transaction being carried out.
type step struct {
	t       *Tree
	who     *Who
	session jute.SessionID
	zxid    jute.Zxid
	time    int64
	applied jute.Zxid
}

// operation is a write, alone or in a multi.
type operation struct {
	op      jute.OpCode
	create  *jute.CreateTTLRequest
	set     *jute.SetDataRequest
	acl     *jute.SetACLRequest
	path    []byte
	version int32
	stat    *jute.Stat // afterwards
	made    []byte     // the path that a create made
}

// decodeOp reads the body of a write that stands alone.
func decodeOp(op jute.OpCode, body []byte) (o operation, ok bool) {
	o.op = op
	var err error
	switch op {
	case jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer:
		o.create = &jute.CreateTTLRequest{TTL: -1}
		_, err = jute.Decode(body, &o.create.CreateRequest)
	case jute.OpCreateTTL:
		o.create = new(jute.CreateTTLRequest)
		_, err = jute.Decode(body, o.create)
	case jute.OpDelete:
		var in jute.PathVersion
		_, err = jute.Decode(body, &in)
		o.path, o.version = in.Path, in.Version
	case jute.OpDeleteContainer:
		var in jute.PathBuffer
		_, err = jute.Decode(body, &in)
		o.path = in.Path
	case jute.OpSetData:
		o.set = new(jute.SetDataRequest)
		_, err = jute.Decode(body, o.set)
	case jute.OpSetACL:
		o.acl = new(jute.SetACLRequest)
		_, err = jute.Decode(body, o.acl)
	default:
		return o, false
	}
	return o, err == nil
}

// one carries out an operation; with a code other than OK nothing has changed.
func (s *step) one(o *operation) jute.ErrorCode {
	switch o.op {
	case jute.OpDelete:
		return s.deleteOp(o)
	case jute.OpDeleteContainer:
		return s.deleteContainer(o)
	case jute.OpSetData:
		return s.setData(o)
	case jute.OpSetACL:
		return s.setACL(o)
	case jute.OpCheck:
		return s.check(o)
	}
	return s.create(o)
}

// result appends the body of the reply to an operation that succeeded.
func (o *operation) result(dst []byte) []byte {
	switch o.op {
	case jute.OpCreate:
		return jute.AppendBuffer(dst, o.made)
	case jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL:
		return jute.Append(dst, &jute.PathStat{Path: o.made, Stat: *o.stat})
	case jute.OpSetData, jute.OpSetACL:
		return jute.Append(dst, o.stat)
	}
	return dst
}

func (s *step) create(o *operation) jute.ErrorCode {
	in := o.create
	switch ttl := in.Flags == 5 || in.Flags == 6; {
	case in.Flags < 0 || in.Flags > 6:
		return jute.BadArguments
	case ttl && !s.t.Options.ExtendedTypes:
		return jute.Unimplemented
	case ttl && (in.TTL < 1 || in.TTL > MaxTTL), !ttl && in.TTL > -1:
		return jute.BadArguments
	case in.Path == nil:
		return jute.MarshallingError
	case !strings.Contains(string(in.Path), "/"), hasNUL(in.Path):
		return jute.BadArguments
	}
	acl, code := fix(in.ACL, s.who)
	if code != jute.OK {
		return code
	}
	path := string(in.Path)
	parentPath, _ := Split(path)
	parent := s.t.nodes[parentPath]
	if parent == nil {
		return jute.NoNode
	}
	if !allowed(parent.ACL, jute.PermCreate, s.who) {
		return jute.NoAuth
	}
	if in.Flags == 2 || in.Flags == 3 || in.Flags == 6 {
		path = fmt.Sprintf("%s%010d", path, parent.Stat.Cversion)
	}
	switch {
	case !jute.ValidPath([]byte(path)):
		return jute.BadArguments
	case s.t.nodes[path] != nil:
		return jute.NodeExists
	case s.t.isEphemeral(parent.Stat.EphemeralOwner):
		return jute.NoChildrenForEphemerals
	case s.t.over(path, 1, int64(len(in.Data)), s.applied):
		return jute.QuotaExceeded
	}
	n := &Node{Data: in.Data, ACL: acl}
	n.Stat = jute.StatPersisted{
		Czxid: s.zxid, Mzxid: s.zxid, Pzxid: s.zxid, Ctime: s.time, Mtime: s.time,
		EphemeralOwner: s.owner(o),
	}
	s.t.add(path, n, s.zxid)
	s.t.noteACL(path, acl)
	s.t.quotaCreated(path)
	s.t.charge(path, int64(len(in.Data)), 1)
	o.made, o.stat = []byte(path), s.t.stat(n)
	s.t.fired = append(s.t.fired, s.t.watches.Created(s.change(path, acl))...)
	return jute.OK
}

// owner is the owner field of a new node.
func (s *step) owner(o *operation) jute.SessionID {
	switch {
	case o.op == jute.OpCreateContainer:
		return ContainerOwner
	case o.op == jute.OpCreateTTL:
		return ttlOwner | jute.SessionID(o.create.TTL)
	case o.create.Flags == 1, o.create.Flags == 3:
		return s.session
	}
	return 0
}

// deletable refuses invalid paths, and the server's own nodes.
func deletable(path []byte) jute.ErrorCode {
	if path == nil {
		return jute.MarshallingError
	}
	p := string(path)
	if !strings.Contains(p, "/") || hasNUL(path) ||
		p == "/" || p == zookeeper || p == QuotaTop || p == configNode {
		return jute.BadArguments
	}
	return jute.OK
}

func (s *step) deleteOp(o *operation) jute.ErrorCode {
	if code := deletable(o.path); code != jute.OK {
		return code
	}
	path := string(o.path)
	parentPath, _ := Split(path)
	parent, n := s.t.nodes[parentPath], s.t.nodes[path]
	switch {
	case parent == nil:
		return jute.NoNode
	case !allowed(parent.ACL, jute.PermDelete, s.who):
		return jute.NoAuth
	case n == nil:
		return jute.NoNode
	case o.version != -1 && o.version != n.Stat.Version:
		return jute.BadVersion
	case len(n.kids) > 0:
		return jute.NotEmpty
	}
	s.drop(path)
	return jute.OK
}

func (s *step) deleteContainer(o *operation) jute.ErrorCode {
	if code := deletable(o.path); code != jute.OK {
		return code
	}
	path := string(o.path)
	parentPath, _ := Split(path)
	n := s.t.nodes[path]
	switch {
	case n == nil:
		return jute.NoNode
	case !allowed(s.t.nodes[parentPath].ACL, jute.PermDelete, s.who):
		return jute.NoAuth
	case len(n.kids) > 0:
		return jute.NotEmpty
	case s.t.isEphemeral(n.Stat.EphemeralOwner):
		return jute.BadVersion
	}
	s.drop(path)
	return jute.OK
}

// drop deletes a node, with all that follows from it.
func (s *step) drop(path string) {
	n := s.t.remove(path, s.zxid)
	s.t.quotaDeleted(path)
	s.t.charge(path, -int64(len(n.Data)), -1)
	s.t.fired = append(s.t.fired, s.t.watches.Deleted(s.change(path, n.ACL))...)
}

// change is what watches hear of a node with such an ACL.
func (s *step) change(path string, acl []jute.ACL) Change {
	c := Change{Path: path, Zxid: s.zxid, ACL: acl}
	if parent, _ := Split(path); parent != "" {
		c.Parent = s.t.nodes[parent].ACL
	}
	return c
}

func (s *step) setData(o *operation) jute.ErrorCode {
	in := o.set
	if !jute.ValidPath(in.Path) {
		return jute.BadArguments
	}
	path := string(in.Path)
	n := s.t.nodes[path]
	switch {
	case n == nil:
		return jute.NoNode
	case !allowed(n.ACL, jute.PermWrite, s.who):
		return jute.NoAuth
	case s.t.over(path, 0, int64(len(in.Data)-len(n.Data)), s.applied):
		return jute.QuotaExceeded
	case in.Version != -1 && in.Version != n.Stat.Version:
		return jute.BadVersion
	}
	grown := int64(len(in.Data) - len(n.Data))
	n.Data = in.Data
	n.Stat.Version++
	n.Stat.Mzxid, n.Stat.Mtime = s.zxid, s.time
	s.t.touch(path)
	o.stat = s.t.stat(n)
	s.t.charge(path, grown, 0)
	s.t.fired = append(s.t.fired, s.t.watches.Changed(s.change(path, n.ACL))...)
	return jute.OK
}

func (s *step) setACL(o *operation) jute.ErrorCode {
	in := o.acl
	if !jute.ValidPath(in.Path) {
		return jute.BadArguments
	}
	acl, code := fix(in.ACL, s.who)
	if code != jute.OK {
		return code
	}
	path := string(in.Path)
	n := s.t.nodes[path]
	switch {
	case n == nil:
		return jute.NoNode
	case !allowed(n.ACL, jute.PermAdmin, s.who):
		return jute.NoAuth
	case in.Version != -1 && in.Version != n.Stat.Aversion:
		return jute.BadVersion
	}
	n.ACL = acl
	n.Stat.Aversion++
	s.t.touch(path)
	s.t.noteACL(path, acl)
	o.stat = s.t.stat(n)
	return jute.OK
}

func (s *step) check(o *operation) jute.ErrorCode {
	if !jute.ValidPath(o.path) {
		return jute.BadArguments
	}
	n := s.t.nodes[string(o.path)]
	switch {
	case n == nil:
		return jute.NoNode
	case !allowed(n.ACL, jute.PermRead, s.who):
		return jute.NoAuth
	case o.version != -1 && o.version != n.Stat.Version:
		return jute.BadVersion
	}
	return jute.OK
}

// closeSession ends a session: its ephemerals go with it, in order.
func (s *step) closeSession(id jute.SessionID) {
	for _, path := range s.t.Ephemerals(id) {
		s.drop(path)
	}
	delete(s.t.Sessions, id)
}

// noteACL remembers paths that not everyone may read.
func (t *Tree) noteACL(path string, acl []jute.ACL) {
	for _, a := range acl {
		if a.ID.Scheme == "world" && a.Perms&jute.PermRead != 0 {
			return
		}
	}
	t.Restricted[path] = true
}
