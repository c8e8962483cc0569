package processor

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/arena"
	"quoll/processor/auth"
	"quoll/processor/journal"
	"quoll/processor/mail"
	"quoll/processor/op"
	"quoll/processor/session"
	"quoll/processor/stats"
	"quoll/processor/tell"
)

// Prep is the first stage: it checks a write against the tree plus the changes in flight, and
// makes the transaction, its zxid and the digest that the tree will have (PrepRequestProcessor).
//
// A refused write is a transaction too, of type error, and uses up a zxid. Only a write whose body
// cannot be read is not proposed (rule 7); a multi that cannot be read is, as an error, because
// Apache counts a zxid for it.
type Prep struct {
	rules    PrepRules
	counts   *stats.Counts
	teller   tell.Teller
	tree     *datatree.Tree
	journal  *journal.Journal
	sessions *session.Table
	lastZxid jute.Zxid // the last one given
	memory   arena.Arena
	body     []byte   // of the transaction being made
	multi    []byte   // bodies of a multi's operations
	ends     []int    // where each of them ends in multi
	txns     []txnRef // their types
	in       requests
	coder    jute.Coder // room, for requests and transactions with an ACL
	wall     int64      // ms since 1970, of the step
}

// requests is room for the request being read; the one that its type says.
type requests struct {
	create    jute.CreateTTLRequest
	path      jute.PathVersion
	container jute.PathBuffer
	set       jute.SetDataRequest
	acl       jute.SetACLRequest
	reconfig  jute.ReconfigRequest
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
	// MaxTxnBytes refuses a write that becomes longer: Apache reads no record from its log above
	// jute.maxbuffer + jute.maxbuffer.extrasize, and "auth" in an ACL makes a short request long. A
	// closeSession cannot be refused. 0 is no limit.
	MaxTxnBytes int
	// OverQuota is told of every excess, soft or hard, for the log and a counter; may be nil.
	OverQuota func(datatree.QuotaVerdict)
}

// write is one write being made into a transaction.
type writing struct {
	*mail.Request
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

func newPrep(
	rules PrepRules, counts *stats.Counts, teller tell.Teller, tree *datatree.Tree,
	sessions *session.Table,
) *Prep {
	return &Prep{
		rules:    rules,
		counts:   counts,
		teller:   teller,
		tree:     tree,
		journal:  journal.New(tree, rules.Digest),
		sessions: sessions,
		lastZxid: tree.Peek().LastZxid(),
	}
}

// prepKeepBytes is the largest body whose room is kept: the end of a session may name many paths.
const prepKeepBytes = 1 << 20

// prepare makes the transaction of a write. The session was checked before.
func (p *Prep) prepare(r *mail.Request) prepared {
	p.body = arena.Emptied(p.body, prepKeepBytes)
	if r.Type == jute.OpMulti {
		return p.prepareMulti(r)
	}
	w := writing{Request: r, zxid: p.lastZxid + 1}
	mark := p.journal.Mark()
	op, code, readable := p.make(&w)
	if !readable {
		return prepared{code: jute.MarshallingError}
	}
	p.lastZxid++
	if code == jute.OK && r.Type != jute.OpCloseSession && p.tooLong(r, len(p.body)) {
		p.journal.Undo(mark)
		code = jute.BadArguments
	}
	if code != jute.OK {
		op, p.body = refuse(p.body[:0], code)
	}
	return prepared{entry: p.seal(r, op, w.zxid), code: code, proposed: true}
}

// tooLong says that the body of a transaction, with header and digest, could not be read back.
func (p *Prep) tooLong(r *mail.Request, bodyBytes int) bool {
	most := p.rules.MaxTxnBytes
	if most <= 0 || jute.TxnHeaderBytes+bodyBytes+jute.TxnDigestBytes <= most {
		return false
	}
	p.counts.LongRefused.Add(1)
	tellOf(p.teller, r, tell.Event{Kind: tell.LongWrite, A: int64(most)})
	return true
}

// make reads the body of a write and makes its transaction: it appends the transaction's body to
// Prep.body, puts the changes into the journal, and says the transaction's type. With a code other
// than OK it has done nothing.
func (p *Prep) make(w *writing) (txn jute.OpCode, code jute.ErrorCode, readable bool) {
	m := makers.Of(w.Type)
	if m.make == nil {
		panic("processor: no transaction is made of a " + w.Type.String())
	}
	p.coder = jute.Decoder(w.Body)
	if m.read != nil {
		m.read(&p.in, &p.coder)
	}
	if p.coder.Failed() {
		return 0, 0, false
	}
	txn, code = m.make(p, w)
	return txn, code, true
}

// maker is how a transaction is made of one kind of write.
type maker struct {
	read func(in *requests, c *jute.Coder) // reads the body; nil where nothing in it matters
	make func(p *Prep, w *writing) (jute.OpCode, jute.ErrorCode)
}

// makers is by opcode. A multi has its own way (prepareMulti).
//
// read-only: a table.
var makers = op.TableOf(map[jute.OpCode]maker{
	jute.OpCreate:          {(*requests).readCreate, (*Prep).makeCreate},
	jute.OpCreate2:         {(*requests).readCreate, (*Prep).makeCreate},
	jute.OpCreateContainer: {(*requests).readCreate, (*Prep).makeCreate},
	jute.OpCreateTTL:       {(*requests).readCreateTTL, (*Prep).makeCreate},
	jute.OpDelete:          {(*requests).readDelete, (*Prep).makeDelete},
	jute.OpDeleteContainer: {(*requests).readDeleteContainer, (*Prep).makeDeleteContainer},
	jute.OpSetData:         {(*requests).readSetData, (*Prep).makeSetData},
	jute.OpSetACL:          {(*requests).readSetACL, (*Prep).makeSetACL},
	jute.OpReconfig:        {(*requests).readReconfig, (*Prep).reconfig},
	jute.OpCreateSession:   {nil, (*Prep).createSession},
	jute.OpCloseSession:    {nil, (*Prep).closeSession},
})

func (in *requests) readCreate(c *jute.Coder) {
	in.create = jute.CreateTTLRequest{TTL: -1}
	in.create.CreateRequest.Fields(c)
}

func (in *requests) readCreateTTL(c *jute.Coder)       { in.create.Fields(c) }
func (in *requests) readDelete(c *jute.Coder)          { in.path.Fields(c) }
func (in *requests) readDeleteContainer(c *jute.Coder) { in.container.Fields(c) }
func (in *requests) readSetData(c *jute.Coder)         { in.set.Fields(c) }
func (in *requests) readSetACL(c *jute.Coder)          { in.acl.Fields(c) }
func (in *requests) readReconfig(c *jute.Coder)        { in.reconfig.Fields(c) }

// refuse is the body of the transaction of a refused write.
func refuse(body []byte, code jute.ErrorCode) (jute.OpCode, []byte) {
	c := jute.Encoder(body)
	txn := jute.ErrorResponse{Err: code}
	txn.Fields(&c)
	return jute.OpError, c.Bytes()
}

// seal puts header, body and digest together in memory that is never used again.
func (p *Prep) seal(r *mail.Request, op jute.OpCode, zxid jute.Zxid) jute.Entry {
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
	e.Payload = p.memory.Keep(jute.AppendEntry(p.memory.Room(size), &e))
	from := jute.TxnHeaderBytes
	e.Body = e.Payload[from : from+len(p.body) : from+len(p.body)]
	return e
}

// reconfig answers as Apache does without an ensemble.
func (p *Prep) reconfig(*writing) (jute.OpCode, jute.ErrorCode) {
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
