package prep

import (
	"bytes"
	"strconv"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/journal"
)

// create makes the transaction of create, create2, createContainer and createTTL. The order of
// the checks is Apache's, because each has its own code.
func (p *Prep) create(
	w *writing, as jute.OpCode, in *jute.CreateTTLRequest,
) (jute.OpCode, jute.ErrorCode) {
	parentPath, code := p.checkCreate(in)
	if code != jute.OK {
		return 0, code
	}
	acl, code := p.rules.Auth.Fix(in.ACL, w.Identity)
	if code != jute.OK {
		return 0, code
	}
	parent, code := p.permitted(w, parentPath, jute.PermCreate)
	if code != jute.OK {
		return 0, code
	}
	path := in.Path
	if in.Flags.Sequential() {
		path = appendSequence(path, parent.Stat.Cversion)
	}
	if !jute.ValidPath(path) {
		return 0, jute.BadArguments
	}
	if p.journal.Look(path).Exists {
		return 0, jute.NodeExists
	}
	if p.tree.Options().Kind(parent.Stat.EphemeralOwner) == datatree.KindEphemeral {
		return 0, jute.NoChildrenForEphemerals
	}
	if code := p.checkQuota(path, 0, len(in.Data), true); code != jute.OK {
		return 0, code
	}
	if datatree.CreateEndsApache(path) || p.tree.Peek().LimitEndsApache(path) {
		return 0, jute.BadArguments
	}
	p.appendCreate(as, in, path, acl, parent.Stat.Cversion+1)
	p.noteCreate(w, in, path, parentPath, acl, &parent, as)
	return as, jute.OK
}

// checkCreate checks mode, time to live and the beginning of a path, and finds the parent.
func (p *Prep) checkCreate(in *jute.CreateTTLRequest) (parent []byte, code jute.ErrorCode) {
	switch {
	case !in.Flags.Valid():
		return nil, jute.BadArguments
	case in.Flags.TTL() && !p.rules.ExtendedTypes:
		return nil, jute.Unimplemented
	case in.Flags.TTL() && (in.TTL <= 0 || in.TTL > datatree.MaxTTL),
		!in.Flags.TTL() && in.TTL >= 0:
		return nil, jute.BadArguments
	case in.Path == nil:
		return nil, jute.MarshallingError // Java trips over the null
	}
	parent, _, ok := jute.SplitPath(in.Path)
	if !ok || bytes.IndexByte(in.Path, 0) >= 0 {
		return nil, jute.BadArguments
	}
	return parent, jute.OK
}

// appendSequence appends a sequential node's number: ten digits at least, the sign in front.
func appendSequence(path []byte, n int32) []byte {
	digits := strconv.FormatInt(int64(n), 10)
	out := make([]byte, 0, len(path)+11)
	out = append(out, path...)
	width := 10
	if n < 0 {
		out = append(out, '-')
		digits = digits[1:]
		width = 9
	}
	for i := len(digits); i < width; i++ {
		out = append(out, '0')
	}
	return append(out, digits...)
}

// checkQuota checks a change of size against the quota above the path, if quotas are enforced.
func (p *Prep) checkQuota(path []byte, before, after int, create bool) jute.ErrorCode {
	if !p.rules.EnforceQuota {
		return jute.OK
	}
	verdict := p.tree.Peek().Quota(path, before, after, create)
	if (verdict.Count.Exceeded || verdict.Bytes.Exceeded) && p.rules.OverQuota != nil {
		p.rules.OverQuota(verdict)
	}
	switch {
	case verdict.Malformed:
		return jute.MarshallingError
	case verdict.Refused():
		return jute.QuotaExceeded
	}
	return jute.OK
}

func (p *Prep) appendCreate(
	as jute.OpCode, in *jute.CreateTTLRequest, path []byte, acl []jute.ACL, cversion int32,
) {
	c := &p.coder
	*c = jute.Encoder(p.body)
	switch as {
	case jute.OpCreateContainer:
		txn := jute.CreateContainerTxn{
			Path: path, Data: in.Data, ACL: acl, ParentCVersion: cversion,
		}
		txn.Fields(c)
	case jute.OpCreateTTL:
		txn := jute.CreateTTLTxn{
			Path: path, Data: in.Data, ACL: acl, ParentCVersion: cversion, TTL: in.TTL,
		}
		txn.Fields(c)
	default:
		txn := jute.CreateTxn{
			Path: path, Data: in.Data, ACL: acl, Ephemeral: in.Flags.Ephemeral(),
			ParentCVersion: cversion,
		}
		txn.Fields(c)
	}
	p.body = c.Bytes()
}

// noteCreate puts parent and child into the journal.
func (p *Prep) noteCreate(
	w *writing, in *jute.CreateTTLRequest, path, parentPath []byte, acl []jute.ACL,
	parent *journal.Node, as jute.OpCode,
) {
	owner := jute.SessionID(0)
	switch {
	case as == jute.OpCreateContainer:
		owner = datatree.ContainerOwner
	case as == jute.OpCreateTTL:
		owner = datatree.TTLOwner(in.TTL)
	case in.Flags.Ephemeral():
		owner = w.Session
	}
	changed := *parent
	changed.Stat.Cversion++
	changed.Stat.Pzxid = w.zxid
	changed.Children++
	p.journal.Put(parentPath, w.zxid, changed, parent)
	child := journal.Node{
		Exists: true, ACL: acl, Data: in.Data, HasData: true,
		Stat: jute.StatPersisted{
			Czxid: w.zxid, Mzxid: w.zxid, Pzxid: w.zxid, Ctime: p.wall, Mtime: p.wall,
			EphemeralOwner: owner,
		},
	}
	p.journal.Put(path, w.zxid, child, &journal.Node{})
}

func (p *Prep) makeCreate(w *writing) (jute.OpCode, jute.ErrorCode) {
	return p.create(w, w.Type, &p.in.create)
}
