package witness

import (
	"testing"

	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// frame is a vote as it stands on the election port.
func frame(leader jute.PeerID, zxid jute.Zxid) []byte {
	body := jute.Append(nil, &ensemble.Notification{
		State: ensemble.Looking, Leader: leader, Zxid: zxid, ElectionEpoch: 1, PeerEpoch: 1,
	})
	return append([]byte{0, 0, 0, byte(len(body))}, body...)
}

// TestAVoteThatComesBack: a member says of itself what it has on disk. What others say in their
// votes for it may be of an earlier life, and it may repeat that (seed 80065379).
func TestAVoteThatComesBack(t *testing.T) {
	var said []jute.Zxid
	w := New(Config{
		World: world.New(1, nil), Node: 1, Said: func(s Says) { said = append(said, s.Zxid) },
	})
	w.Casts(frame(1, 3))
	w.HearsVote(frame(2, 5))
	w.Casts(frame(2, 5))
	w.HearsVote(frame(1, 4))
	w.HearsVote([]byte{0, 0, 0, 2, 7, 7})
	w.Casts(frame(1, 4))
	w.Casts(frame(1, 5))
	if len(said) != 2 || said[0] != 3 || said[1] != 5 {
		t.Errorf("it says %v of itself", said)
	}
}

// TestTheOriginOfWhatEndsAReign: a leader may propose and end its reign in one step. What it
// proposes then has come from a learner all the same (seed 91005251).
func TestTheOriginOfWhatEndsAReign(t *testing.T) {
	w := New(Config{World: world.New(1, nil), Node: 3})
	hears := func(link effects.LinkID, t ensemble.PacketType, r jute.Record) {
		w.Hears(link, jute.Append(nil, &ensemble.QuorumPacket{Type: t, Data: jute.Append(nil, r)}))
	}
	w.Leads(2)
	hears(9, ensemble.PacketFollowerInfo, &ensemble.LearnerInfo{ServerID: 7})
	hears(10, ensemble.PacketObserverInfo, &ensemble.LearnerInfo{ServerID: 8})
	write := jute.LearnerRequest{Session: 5, Cxid: 6, Type: jute.OpSetData}
	w.Hears(10, ensemble.AppendRequest(nil, &write))
	w.Hears(9, ensemble.AppendRequest(nil, &write))
	for i, want := range []int{0, 8, 7, 3} {
		h := jute.TxnHeader{ClientID: 5, Cxid: 6, Zxid: 2<<32 | jute.Zxid(i)}
		if i == 0 {
			h.Zxid = 1<<32 | 9 // from the log of another leader
		}
		if from := w.Origin(&h); from != want {
			t.Errorf("%v comes from %d, and not from %d", h.Zxid, from, want)
		}
	}
}
