package quorum

import "quoll/jute"

// Effects is what a peer wants done. It is reused: who takes it is done with it before the next
// call.
type Effects struct {
	// Append goes to the log, in this order, behind everything appended before. It must be durable
	// before Durable is told of it.
	Append []jute.Entry
}

// keepEntries is the most entries whose room is kept for later ones.
const keepEntries = 4096

// Solo is the peer of a standalone server: what its own log has is committed.
//
// Invariant: committed <= proposed, and both only grow.
type Solo struct {
	effects   Effects // gathering
	taken     Effects // with whom Take gave it to, until the next Take
	proposed  jute.Zxid
	committed jute.Zxid
}

// NewSolo makes the peer of a server whose tree is at last.
func NewSolo(last jute.Zxid) *Solo { return &Solo{proposed: last, committed: last} }

// Propose takes the next transaction. A zxid is proposed once, and in order.
func (s *Solo) Propose(e jute.Entry) {
	if e.Header.Zxid <= s.proposed {
		panic("quorum: " + e.Header.Zxid.String() + " proposed after " + s.proposed.String())
	}
	s.proposed = e.Header.Zxid
	s.effects.Append = append(s.effects.Append, e)
}

// Durable tells that the log has everything up to zxid, and returns what is committed now.
func (s *Solo) Durable(zxid jute.Zxid) (committed jute.Zxid) {
	if zxid > s.proposed {
		panic("quorum: " + zxid.String() + " is durable, proposed is " + s.proposed.String())
	}
	s.committed = max(s.committed, zxid)
	return s.committed
}

// Take returns what is to be done since the last call. It is valid until the next.
func (s *Solo) Take() Effects {
	s.effects, s.taken = s.taken, s.effects
	clear(s.effects.Append)
	s.effects.Append = s.effects.Append[:0]
	if cap(s.effects.Append) > keepEntries {
		s.effects.Append = nil
	}
	return s.taken
}
