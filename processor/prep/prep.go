package prep

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/arena"
	"quoll/processor/auth"
	"quoll/processor/journal"
	"quoll/processor/op"
	"quoll/processor/session"
	"quoll/processor/stats"
	"quoll/processor/tell"
)

// Prep makes transactions of writes.
type Prep struct {
	rules    Rules
	counts   *stats.Counts
	tree     *datatree.Tree
	journal  *journal.Journal
	sessions *session.Table
	lastZxid jute.Zxid // the last one given
	memory   arena.Arena
	body     []byte        // of the transaction being made
	multi    []byte        // bodies of a multi's operations
	ends     []int         // where each of them ends in multi
	txns     []jute.OpCode // the types of their transactions
	writing  writing       // room for the write being made
	in       bodies
	coder    jute.Coder // room, for requests and transactions with an ACL
	wall     int64      // ms since 1970, of the step
}

// Write is a write that asks to become a transaction.
type Write struct {
	Session  jute.SessionID
	Cxid     int32 // the client's number of the request; 0 where it has none
	Type     jute.OpCode
	Body     []byte // the request behind its header; of createSession, its timeout
	Identity *auth.Identity
	Own      bool // the server's own: expiry, containers
}

// Rules is what the configuration says about writes.
type Rules struct {
	Auth            *auth.Rules
	Digest          bool // digest.enabled
	ExtendedTypes   bool // extendedTypesEnabled
	EnforceQuota    bool // enforceQuota
	CloseSessionTxn bool // closeSessionTxn.enabled
	ReconfigEnabled bool // reconfigEnabled
	EagerACLCheck   bool // enableEagerACLCheck
	MaxMultiOps     int  // quoll.maxMultiOps; 0 is no limit
	// MaxTxnBytes is the longest transaction: a write that becomes longer is refused. Apache reads
	// no record from its log above jute.maxbuffer + jute.maxbuffer.extrasize, and "auth" in an ACL
	// makes a short request long. A closeSession is not refused: it names fewer paths. 0 is no
	// limit.
	MaxTxnBytes int
	// OverQuota is told of every excess, soft or hard, for the log and a counter; may be nil.
	OverQuota func(datatree.QuotaVerdict)
}

// writing is one write being made into a transaction.
type writing struct {
	Write
	zxid jute.Zxid
}

// Made is what Prep made of a write.
type Made struct {
	Entry jute.Entry
	// Code is what the client will be told; OK for a multi even when it failed.
	Code jute.ErrorCode
	// Proposed is false when the body could not be read: there is no entry then.
	Proposed bool
	// Limited says which limit refused the write, Nothing if none did; Limit is what it allows.
	Limited tell.Kind
	Limit   int64
}

// New makes the Prep of a reign, over a tree to which everything proposed before is applied. The
// first zxid that it gives is the one behind last.
func New(
	rules Rules, counts *stats.Counts, tree *datatree.Tree, sessions *session.Table,
	last jute.Zxid,
) *Prep {
	return &Prep{
		rules:    rules,
		counts:   counts,
		tree:     tree,
		journal:  journal.New(tree, rules.Digest),
		sessions: sessions,
		lastZxid: last,
	}
}

// prepKeepBytes is the largest body whose buffer is kept: the end of a session may name many paths.
const prepKeepBytes = 1 << 20

// Time sets the wall clock of a step, in ms since 1970, with which its transactions are stamped.
func (p *Prep) Time(wallMillis int64) { p.wall = wallMillis }

// Applied drops from the journal what the tree has now: everything up to zxid.
func (p *Prep) Applied(zxid jute.Zxid) { p.journal.Applied(zxid) }

// spentAt is the counter at which a reign must end. Until it has ended Prep still gets the ends of
// sessions, and writes that wait for nothing: sixteen million zxids are left for them.
const spentAt = 0xff000000

// Spent says that the reign must end: few zxids of its epoch are left.
func (p *Prep) Spent() bool { return p.lastZxid.Counter() >= spentAt }

// next gives a zxid. The last counter of an epoch is not given: Apache's leader steps down at it,
// and the zxid behind it is of the next epoch.
func (p *Prep) next() jute.Zxid {
	if p.lastZxid.Counter() >= 0xfffffffe {
		panic("prep: the epoch of " + p.lastZxid.String() + " has no zxid left")
	}
	p.lastZxid++
	return p.lastZxid
}

