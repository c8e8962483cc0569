package prep

import (
	"quoll/jute"
	"quoll/processor/multi"
)

// bodies is room for the body being read: each type of write uses one of the fields.
type bodies struct {
	create    jute.CreateTTLRequest
	path      jute.PathVersion
	container jute.PathBuffer
	set       jute.SetDataRequest
	acl       jute.SetACLRequest
	reconfig  jute.ReconfigRequest
	session   jute.CreateSessionTxn
	multi     jute.MultiRequest
	coder     jute.Coder
}

// verdict is what becomes of a body in Apache's server.
type verdict uint8

const (
	readable   verdict = iota
	trips              // it trips over something in it after it has counted a zxid for the write
	unreadable         // it fails before it counts a zxid
)

// Readable says whether a write can become anything but an error: its body decodes, and Apache's
// server trips over nothing in it. A write that is not readable is answered MarshallingError. A
// learner never forwards it: an Apache leader that cannot read a write commits nothing more, and
// Apache followers wait for ever for a write that gets no transaction.
func Readable(as jute.OpCode, body []byte) bool {
	var in bodies
	return in.read(as, body) == readable
}

// read reads the body of a write.
func (in *bodies) read(as jute.OpCode, body []byte) verdict {
	if as == jute.OpMulti {
		return in.readMulti(body)
	}
	m := makers.Of(as)
	if m.make == nil {
		panic("prep: no transaction is made of a " + as.String())
	}
	if m.read == nil {
		return readable
	}
	in.coder = jute.Decoder(body)
	null := m.read(in)
	switch {
	case in.coder.Failed():
		return unreadable
	case null:
		return trips
	}
	return readable
}

// The functions that read say whether Java trips over a null in the body. It does not trip over the
// null path of a setData, a setACL or a check: that counts as a bad path.

func (in *bodies) readCreate() (null bool) {
	in.create = jute.CreateTTLRequest{TTL: -1}
	in.create.CreateRequest.Fields(&in.coder)
	return in.create.Path == nil
}

func (in *bodies) readCreateTTL() (null bool) {
	in.create.Fields(&in.coder)
	return in.create.Path == nil
}

func (in *bodies) readDelete() (null bool) {
	in.path.Fields(&in.coder)
	return in.path.Path == nil
}

func (in *bodies) readDeleteContainer() (null bool) {
	in.container.Fields(&in.coder)
	return in.container.Path == nil
}

func (in *bodies) readSetData() (null bool) {
	in.set.Fields(&in.coder)
	return false
}

func (in *bodies) readSetACL() (null bool) {
	in.acl.Fields(&in.coder)
	return false
}

func (in *bodies) readReconfig() (null bool) {
	in.reconfig.Fields(&in.coder)
	return false
}

func (in *bodies) readCreateSession() (null bool) {
	in.session.Fields(&in.coder)
	return false
}

// readMulti reads a multi. Apache counts a zxid before it decodes a multi, unless an ACL is null:
// see docs/decisions/0003-undecodable-multi.md.
func (in *bodies) readMulti(body []byte) verdict {
	in.multi = jute.MultiRequest{}
	_, err := jute.Decode(body, &in.multi)
	judged := multi.Judge(in.multi.Ops)
	switch {
	case judged == multi.TripsJava:
		return unreadable
	case err != nil || judged != multi.Readable || !transaction(in.multi.Ops):
		return trips
	}
	return readable
}

// transaction says whether the operations may stand in one transaction: no reads, and no null path,
// which Java trips over.
func transaction(ops []jute.MultiOp) bool {
	for i := range ops {
		if multi.IsRead(ops[i].Type) || pathOf(&ops[i]) == nil {
			return false
		}
	}
	return true
}

func pathOf(one *jute.MultiOp) []byte {
	switch one.Type {
	case jute.OpDelete, jute.OpCheck:
		return one.Path.Path
	case jute.OpSetData:
		return one.Set.Path
	}
	return one.Create.Path
}
