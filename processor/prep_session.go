package processor

import (
	"slices"

	"quoll/jute"
	"quoll/processor/journal"
)

// createSession makes the transaction of a new session; the table has it already.
func (p *Prep) createSession(w *writing) (jute.OpCode, jute.ErrorCode) {
	p.body = jute.Append(p.body, &jute.CreateSessionTxn{TimeOut: w.Connect.TimeOut})
	return jute.OpCreateSession, jute.OK
}

// closeSession makes the transaction of a session's end, which names the ephemerals that go with
// it: those of the tree, less those whose delete is in flight, plus those whose create is.
func (p *Prep) closeSession(w *writing) (jute.OpCode, jute.ErrorCode) {
	paths := p.ephemerals(w.Session)
	for _, path := range paths {
		parentPath, _, _ := jute.SplitPath(path)
		parent, n := p.journal.Look(parentPath), p.journal.Look(path)
		p.noteDelete(w, path, parentPath, &parent, &n)
	}
	if p.rules.CloseSessionTxn {
		p.body = jute.Append(p.body, &jute.CloseSessionTxn{Paths2Delete: paths})
	}
	if s := p.sessions.Find(w.Session); s != nil {
		s.Closing = true
	}
	return jute.OpCloseSession, jute.OK
}

// ephemerals are the paths of a session's ephemeral nodes after everything in flight, sorted.
func (p *Prep) ephemerals(id jute.SessionID) [][]byte {
	paths := p.tree.Peek().EphemeralsOf(id)
	changed := false
	p.journal.Each(func(path string, n *journal.Node) {
		at := slices.IndexFunc(paths, func(b []byte) bool { return string(b) == path })
		mine := n.Exists && n.Stat.EphemeralOwner == id
		switch {
		case mine && at < 0:
			paths = append(paths, []byte(path))
			changed = true
		case !mine && at >= 0:
			paths = slices.Delete(paths, at, at+1)
		}
	})
	if changed {
		slices.SortFunc(paths, slices.Compare[[]byte])
	}
	if paths == nil {
		paths = [][]byte{}
	}
	return paths
}
