package prep

import "quoll/jute"

// createSession makes the transaction of a new session; the table has it already.
func (p *Prep) createSession(*writing) (jute.OpCode, jute.ErrorCode) {
	p.body = jute.Append(p.body, &p.in.session)
	return jute.OpCreateSession, jute.OK
}

// closeSession makes the transaction of a session's end. It names the ephemerals that go with the
// session: those of the tree, less those whose delete is in flight, plus those whose create is. It
// names as many as Apache can read back. The rest goes too: every server that applies the
// transaction, Apache's too, deletes all ephemerals of the session.
func (p *Prep) closeSession(w *writing) (jute.OpCode, jute.ErrorCode) {
	paths := p.journal.CloseSession(w.Session, w.zxid)
	if p.rules.CloseSessionTxn {
		p.body = jute.Append(p.body, &jute.CloseSessionTxn{Paths2Delete: p.fitting(paths)})
	}
	if s := p.sessions.Find(w.Session); s != nil {
		s.Closing = true
	}
	return jute.OpCloseSession, jute.OK
}

// fitting is as many of the first paths as a transaction may name.
func (p *Prep) fitting(paths [][]byte) [][]byte {
	most := p.rules.MaxTxnBytes
	if most <= 0 {
		return paths
	}
	size := jute.TxnHeaderBytes + jute.TxnDigestBytes + 4 // the count of paths
	for i := range paths {
		if size += 4 + len(paths[i]); size > most {
			return paths[:i]
		}
	}
	return paths
}
