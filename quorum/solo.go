package quorum

import "quoll/jute"

// Effects is what a peer wants done. It is reused: who takes it is done with it before the next
// call.
type Effects struct {
	// Disk is asked of the disk in this order, behind everything asked before. Each has the next
	// ticket, and must be durable before Durable is told of it.
	Disk []DiskOp
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
	tickets   tickets
}

// NewSolo makes the peer of a server whose tree is at last.
func NewSolo(last jute.Zxid) *Solo { return &Solo{proposed: last, committed: last} }

// Propose takes the next transaction. A zxid is proposed once, and in order.
func (s *Solo) Propose(e jute.Entry) {
	if e.Header.Zxid <= s.proposed {
		panic("quorum: " + e.Header.Zxid.String() + " proposed after " + s.proposed.String())
	}
	s.proposed = e.Header.Zxid
	s.tickets.give(s.proposed)
	s.effects.Disk = append(s.effects.Disk, DiskOp{Kind: Append, Entry: e})
}

// Sync says that there is nothing to wait for: what is committed was committed here.
func (s *Solo) Sync() bool { return false }

// NextEpoch begins the next epoch, since the zxids of this one are used up, and returns the zxid
// before its first. Everything proposed is committed. Alone, a server needs nobody's vote for it.
func (s *Solo) NextEpoch() jute.Zxid {
	if s.committed != s.proposed {
		panic("quorum: an epoch ends with transactions in flight")
	}
	s.proposed = jute.Zxid((s.proposed.Epoch() + 1) << 32)
	s.committed = s.proposed
	return s.proposed
}

// Durable tells that the disk has everything up to a ticket, and returns what is committed now.
func (s *Solo) Durable(ticket Ticket) (committed jute.Zxid) {
	if zxid, ok := s.tickets.take(ticket); ok {
		s.committed = zxid
	}
	return s.committed
}

// Take returns what is to be done since the last call. It is valid until the next.
func (s *Solo) Take() Effects {
	s.effects, s.taken = s.taken, s.effects
	clear(s.effects.Disk)
	s.effects.Disk = s.effects.Disk[:0]
	if cap(s.effects.Disk) > keepEntries {
		s.effects.Disk = nil
	}
	return s.taken
}
