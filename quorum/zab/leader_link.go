package zab

import (
	"fmt"
	"slices"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/cursor"
	"quoll/quorum/zab/intake"
	"quoll/quorum/zab/rounds"
)

// peer is one connection of a leader, and the server at its other end. It is Apache's
// LearnerHandler.
type peer struct {
	link     effects.LinkID
	sid      jute.PeerID
	observer bool
	voter    bool // it came as a follower, and its vote counts
	stage    peerStage
	first    ensemble.PacketType // what it was sent first: DIFF, TRUNC or SNAP; 0: nothing yet

	last   jute.Zxid // of its log, as it joined
	below  bool      // it is sent a SNAP of less than that
	cursor cursor.Cursor
	onWay  int    // bytes that have not left this server
	stream uint64 // the job StreamTree that writes to the connection; 0: none
	intake intake.Intake
	pings  rounds.Link
	watch  watch
}

// peerStage is how far a connection has come.
type peerStage uint8

const (
	peerGreets   peerStage = iota // FOLLOWERINFO or OBSERVERINFO must come
	peerJoins                     // it has come; LEADERINFO leaves when there is an epoch
	peerPromises                  // LEADERINFO has left, ACKEPOCH must come
	peerWaits                     // it has come, but not yet that of a quorum
	peerAsks                      // the log is asked what it has
	peerStreams                   // the job StreamTree writes to the connection
	peerSyncs                     // DIFF, TRUNC or SNAP has left, the history leaves
	peerEnters                    // NEWLEADER has left, its ACK must come
	peerHas                       // it has come; UPTODATE leaves when the reign stands
	peerServed                    // UPTODATE has left
	peerLeft                      // the connection does not count any more
)

// maxGreeting is how many connections may be open that have not said who they are; the oldest makes
// room.
const maxGreeting = 128

// begin is called first by whatever tells the time.
func (le *Leader) begin(now time.Duration) {
	le.now = now
	le.releaseHeld()
}

// Link takes an event of a connection.
func (le *Leader) Link(now time.Duration, ev *effects.LinkEvent) error {
	le.begin(now)
	if ev.Kind == effects.Accepted {
		le.accept(ev.Link)
		return nil
	}
	p := le.peer(ev.Link)
	if p == nil {
		return nil // it was closed here before it heard of that
	}
	var err error
	switch ev.Kind {
	case effects.Packet:
		err = le.packet(p, ev.Data)
	case effects.Wrote:
		le.wrote(p, ev.Bytes)
	case effects.Closed:
		le.remove(p, p.ended(ev.Err))
	}
	if err != nil {
		return err
	}
	return le.verdict()
}

// ended tells why a connection has ended by itself. nil: somebody has looked whether there is a
// port, and has left without a word.
func (p *peer) ended(why error) error {
	if why == nil && p.stage == peerGreets {
		return nil
	}
	if why == nil {
		return fmt.Errorf("%w: of server %d", ErrClosed, p.sid)
	}
	return fmt.Errorf("%w: %w: of server %d", ErrClosed, why, p.sid)
}

func (le *Leader) peer(link effects.LinkID) *peer {
	for _, p := range le.peers {
		if p.link == link {
			return p
		}
	}
	return nil
}

func (le *Leader) accept(link effects.LinkID) {
	var oldest *peer
	greeting := 0
	for _, p := range le.peers {
		if p.stage != peerGreets {
			continue
		}
		if greeting == 0 {
			oldest = p
		}
		greeting++
	}
	p := &peer{link: link}
	p.watch.begin(le.now, le.config.InitLimit+le.config.SyncLimit)
	le.peers = append(slices.Clip(le.peers), p)
	if greeting >= maxGreeting {
		le.drop(oldest, fmt.Errorf("%w: %d connections have not said who they are", ErrProtocol,
			greeting))
	}
}

// drop closes a connection because of an error. It returns nil: the role goes on.
func (le *Leader) drop(p *peer, err error) error {
	if p.stage != peerLeft {
		le.out.Link(effects.LinkOp{Kind: effects.Close, Link: p.link})
		le.remove(p, err)
	}
	return nil
}

// remove forgets a connection, and with it what was acknowledged over it. An err is told.
func (le *Leader) remove(p *peer, err error) {
	le.cancel(p)
	if p.stage == peerServed {
		le.out.Tell(effects.Delivery{Kind: effects.LinkGone, Link: p.link})
	}
	p.stage = peerLeft
	others := make([]*peer, 0, len(le.peers))
	for _, other := range le.peers {
		if other != p {
			others = append(others, other)
		}
	}
	le.peers = others
	if err != nil && len(le.gone) < maxGone {
		le.gone = append(le.gone, err)
	}
}

// Cancel gives up the jobs of all connections. It is called when the role ends: the log that is
// read for a learner would stay open, because nobody asks for more of it.
func (le *Leader) Cancel() {
	for _, p := range le.peers {
		le.cancel(p)
	}
}

// cancel gives up the jobs of a connection.
func (le *Leader) cancel(p *peer) {
	p.cursor.CloseLog(le.out)
	if p.stream != 0 {
		le.out.Again(effects.Job{Kind: effects.Cancel, Generation: p.stream})
		p.stream = 0
	}
}

// maxGone is how many reasons of ended connections are kept until they are asked for.
const maxGone = 64

// packet handles a packet by the stage of its connection.
func (le *Leader) packet(p *peer, data []byte) error {
	q, err := readPacket(data)
	if err != nil {
		return le.drop(p, err)
	}
	p.watch.heard(le.now)
	switch p.stage {
	case peerGreets:
		return le.takeInfo(p, &q)
	case peerPromises:
		return le.takeAckEpoch(p, &q)
	case peerEnters:
		return le.takeNewLeaderAck(p, &q)
	case peerServed:
		p.watch.syncedUntil = le.now + le.config.SyncLimit
		return le.takeServed(p, &q, len(data))
	}
	return le.drop(p, fmt.Errorf("%w: %v from server %d, which must wait", ErrProtocol, q.Type,
		p.sid))
}

// takeServed handles a packet of a learner that is served.
func (le *Leader) takeServed(p *peer, q *ensemble.QuorumPacket, bytes int) error {
	switch q.Type {
	case ensemble.PacketAck:
		return le.takeAck(p, q)
	case ensemble.PacketPing:
		return le.takePing(p, q)
	case ensemble.PacketRevalidate:
		return le.takeRevalidate(p, q, bytes)
	case ensemble.PacketRequest:
		return le.takeRequest(p, q, bytes)
	}
	return le.drop(p, fmt.Errorf("%w: %v from server %d, which is served", ErrProtocol, q.Type,
		p.sid))
}
