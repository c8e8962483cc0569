package quorum

import (
	"quoll/jute"
	"quoll/quorum/effects"
)

// Solo is the peer of a standalone server. A transaction is committed when the server's own log has
// it on disk.
//
// Invariant: committed <= proposed, and both only grow.
type Solo struct {
	pending   effects.Pending
	proposed  jute.Zxid
	committed jute.Zxid
	tickets   effects.Tickets
}

// NewSolo makes the peer of a server whose tree has applied everything up to last.
func NewSolo(last jute.Zxid) *Solo { return &Solo{proposed: last, committed: last} }

// Propose takes the next transaction. It panics unless the zxid is above all zxids proposed before.
func (s *Solo) Propose(e jute.Entry) {
	if e.Header.Zxid <= s.proposed {
		panic("quorum: " + e.Header.Zxid.String() + " proposed after " + s.proposed.String())
	}
	s.proposed = e.Header.Zxid
	s.tickets.Give(s.proposed)
	s.pending.Ask(effects.DiskOp{Kind: effects.Append, Entry: e})
}

// Sync returns false, because there is nothing to wait for: every commit happens on this server.
func (s *Solo) Sync() bool { return false }

// NextEpoch begins the next epoch when the zxids of this one are used up. It returns the zxid
// before the first one of the new epoch. Everything proposed must be committed, otherwise NextEpoch
// panics. A server alone needs no vote for a new epoch.
func (s *Solo) NextEpoch() jute.Zxid {
	if s.committed != s.proposed {
		panic("quorum: an epoch ends with transactions in flight")
	}
	s.proposed = jute.Zxid((s.proposed.Epoch() + 1) << 32)
	s.committed = s.proposed
	return s.proposed
}

// Durable says that the disk has everything up to a ticket. It returns the last committed zxid.
func (s *Solo) Durable(ticket effects.Ticket) (committed jute.Zxid) {
	if zxid, ok := s.tickets.Take(ticket); ok {
		s.committed = zxid
	}
	return s.committed
}

// Take returns the effects since the last call. They are valid until the next call.
func (s *Solo) Take() *effects.Effects { return s.pending.Take() }
