package processor

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/journal"
	"quoll/processor/session"
)

// Prep is the first stage: it checks a write against the tree plus the changes in flight, and
// makes the transaction, its zxid and the digest that the tree will have (PrepRequestProcessor).
//
// A refused write is a transaction too, of type error, and uses up a zxid. Only a write whose body
// cannot be read is not proposed (rule 7); a multi that cannot be read is, as an error, because
// Apache counts a zxid for it.
type Prep struct {
	rules    PrepRules
	tree     *datatree.Tree
	journal  *journal.Journal
	sessions *session.Table
	lastZxid jute.Zxid // the last one given
	memory   arena
	body     []byte   // of the transaction being made
	multi    []byte   // bodies of a multi's operations
	ends     []int    // where each of them ends in multi
	txns     []txnRef // their types
	wall     int64    // ms since 1970, of the step
}

// txnRef is one operation of the multi being made.
type txnRef struct {
	op jute.OpCode
}

// PrepRules is what the configuration says about writes.
type PrepRules struct {
	Auth            *auth.Rules
	Digest          bool // digest.enabled
	ExtendedTypes   bool // extendedTypesEnabled
	EnforceQuota    bool // enforceQuota
	CloseSessionTxn bool // closeSessionTxn.enabled
	ReconfigEnabled bool // reconfigEnabled
	EagerACLCheck   bool // enableEagerACLCheck
	MaxMultiOps     int  // quoll.maxMultiOps; 0 is no limit
	// OverQuota is told of every excess, soft or hard, for the log and a counter; may be nil.
	OverQuota func(datatree.QuotaVerdict)
}

// write is one write being made into a transaction.
type writing struct {
	*Request
	zxid jute.Zxid
}

// prepared is what Prep made of a write.
type prepared struct {
	entry jute.Entry
	// code is what the client will be told; OK for a multi even when it failed.
	code jute.ErrorCode
	// proposed is false when the body could not be read: there is no entry then.
	proposed bool
}

func newPrep(rules PrepRules, tree *datatree.Tree, sessions *session.Table) *Prep {
	return &Prep{
		rules:    rules,
		tree:     tree,
		journal:  journal.New(tree, rules.Digest),
		sessions: sessions,
		lastZxid: tree.Peek().LastZxid(),
	}
}

// prepare makes the transaction of a write. The session was checked before.
func (p *Prep) prepare(r *Request) prepared {
	p.body = p.body[:0]
	if r.Type == jute.OpMulti {
		return p.prepareMulti(r)
	}
	w := writing{Request: r, zxid: p.lastZxid + 1}
	make, readable := p.decode(r)
	if !readable {
		return prepared{code: jute.MarshallingError}
	}
	p.lastZxid++
	op, code := make(&w)
	if code != jute.OK {
		op, p.body = refuse(p.body[:0], code)
	}
	return prepared{entry: p.seal(r, op, w.zxid), code: code, proposed: true}
}

// maker makes one transaction: it appends the body to Prep.body, puts the changes into the journal
// and says the transaction's type. With a code other than OK it has done nothing.
type maker func(w *writing) (jute.OpCode, jute.ErrorCode)

// decode reads the body of a write and binds it to what makes its transaction.
func (p *Prep) decode(r *Request) (maker, bool) {
	c := jute.Decoder(r.Body)
	switch r.Type {
	case jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer:
		in := jute.CreateTTLRequest{TTL: -1}
		in.CreateRequest.Fields(&c)
		return p.creating(r.Type, &in), !c.Failed()
	case jute.OpCreateTTL:
		var in jute.CreateTTLRequest
		in.Fields(&c)
		return p.creating(r.Type, &in), !c.Failed()
	case jute.OpDelete:
		var in jute.PathVersion
		in.Fields(&c)
		return p.deleting(&in), !c.Failed()
	case jute.OpDeleteContainer:
		var in jute.PathBuffer
		in.Fields(&c)
		return p.deletingContainer(in.Path), !c.Failed()
	case jute.OpSetData:
		var in jute.SetDataRequest
		in.Fields(&c)
		return p.settingData(&in), !c.Failed()
	case jute.OpSetACL:
		var in jute.SetACLRequest
		in.Fields(&c)
		return p.settingACL(&in), !c.Failed()
	case jute.OpReconfig:
		var in jute.ReconfigRequest
		in.Fields(&c)
		return p.reconfiguring, !c.Failed()
	case jute.OpCreateSession:
		return p.creatingSession, true
	case jute.OpCloseSession:
		return p.closingSession, true
	}
	panic("processor: no transaction is made of a " + r.Type.String())
}

// refuse is the body of the transaction of a refused write.
func refuse(body []byte, code jute.ErrorCode) (jute.OpCode, []byte) {
	return jute.OpError, jute.Append(body, &jute.ErrorResponse{Err: code})
}

// seal puts header, body and digest together in memory that is never used again.
func (p *Prep) seal(r *Request, op jute.OpCode, zxid jute.Zxid) jute.Entry {
	e := jute.Entry{
		Header: jute.TxnHeader{
			ClientID: r.Session, Cxid: r.Xid, Zxid: zxid, Time: p.wall, Type: op,
		},
		Body:      p.body,
		HasDigest: p.rules.Digest,
	}
	if e.HasDigest {
		e.Digest = jute.TxnDigest{Version: jute.DigestVersion, TreeDigest: p.journal.TreeDigest()}
	}
	size := jute.TxnHeaderBytes + len(p.body) + jute.TxnDigestBytes
	e.Payload = p.memory.keep(jute.AppendEntry(p.memory.room(size), &e))
	from := jute.TxnHeaderBytes
	e.Body = e.Payload[from : from+len(p.body) : from+len(p.body)]
	return e
}

// reconfiguring answers as Apache does without an ensemble.
func (p *Prep) reconfiguring(*writing) (jute.OpCode, jute.ErrorCode) {
	if !p.rules.ReconfigEnabled {
		return 0, jute.ReconfigDisabled
	}
	return 0, jute.Unimplemented
}

// nextVersion is the version after a change that demands want (-1: any) of a node at now.
func nextVersion(now, want int32) (int32, jute.ErrorCode) {
	if want != -1 && want != now {
		return 0, jute.BadVersion
	}
	return now + 1, jute.OK
}
