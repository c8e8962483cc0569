package witness

import (
	"testing"

	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/jute/ensemble"
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
