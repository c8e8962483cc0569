package witness

import (
	"maps"
	"slices"

	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// place is how far a member has come on its way from FOLLOWERINFO to UPTODATE.
type place struct {
	mode string // DIFF, TRUNC or SNAP
	step string // the last packet; "": it is not on this way
}

// Joins says whether a link is that by which the member joins a leader, on its way to UPTODATE.
func (w *Witness) Joins(link effects.LinkID) bool { return w.place.step != "" && w.leader == link }

// Truncates says whether the last packet on that way was TRUNC.
func (w *Witness) Truncates() bool {
	return w.place.step == ensemble.PacketTrunc.String()+" heard"
}

// passed notes how far a learner has come.
func (w *Witness) passed(link effects.LinkID, q *ensemble.QuorumPacket, how string) {
	switch q.Type {
	case ensemble.PacketFollowerInfo, ensemble.PacketObserverInfo:
		if how == " said" {
			w.leader = link
			w.place = place{mode: "no mode yet", step: q.Type.String() + how}
		}
		return
	case ensemble.PacketDiff, ensemble.PacketTrunc, ensemble.PacketSnap:
		w.place.mode = q.Type.String()
	case ensemble.PacketUpToDate:
		w.place = place{}
		return
	case ensemble.PacketLeaderInfo, ensemble.PacketAckEpoch, ensemble.PacketProposal,
		ensemble.PacketCommit, ensemble.PacketInform, ensemble.PacketNewLeader,
		ensemble.PacketAck:
	default:
		return
	}
	if w.place.step != "" && w.leader == link {
		w.place.step = q.Type.String() + how
	}
}

// Died counts the death of a process on that way, at both ends of it: behind which packet of the
// learner's, and before which operations of its disk were known to be durable. Those of undone are
// not.
func (w *Witness) Died(leads, observes bool, undone []effects.DiskKind) {
	counts, at := w.World.Counts, w.place
	if leads {
		for _, mode := range slices.Compact(slices.Sorted(maps.Values(w.learners))) {
			counts.Add("crash in sync", "leader, "+mode)
		}
		return
	}
	if at.step == "" {
		return
	}
	who := "follower, "
	if observes {
		who = "observer, "
	}
	counts.Add("crash in sync", who+at.mode)
	counts.Add("crash in sync behind", at.step+", "+at.mode)
	undone = slices.Clone(undone)
	slices.Sort(undone)
	for _, kind := range slices.Compact(undone) {
		counts.Add("crash in sync before", diskOps[kind]+" is durable, "+at.mode)
	}
}

// diskOps are the operations of the disk whose order matters.
//
// read-only: names for the counters.
var diskOps = [...]string{
	effects.Append: "a transaction", effects.AcceptEpoch: "the accepted epoch",
	effects.EnterEpoch: "the current epoch", effects.Install: "the snapshot",
	effects.Cut: "the cut", effects.Load: "the log read again",
}
