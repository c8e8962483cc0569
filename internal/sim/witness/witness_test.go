package witness

import (
	"testing"

	"quoll/internal/sim/lease"
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

// write is a request of a learner.
//
// read-only: a packet.
var write = ensemble.AppendRequest(nil,
	&jute.LearnerRequest{Session: 5, Cxid: 6, Type: jute.OpSetData})

// leader is the witness of server 3, which leads in epoch 2. Link 9 is that of server 7, and 10 that
// of server 8.
func leader(t *testing.T) *Witness {
	t.Helper()
	w := New(Config{World: world.New(1, nil), Node: 3})
	for link, id := range map[effects.LinkID]jute.PeerID{9: 7, 10: 8} {
		info := jute.Append(nil, &ensemble.LearnerInfo{ServerID: id})
		w.Hears(link, jute.Append(nil,
			&ensemble.QuorumPacket{Type: ensemble.PacketFollowerInfo, Data: info}))
	}
	w.Leads(2)
	return w
}

// TestTheOriginBehindALinkThatEnded: a leader forgets what a link that ends has brought, and that it
// has not looked at. The same request may come by another one.
func TestTheOriginBehindALinkThatEnded(t *testing.T) {
	w := leader(t)
	w.Hears(10, write)
	w.Hears(10, write)
	w.Gone(10)
	h := jute.TxnHeader{ClientID: 5, Cxid: 6, Zxid: 2<<32 | 1}
	if from := w.Origin(&h); from != 8 {
		t.Errorf("what came before the end, in the same step, comes from %d", from)
	}
	w.Stepped()
	w.Hears(9, write)
	w.Stepped()
	if from := w.Origin(&h); from != 7 {
		t.Errorf("what another one brought comes from %d", from)
	}
}

// TestTheOriginOfWhatEndsAReign: a leader may propose and end its reign in one step. What it
// proposes then has come from a learner all the same (seed 91005251).
func TestTheOriginOfWhatEndsAReign(t *testing.T) {
	w := leader(t)
	w.Hears(10, write)
	w.Hears(9, write)
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

// TestAnyLearnersWordIsASignOfLife: who has a session decides its timeout, and anybody may have heard
// it. What a connection of the leader gave later counts as well.
func TestAnyLearnersWordIsASignOfLife(t *testing.T) {
	now := int64(100)
	book := lease.NewBook(lease.Rules{TickMillis: 100, IntervalMillis: 10}, now)
	w := New(Config{
		World: world.New(1, nil), Node: 3, Millis: func() int64 { return now }, Leases: book,
	})
	w.Reigns()
	heard := func(link effects.LinkID, timeout int32) {
		body := jute.Append(nil, &ensemble.Touches{
			Sessions: []jute.SessionTimeout{{Session: 5, TimeOut: timeout}},
		})
		w.Hears(link, jute.Append(nil,
			&ensemble.QuorumPacket{Type: ensemble.PacketPing, Data: body}))
	}
	expect := func(at int64, timeout int32) {
		t.Helper()
		if x := w.Expiry(5, 9000, 1000); x.Heard != at || x.Timeout != timeout {
			t.Errorf("heard at %d, timeout %d; not at %d, %d", x.Heard, x.Timeout, at, timeout)
		}
	}
	expect(100, 1000)
	w.Touch(5, 4000)
	w.owners[5] = 9
	expect(100, 4000)
	now = 3000
	heard(10, 5000)
	expect(2990, 4000)
	now = 3500
	heard(10, 2000)
	expect(3490, 2000)
	now = 4000
	heard(9, 4000)
	expect(4000, 4000)
	w.Reigns()
	expect(4000, 1000)
}
