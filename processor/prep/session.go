package prep

import "quoll/jute"

// createSession makes the transaction of a new session; the table has it already.
func (p *Prep) createSession(*writing) (jute.OpCode, jute.ErrorCode) {
	p.body = jute.Append(p.body, &p.in.session)
	return jute.OpCreateSession, jute.OK
}

// closeSession makes the transaction of a session's end, which names the ephemerals that go with
// it: those of the tree, less those whose delete is in flight, plus those whose create is.
func (p *Prep) closeSession(w *writing) (jute.OpCode, jute.ErrorCode) {
	paths := p.journal.CloseSession(w.Session, w.zxid)
	if p.rules.CloseSessionTxn {
		p.body = jute.Append(p.body, &jute.CloseSessionTxn{Paths2Delete: paths})
	}
	if s := p.sessions.Find(w.Session); s != nil {
		s.Closing = true
	}
	return jute.OpCloseSession, jute.OK
}
