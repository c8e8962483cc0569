package witness

import (
	"quoll/internal/sim/lease"
	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// Says is what a member tells others of its disk.
type Says struct {
	Kind    Kind
	Zxid    jute.Zxid
	Epoch   int64 // accepted, of a promise
	Current int64 // epoch
}

// Kind is what is said.
type Kind uint8

// What a member says.
const (
	// Ack: everything up to Zxid is on its disk. With counter 0 the epoch is current, too.
	Ack Kind = iota + 1
	// Promise: it follows no leader of an epoch below Epoch; its history ends with Zxid, of
	// Current.
	Promise
	// Vote: it votes for itself, with Zxid and Current.
	Vote
	// Lead: it makes its history that of Epoch.
	Lead
)

// Config is what a witness must know.
type Config struct {
	World  *world.World
	Node   int          // its number
	Millis func() int64 // the member's monotonic clock
	Leases *lease.Book  // of the member's own clients
	Said   func(Says)
}

// Witness looks at the ports of one life of a member.
type Witness struct {
	Config
	// offered is the epoch of the LEADERINFO that came by each link.
	offered map[effects.LinkID]int64
	leader  effects.LinkID // the link by which it last asked for a leader
	told    int64          // ms: when it last told its leader which sessions it has heard
	place   place
	// learners are the links of a leader whose learners are on their way, with the mode of each:
	// SNAP, unless another one was said.
	learners map[effects.LinkID]string
	hearsay  map[claim]bool // what others say of the member, in their votes for it
	touches
	requests
}

// New makes the witness of a life.
func New(c Config) *Witness {
	return &Witness{
		Config: c, offered: map[effects.LinkID]int64{}, learners: map[effects.LinkID]string{},
		hearsay:  map[claim]bool{},
		requests: requests{from: map[effects.LinkID]int{}, waiting: map[name][]effects.LinkID{}},
		touches: touches{
			asked: map[jute.SessionID]int32{}, moved: map[jute.SessionID]int64{},
			owners: map[jute.SessionID]effects.LinkID{},
		},
	}
}

// Gone: a link has ended.
func (w *Witness) Gone(link effects.LinkID) {
	delete(w.offered, link)
	delete(w.learners, link)
	w.over = append(w.over, link)
}

// Hears looks at a packet that arrives.
func (w *Witness) Hears(link effects.LinkID, data []byte) {
	var q ensemble.QuorumPacket
	if _, err := jute.Decode(data, &q); err != nil {
		return // the member finds out
	}
	w.World.Note("node %d, link %d: hears %v %v", w.Node, link, q.Type, q.Zxid)
	w.passed(link, &q, " heard")
	switch q.Type {
	case ensemble.PacketLeaderInfo:
		w.offered[link] = q.Zxid.Epoch()
	case ensemble.PacketAckEpoch:
		w.learners[link] = ensemble.PacketSnap.String()
	case ensemble.PacketPing:
		w.touched(link, &q)
	case ensemble.PacketFollowerInfo, ensemble.PacketObserverInfo:
		var r ensemble.LearnerInfo
		if _, err := jute.Decode(q.Data, &r); err == nil {
			w.from[link] = int(r.ServerID)
		}
	case ensemble.PacketRequest:
		w.request(link, &q)
	case ensemble.PacketRevalidate:
		var r jute.SessionTimeout
		if used, err := jute.Decode(q.Data, &r); err == nil && used == len(q.Data) {
			w.asked[r.Session] = r.TimeOut
		}
	}
}

// Sends looks at packets that leave, one behind the other.
func (w *Witness) Sends(link effects.LinkID, data []byte) {
	for len(data) > 0 {
		var q ensemble.QuorumPacket
		used, err := jute.Decode(data, &q)
		if err != nil {
			w.World.Violate("node %d sends what is no packet: %v", w.Node, err)
			return
		}
		data = data[used:]
		w.World.Note("node %d, link %d: says %v %v", w.Node, link, q.Type, q.Zxid)
		w.passed(link, &q, " said")
		w.claims(link, &q)
	}
}

// claims finds out what a packet says of the disk.
func (w *Witness) claims(link effects.LinkID, q *ensemble.QuorumPacket) {
	switch q.Type {
	case ensemble.PacketAck:
		w.Said(Says{Kind: Ack, Zxid: q.Zxid})
	case ensemble.PacketAckEpoch:
		var r ensemble.CurrentEpoch
		_, _ = jute.Decode(q.Data, &r)
		w.Said(Says{
			Kind: Promise, Zxid: q.Zxid, Epoch: w.offered[link], Current: max(0, int64(r.Epoch)),
		})
	case ensemble.PacketNewLeader:
		w.Said(Says{Kind: Lead, Epoch: q.Zxid.Epoch()})
	case ensemble.PacketDiff, ensemble.PacketTrunc:
		w.learners[link] = q.Type.String()
	case ensemble.PacketUpToDate:
		delete(w.learners, link)
	case ensemble.PacketRevalidate:
		var r ensemble.Revalidated
		used, err := jute.Decode(q.Data, &r)
		if err == nil && used == len(q.Data) && r.Valid {
			w.Touch(r.Session, w.asked[r.Session])
			w.moved[r.Session], w.owners[r.Session] = w.Millis(), link
		}
	case ensemble.PacketPing:
		if link == w.leader {
			w.tells(q)
		}
	}
}

// Casts looks at a message of the election port that leaves. A vote for itself that the member has
// from another one is not its own claim. It may come from an earlier life, whose last transactions
// a TRUNC has cut; if it wins, the quorum's histories are compared (ACKEPOCH).
func (w *Witness) Casts(data []byte) {
	v, err := ballot(data)
	if v == nil {
		if err != nil {
			w.World.Violate("node %d sends a vote that cannot be read: %v", w.Node, err)
		}
		return
	}
	w.World.Note("node %d says %v, leader %d, %v, epoch %d, round %d", w.Node, v.State, v.Leader,
		v.Zxid, v.PeerEpoch, v.ElectionEpoch)
	claim := claim{v.Zxid, v.PeerEpoch}
	if v.State == ensemble.Looking && v.Leader == jute.PeerID(w.Node) && !w.hearsay[claim] {
		w.Said(Says{Kind: Vote, Zxid: v.Zxid, Current: v.PeerEpoch})
	}
}

// claim is what a vote says of the one for whom it is.
type claim struct {
	zxid  jute.Zxid
	epoch int64
}

// HearsVote looks at a message of the election port that arrives.
func (w *Witness) HearsVote(data []byte) {
	v, _ := ballot(data) // the member finds out what cannot be read
	if v != nil && v.State == ensemble.Looking && v.Leader == jute.PeerID(w.Node) {
		w.hearsay[claim{v.Zxid, v.PeerEpoch}] = true
	}
}

// ballot is the vote in a message of the election port; nil: it is a hello, or cannot be read.
func ballot(data []byte) (*ensemble.Notification, error) {
	const head = 4
	if len(data) <= head || data[0] == 0xff {
		return nil, nil
	}
	v := new(ensemble.Notification)
	if _, err := jute.Decode(data[head:], v); err != nil {
		return nil, err
	}
	return v, nil
}
