package processor

import (
	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/multi"
	"quoll/processor/tell"
)

// prepareMulti makes the one transaction of a multi. Its operations see each other's changes; when
// one fails, all changes are undone, and what is logged is why.
func (p *Prep) prepareMulti(r *mail.Request) prepared {
	var in jute.MultiRequest
	_, err := jute.Decode(r.Body, &in)
	judged := multi.Judge(in.Ops)
	if judged == multi.TripsJava {
		return prepared{code: jute.MarshallingError}
	}
	p.lastZxid++
	w := writing{Request: r, zxid: p.lastZxid}
	most, code := p.rules.MaxMultiOps, jute.MarshallingError
	switch {
	case err != nil || judged != multi.Readable || !transaction(in.Ops):
	case most > 0 && len(in.Ops) > most:
		p.counts.MultiRefused.Add(1)
		tellOf(p.teller, r, tell.Event{Kind: tell.LongMulti})
		code = jute.BadArguments
	default:
		code = p.makeMulti(&w, in.Ops)
		if code == jute.MarshallingError {
			break // Java trips over an operation, and the whole is an error
		}
		p.appendMulti()
		return prepared{entry: p.seal(r, jute.OpMulti, w.zxid), code: jute.OK, proposed: true}
	}
	_, p.body = refuse(p.body[:0], code)
	return prepared{entry: p.seal(r, jute.OpError, w.zxid), code: code, proposed: true}
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

func pathOf(op *jute.MultiOp) []byte {
	switch op.Type {
	case jute.OpDelete, jute.OpCheck:
		return op.Path.Path
	case jute.OpSetData:
		return op.Set.Path
	}
	return op.Create.Path
}

// makeMulti makes the transactions of the operations, one after the other. The code is that of the
// operation that failed.
func (p *Prep) makeMulti(w *writing, ops []jute.MultiOp) jute.ErrorCode {
	p.multi, p.ends, p.txns = p.multi[:0], p.ends[:0], p.txns[:0]
	mark := p.journal.Mark()
	failed := jute.OK
	for i := range ops {
		p.body = p.body[:0]
		var op jute.OpCode
		code := jute.RuntimeInconsistency // what comes after a failure does not happen
		if failed == jute.OK {
			op, code = p.makeOp(w, &ops[i])
			if code == jute.OK && p.tooLong(w.Request, 4+8*(i+1)+len(p.multi)+len(p.body)) {
				code = jute.BadArguments // with a type and a length each
			}
			if code != jute.OK {
				failed = code
				p.journal.Undo(mark)
			}
		}
		if code != jute.OK {
			op, p.body = refuse(p.body[:0], code)
		}
		p.multi = append(p.multi, p.body...)
		p.ends = append(p.ends, len(p.multi))
		p.txns = append(p.txns, txnRef{op: op})
	}
	if failed == jute.OK {
		p.journal.Settle(mark)
	}
	return failed
}

// makeOp makes the transaction of an operation of a multi. The mode of a create, not the opcode,
// says whether it makes a container or TTL node here.
func (p *Prep) makeOp(w *writing, op *jute.MultiOp) (jute.OpCode, jute.ErrorCode) {
	switch op.Type {
	case jute.OpDelete:
		return p.delete(w, op.Path)
	case jute.OpCheck:
		return p.check(w, op.Path)
	case jute.OpSetData:
		return p.setData(w, op.Set)
	}
	as := op.Type
	switch {
	case op.Create.Flags.TTL():
		if as != jute.OpCreateTTL {
			op.Create.TTL = -1
		}
		as = jute.OpCreateTTL
	case op.Create.Flags == jute.ModeContainer:
		op.Create.TTL, as = -1, jute.OpCreateContainer
	case as == jute.OpCreateTTL:
		op.Create.TTL, as = -1, jute.OpCreate
	default:
		op.Create.TTL = -1
	}
	return p.create(w, as, op.Create)
}

// appendMulti puts the operations' transactions into the body.
func (p *Prep) appendMulti() {
	c := jute.Encoder(p.body[:0])
	c.Count("txns", len(p.txns), false, 8)
	from := 0
	for i, t := range p.txns {
		txn := jute.Txn{Type: t.op, Data: p.multi[from:p.ends[i]:p.ends[i]]}
		if txn.Data == nil {
			txn.Data = []byte{}
		}
		txn.Fields(&c)
		from = p.ends[i]
	}
	p.body = c.Bytes()
}
