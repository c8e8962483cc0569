package zab

import (
	"math/rand/v2"
	"slices"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// puppet is the rest of the ensemble: one leader after the other, each as Apache's, and with what
// ours add to that. Whom else they hear decides chance, so anything may be committed at any time.
//
// Committed is what no leader may lose: a new one has it all, and perhaps some of what was
// outstanding.
type puppet struct {
	w *world
	r *rand.Rand

	epoch     int64
	log       []jute.Entry
	committed int // of log; until the reign stands all of it counts as committed
	applied   int // of these, by the leader itself
	reigns    bool
	ring      int // how many of the applied ones the leader has in memory
	truth     []jute.Entry
	histories map[int64][]jute.Entry // by epoch: what was committed in front of NEWLEADER
	first     int                    // the counter of its first transaction
	calm      bool                   // it does nothing by chance

	conn
}

// conn is the leader's side of a connection.
type conn struct {
	up      bool
	again   bool                // the learner had accepted the epoch before
	handled int                 // of world.sent
	queue   []packet            // to be sent
	forward bool                // what is proposed and committed is put into the queue
	snaps   bool                // the tree is being sent: NEWLEADER is to follow
	planned int                 // the part of the log that is applied when a SNAP begins
	mode    ensemble.PacketType // DIFF, TRUNC or SNAP
	acks    int                 // of (epoch, 0)
	crowned bool                // UPTODATE is in the queue
	// base is what UPTODATE commits, and told what the learner was told to be committed.
	base, told jute.Zxid
	open, owed []jute.Zxid // proposals sent and not committed; those to be acknowledged
	newLeader  bool        // NEWLEADER is sent
	upToDate   bool
	acked      []jute.Zxid
}

type packet struct {
	kind  ensemble.PacketType
	zxid  jute.Zxid
	entry *jute.Entry
}

func (p *puppet) push(kind ensemble.PacketType, zxid jute.Zxid, e *jute.Entry) {
	p.queue = append(p.queue, packet{kind, zxid, e})
}

// elect begins the next reign, with a history that has everything committed.
func (p *puppet) elect() {
	if p.reigns {
		p.truth = slices.Clone(p.log[:p.committed])
	}
	p.drop()
	p.epoch += 1 + p.r.Int64N(2)
	keep := len(p.truth)
	if len(p.log) > keep {
		keep += p.r.IntN(len(p.log) - keep + 1)
	}
	p.log = p.log[:keep:keep]
	p.committed, p.applied, p.reigns = len(p.log), len(p.log), false
	p.first = 1
	if p.r.IntN(10) == 0 {
		p.first = int(p.w.config.InitialZxid) + 1
	}
	p.w.say("leader of epoch %d: %s", p.epoch, names(p.log))
}

// drop ends the connection.
func (p *puppet) drop() {
	if p.up {
		p.w.say("the connection ends")
		p.w.do(func(l *Learner) error {
			return l.Link(p.w.now, &effects.LinkEvent{Kind: effects.Closed, Link: p.w.link})
		})
	}
	p.conn = conn{}
}

func (p *puppet) propose() {
	if !p.reigns || len(p.log)-p.committed > 5 {
		return
	}
	z := zx(p.epoch, p.first)
	if l := last(p.log); l.Epoch() == p.epoch {
		z = l + 1
	}
	e := txn(z, "")
	p.log = append(p.log, e)
	p.w.say("leader proposes %s", zname(z))
	if p.forward && !p.w.config.Observer {
		p.push(ensemble.PacketProposal, z, &e)
	}
}

func (p *puppet) commit() {
	if !p.reigns || p.committed == len(p.log) {
		return
	}
	e := p.log[p.committed]
	p.committed++
	p.w.say("leader commits %s", zname(e.Header.Zxid))
	if !p.forward {
		return
	}
	if p.w.config.Observer {
		p.push(ensemble.PacketInform, e.Header.Zxid, &e)
	} else {
		p.push(ensemble.PacketCommit, e.Header.Zxid, nil)
	}
}

func (p *puppet) apply() {
	if p.applied < p.committed {
		p.applied++
	}
}

// processed is Apache's lastProcessedZxid.
func (p *puppet) processed() jute.Zxid {
	if p.applied > 0 && last(p.log[:p.applied]).Epoch() == p.epoch {
		return last(p.log[:p.applied])
	}
	return zx(p.epoch, 0)
}

// hear handles what the learner has sent.
func (p *puppet) hear() {
	for p.up && p.handled < len(p.w.sent) {
		s := p.w.sent[p.handled]
		p.handled++
		switch s.Type {
		case ensemble.PacketFollowerInfo, ensemble.PacketObserverInfo:
			p.push(ensemble.PacketLeaderInfo, zx(p.epoch, 0), nil)
		case ensemble.PacketAckEpoch:
			var current ensemble.CurrentEpoch
			require.NoError(p.w.t, readData(&s, &current))
			require.Equal(p.w.t, p.epoch, p.w.disk.accepted, "the epoch is not promised on disk")
			require.Equal(p.w.t, p.again, current.Epoch == ensemble.AlreadyAccepted)
			p.plan(s.Zxid)
		case ensemble.PacketAck:
			p.hearAck(s.Zxid)
		case ensemble.PacketPing, ensemble.PacketRequest, ensemble.PacketRevalidate:
			require.Equal(p.w.t, 2, p.acks, "%v before UPTODATE was acknowledged", s.Type)
		default:
			require.Fail(p.w.t, "no packet of a learner", "%v", s.Type)
		}
	}
}

func (p *puppet) hearAck(z jute.Zxid) {
	t := p.w.t
	require.True(t, p.newLeader, "an acknowledgement before NEWLEADER")
	if p.acks < 2 {
		require.Equal(t, zx(p.epoch, 0), z)
		require.True(t, p.acks == 0 || p.upToDate)
		if p.acks == 0 {
			// Everything sent before is on disk, and the epoch.
			require.Equal(t, p.epoch, p.w.disk.current)
			p.w.keep(p.owed)
		}
		p.acks++
		return
	}
	require.False(t, p.w.config.Observer)
	p.acked = append(p.acked, z)
	require.LessOrEqual(t, len(p.acked), len(p.owed), "too many acknowledgements")
	require.Equal(t, p.owed[len(p.acked)-1], z, "out of order")
}

// entered: an epoch is on disk only when the history with which it begins is. Otherwise a server that
// lacks some of it would win elections.
func (p *puppet) entered(epoch int64) {
	history, ok := p.histories[epoch]
	require.True(p.w.t, ok, "the epoch is entered before NEWLEADER")
	have := p.w.disk.entries[:min(len(history), len(p.w.disk.entries))]
	if !sameEntries(history, have) {
		require.Fail(p.w.t, "the epoch is entered", "with %s", names(have))
	}
}

// deliver sends the first packet of the queue.
func (p *puppet) deliver() {
	if !p.up || len(p.queue) == 0 || p.w.building() {
		return
	}
	q := p.queue[0]
	p.queue = p.queue[1:]
	var data []byte
	p.w.say("<- %v %s", q.kind, zname(q.zxid))
	switch q.kind {
	case ensemble.PacketLeaderInfo:
		data = jute.Append(nil, &ensemble.ProtocolVersion{Version: ensemble.LearnerProtocol})
		if p.again = p.epoch == p.w.disk.accepted; !p.again {
			p.w.forget() // an other leader decides what stays
		}
	case ensemble.PacketProposal:
		data = q.entry.Payload
		p.open = append(p.open, q.zxid)
		if p.newLeader {
			p.owed = append(p.owed, q.zxid)
		}
	case ensemble.PacketInform:
		data = q.entry.Payload
		p.told = q.zxid
	case ensemble.PacketCommit:
		require.Equal(p.w.t, p.open[0], q.zxid)
		p.open = p.open[1:]
		p.told = q.zxid
	case ensemble.PacketNewLeader:
		p.newLeader = true
		if p.histories == nil {
			p.histories = map[int64][]jute.Entry{}
		}
		p.histories[p.epoch] = p.log[:p.index(max(p.told, p.base))]
		p.owed = slices.Clone(p.open)
	case ensemble.PacketUpToDate:
		p.upToDate = true
		p.told = max(p.told, p.base)
	case ensemble.PacketSnap:
		p.w.snapAt = q.zxid
	}
	p.w.receive(q.kind, q.zxid, data)
}

// step lets something happen at the leader.
func (p *puppet) step() {
	switch p.r.IntN(8) {
	case 0, 1:
		p.propose()
	case 2, 3:
		p.commit()
	case 4:
		p.apply()
	case 5:
		if !p.reigns && p.r.IntN(3) == 0 {
			p.reigns = true
			p.w.say("the reign stands")
		}
	case 6:
		if p.forward && !p.snaps {
			p.push(ensemble.PacketPing, last(p.log), nil)
		}
	}
	p.crown()
}

// crown tells the learner that the reign stands. The leader has applied by then what was committed
// before the learner came.
func (p *puppet) crown() {
	if p.reigns && p.acks > 0 && !p.crowned {
		p.crowned, p.applied = true, p.committed
		p.push(ensemble.PacketUpToDate, -1, nil)
	}
}
