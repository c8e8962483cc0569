package prep

import (
	"quoll/jute"
	"quoll/processor/tell"
)

// prepareMulti makes the one transaction of a multi. Its operations see each other's changes; when
// one fails, all changes are undone, and what is logged is why.
func (p *Prep) prepareMulti(r *Write) Made {
	read := p.in.read(jute.OpMulti, r.Body)
	ops := p.in.multi.Ops
	p.in.multi = jute.MultiRequest{}
	if read == unreadable {
		return Made{Code: jute.MarshallingError}
	}
	w := p.begin(r, p.next())
	made := Made{Proposed: true}
	most, code := p.rules.MaxMultiOps, jute.MarshallingError
	switch {
	case read == trips:
	case most > 0 && len(ops) > most:
		p.counts.MultiRefused.Add(1)
		made.Limited = tell.LongMulti
		code = jute.BadArguments
	default:
		code = p.makeMulti(w, ops, &made)
		if code == jute.MarshallingError {
			break // Java trips over an operation: the whole multi is an error
		}
		p.appendMulti()
		made.Entry = p.seal(r, jute.OpMulti, w.zxid)
		return made
	}
	_, p.body = refuse(p.body[:0], code)
	made.Entry, made.Code = p.seal(r, jute.OpError, w.zxid), code
	return made
}

// makeMulti makes the transactions of the operations, one after the other. The code is that of the
// operation that failed.
func (p *Prep) makeMulti(w *writing, ops []jute.MultiOp, made *Made) jute.ErrorCode {
	p.multi, p.ends, p.txns = p.multi[:0], p.ends[:0], p.txns[:0]
	mark := p.journal.Mark()
	failed := jute.OK
	for i := range ops {
		p.body = p.body[:0]
		var txn jute.OpCode
		code := jute.RuntimeInconsistency // the operations behind one that failed are not done
		if failed == jute.OK {
			txn, code = p.makeOp(w, &ops[i])
			if code == jute.OK && p.tooLong(4+8*(i+1)+len(p.multi)+len(p.body), made) {
				code = jute.BadArguments // each operation adds a type and a length
			}
			if code != jute.OK {
				failed = code
				p.journal.Undo(mark)
			}
		}
		if code != jute.OK {
			txn, p.body = refuse(p.body[:0], code)
		}
		p.multi = append(p.multi, p.body...)
		p.ends = append(p.ends, len(p.multi))
		p.txns = append(p.txns, txn)
	}
	if failed == jute.OK {
		p.journal.Settle(mark)
	}
	return failed
}

// makeOp makes the transaction of an operation of a multi. The mode of a create, not the opcode,
// says whether it makes a container or TTL node here.
func (p *Prep) makeOp(w *writing, one *jute.MultiOp) (jute.OpCode, jute.ErrorCode) {
	switch one.Type {
	case jute.OpDelete:
		return p.delete(w, one.Path)
	case jute.OpCheck:
		return p.check(w, one.Path)
	case jute.OpSetData:
		return p.setData(w, one.Set)
	}
	as := one.Type
	switch {
	case one.Create.Flags.TTL():
		if as != jute.OpCreateTTL {
			one.Create.TTL = -1
		}
		as = jute.OpCreateTTL
	case one.Create.Flags == jute.ModeContainer:
		one.Create.TTL, as = -1, jute.OpCreateContainer
	case as == jute.OpCreateTTL:
		one.Create.TTL, as = -1, jute.OpCreate
	default:
		one.Create.TTL = -1
	}
	return p.create(w, as, one.Create)
}

// appendMulti puts the operations' transactions into the body.
func (p *Prep) appendMulti() {
	c := jute.Encoder(p.body[:0])
	c.Count("txns", len(p.txns), false, 8)
	from := 0
	for i, t := range p.txns {
		txn := jute.Txn{Type: t, Data: p.multi[from:p.ends[i]:p.ends[i]]}
		if txn.Data == nil {
			txn.Data = []byte{}
		}
		txn.Fields(&c)
		from = p.ends[i]
	}
	p.body = c.Bytes()
}
