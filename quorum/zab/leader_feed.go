package zab

import (
	"fmt"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// sender puts packets for one connection into the effects.
type sender struct {
	p      *peer
	out    *[]byte
	window int
}

func (le *Leader) to(p *peer) sender { return sender{p, le.out.To(p.link), le.config.Window} }

// Send appends a packet.
func (s sender) Send(t ensemble.PacketType, zxid jute.Zxid, data []byte) {
	before := len(*s.out)
	appendPacket(s.out, t, zxid, data)
	s.p.onWay += len(*s.out) - before
}

// Full reports that a window is on its way.
func (s sender) Full() bool { return s.p.onWay >= s.window }

func (le *Leader) send(p *peer, t ensemble.PacketType, zxid jute.Zxid, data []byte) {
	le.to(p).Send(t, zxid, data)
}

func (le *Leader) sendRecord(p *peer, t ensemble.PacketType, zxid jute.Zxid, r jute.Record) {
	out := le.out.To(p.link)
	before := len(*out)
	appendRecord(out, t, zxid, r)
	p.onWay += len(*out) - before
}

// wrote notes that bytes have left, and sends more.
func (le *Leader) wrote(p *peer, bytes int) {
	p.watch.heard(le.now)
	// The bytes of a tree are told too, and were not counted.
	p.onWay = max(0, p.onWay-bytes)
	le.feed(p)
}

// feed sends a learner what it may have by now, as far as its connection takes it.
func (le *Leader) feed(p *peer) {
	if p.stage < peerSyncs || p.stage == peerLeft {
		return
	}
	if err := p.cursor.Feed(&le.log, le.to(p), le.out, le.now); err != nil {
		le.lostLog(p, err)
		return
	}
	if p.stage == peerSyncs && p.cursor.AtGoal() {
		le.sendNewLeader(p)
	}
}

// sendNewLeader says that the history is complete.
func (le *Leader) sendNewLeader(p *peer) {
	if record := le.synced.Of(p.sid); record.Unsure {
		// An Apache learner writes a snapshot at NEWLEADER, and logs what comes behind.
		record.Took = max(record.Took, p.cursor.Told())
	}
	p.stage = peerEnters
	p.cursor.Enter()
	le.send(p, ensemble.PacketNewLeader, jute.Zxid(le.reign.epoch<<32), le.config.Text)
}

// lostLog gives up a learner whose history the log does not give. When it is back it gets a SNAP.
// It looks for a leader meanwhile, and may be the one that this reign needs in order to stand: then
// the reign ends, so that they meet again in the next one.
func (le *Leader) lostLog(p *peer, err error) {
	le.synced.Of(p.sid).Unsure = true
	le.log.History.NoteHole(p.cursor.Sent())
	err = fmt.Errorf("server %d cannot be sent the log behind %v: %w", p.sid, p.cursor.Sent(), err)
	le.drop(p, err)
	if !le.Established() {
		le.broken = fmt.Errorf("%w: %w", ErrLog, err)
	}
}

// feedStarved feeds those who wait for what is durable now.
func (le *Leader) feedStarved() {
	for _, p := range le.peers {
		if p.cursor.Starves(&le.log) {
			le.feed(p)
		}
	}
}