// Prepare makes the transaction of a write. The session was checked before.
func (p *Prep) Prepare(r *Write) Made {
	p.body = arena.Emptied(p.body, prepKeepBytes)
	if r.Type == jute.OpMulti {
		return p.prepareMulti(r)
	}
	w := p.begin(r, p.lastZxid+1)
	mark := p.journal.Mark()
	txn, code, readable := p.make(w)
	if !readable {
		return Made{Code: jute.MarshallingError}
	}
	p.next()
	made := Made{Proposed: true}
	if code == jute.OK && r.Type != jute.OpCloseSession && p.tooLong(len(p.body), &made) {
		p.journal.Undo(mark)
		code = jute.BadArguments
	}
	if code != jute.OK {
		txn, p.body = refuse(p.body[:0], code)
	}
	made.Entry, made.Code = p.seal(r, txn, w.zxid), code
	return made
}

// Refuse makes the transaction of a write that is refused before it is looked at. A learner waits
// for a transaction for each request that it has forwarded.
func (p *Prep) Refuse(r *Write, code jute.ErrorCode) jute.Entry {
	zxid := p.next()
	txn, body := refuse(arena.Emptied(p.body, prepKeepBytes), code)
	p.body = body
	return p.seal(r, txn, zxid)
}

// begin makes room for a write.
func (p *Prep) begin(r *Write, zxid jute.Zxid) *writing {
	p.writing = writing{Write: *r, zxid: zxid}
	return &p.writing
}

// tooLong says whether a body is too long, with header and digest, to be read back from the log.
func (p *Prep) tooLong(bodyBytes int, made *Made) bool {
	most := p.rules.MaxTxnBytes
	if most <= 0 || jute.TxnHeaderBytes+bodyBytes+jute.TxnDigestBytes <= most {
		return false
	}
	p.counts.LongRefused.Add(1)
	made.Limited, made.Limit = tell.LongWrite, int64(most)
	return true
}

// make reads the body of a write and makes its transaction: it appends the transaction's body to
// Prep.body, puts the changes into the journal, and returns the transaction's type. If the code is
// not OK it has done nothing.
func (p *Prep) make(w *writing) (txn jute.OpCode, code jute.ErrorCode, readable bool) {
	if p.in.read(w.Type, w.Body) == unreadable {
		return 0, 0, false
	}
	txn, code = makers.Of(w.Type).make(p, w)
	return txn, code, true
}

// maker is how the transaction of one kind of write is made.
type maker struct {
	read func(*bodies) (null bool) // reads the body; nil where nothing in it matters
	make func(p *Prep, w *writing) (jute.OpCode, jute.ErrorCode)
}

// makers is by opcode. A multi has its own way (prepareMulti).
//
// read-only: a table.
var makers = op.TableOf(map[jute.OpCode]maker{
	jute.OpCreate:          {(*bodies).readCreate, (*Prep).makeCreate},
	jute.OpCreate2:         {(*bodies).readCreate, (*Prep).makeCreate},
	jute.OpCreateContainer: {(*bodies).readCreate, (*Prep).makeCreate},
	jute.OpCreateTTL:       {(*bodies).readCreateTTL, (*Prep).makeCreate},
	jute.OpDelete:          {(*bodies).readDelete, (*Prep).makeDelete},
	jute.OpDeleteContainer: {(*bodies).readDeleteContainer, (*Prep).makeDeleteContainer},
	jute.OpSetData:         {(*bodies).readSetData, (*Prep).makeSetData},
	jute.OpSetACL:          {(*bodies).readSetACL, (*Prep).makeSetACL},
	jute.OpReconfig:        {(*bodies).readReconfig, (*Prep).reconfig},
	jute.OpCreateSession:   {(*bodies).readCreateSession, (*Prep).createSession},
	jute.OpCloseSession:    {nil, (*Prep).closeSession},
})

// refuse is the transaction of a refused write: its type, and its body appended to body.
func refuse(body []byte, code jute.ErrorCode) (jute.OpCode, []byte) {
	c := jute.Encoder(body)
	txn := jute.ErrorResponse{Err: code}
	txn.Fields(&c)
	return jute.OpError, c.Bytes()
}

// seal puts header, body and digest together in memory that is never used again.
func (p *Prep) seal(r *Write, txn jute.OpCode, zxid jute.Zxid) jute.Entry {
	e := jute.Entry{
		Header: jute.TxnHeader{
			ClientID: r.Session, Cxid: r.Cxid, Zxid: zxid, Time: p.wall, Type: txn,
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

// nextVersion is the version that a change gives a node at version now, if it demands want (-1:
// any).
func nextVersion(now, want int32) (int32, jute.ErrorCode) {
	if want != -1 && want != now {
		return 0, jute.BadVersion
	}
	return now + 1, jute.OK
}
