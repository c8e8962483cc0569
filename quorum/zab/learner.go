package zab

import (
	"fmt"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// LearnerConfig is what a learner needs to know.
type LearnerConfig struct {
	Me       jute.PeerID
	Observer bool // it has no vote, and acknowledges no proposals
	// InitLimit is how long the leader may be silent until UPTODATE, and SyncLimit from then on
	// (initLimit and syncLimit times tickTime).
	InitLimit, SyncLimit time.Duration
	// EmptyFor is an epoch, or 0. To a leader of this epoch the learner says that it has no
	// history. It is what RejoinEmpty said when the last role ended, if the leader is the same.
	EmptyFor int64
	// InitialZxid is the counter in front of an epoch's first one, besides 0, that the log takes
	// (zookeeper.testingonly.initialZxid).
	InitialZxid int64
}

// Learner is a follower or an observer, from the moment when it is connected to its leader.
//
// A method that returns an error ends the role. The error says why, and wraps one of the errors of
// this package. Afterwards only Standing, RejoinEmpty and Cancel are called.
//
// Invariants:
//
//   - Each proposal of the leader is in the log or on its way there, and is applied when it is
//     committed. Only a start applies what may not be committed: the end of the log.
//   - A proposal is acknowledged once, in order, when it is on this server's disk.
//   - What was acknowledged to this leader does not leave the disk, whatever the leader sends
//     again.
type Learner struct {
	config   LearnerConfig
	standing Standing // without Last, which is that of the history
	history  *history.History
	out      *effects.Pending
	link     effects.LinkID

	phase phase
	first ensemble.PacketType // how the history came: DIFF, TRUNC or SNAP; 0: not yet
	epoch int64               // of the leader; 0 until LEADERINFO
	// syncsByQuorum: the leader asks a quorum for each sync, as it says in LEADERINFO.
	syncsByQuorum bool
	ticket        effects.Ticket // of the epoch that is on its way to disk
	heardAt       time.Duration  // when the leader was heard, or had no cause to speak

	// inbox holds the packets that came while the learner waits for a job. The packet for whose
	// sake it waits may be the first one, to be handled again.
	inbox  []ensemble.QuorumPacket
	wait   wait
	paused bool // nothing is read from the leader

	sync   syncing
	log    logging
	asked  questions
	served bool  // Serve is delivered
	rejoin int64 // see RejoinEmpty
}

// phase is how far a learner has come.
type phase uint8

const (
	discovery phase = iota // FOLLOWERINFO has left, LEADERINFO comes
	accepting              // the accepted epoch is on its way to disk
	choosing               // ACKEPOCH has left, DIFF, TRUNC or SNAP comes
	syncs                  // the history comes, and behind it NEWLEADER
	entering               // the history and the current epoch are on their way to disk
	entered                // NEWLEADER is acknowledged, UPTODATE comes
	following              // UPTODATE is there
)

// wait is the job that a learner waits for. While it does, packets stay in its inbox.
type wait struct {
	kind       effects.JobKind // 0: it waits for nothing
	generation uint64
}

// loading is the kind of the wait for the disk's Load, which is no job.
const loading effects.JobKind = 255

// NewLearner begins the role of a learner on a connection to its leader. s is what the server has,
// h the end of its log, all of it durable. The tree has applied nothing that is not in the log.
func NewLearner(c LearnerConfig, s Standing, h *history.History, out *effects.Pending,
	link effects.LinkID, now time.Duration) *Learner {
	if s.Applied > h.Last() {
		panic(fmt.Sprintf("zab: the tree is at %v, the log at %v", s.Applied, h.Last()))
	}
	l := &Learner{config: c, standing: s, history: h, out: out, link: link, heardAt: now}
	l.log.durable = h.Last()
	out.Tell(effects.Delivery{Kind: effects.Follow})
	info, kind := ensemble.LearnerInfo{
		ServerID: c.Me, ProtocolVersion: ensemble.LearnerProtocol,
	}, ensemble.PacketFollowerInfo
	if c.Observer {
		kind = ensemble.PacketObserverInfo
	}
	appendRecord(out.To(link), kind, jute.Zxid(s.Accepted<<32), &info)
	return l
}

// Standing is what the server has when everything that was asked of the disk is durable.
func (l *Learner) Standing() Standing {
	s := l.standing
	s.Last = l.history.Last()
	return s
}

// Epoch is the leader's, 0 until it is known.
func (l *Learner) Epoch() int64 { return l.epoch }

// SyncsByQuorum reports that the leader has said that it asks a quorum for each sync.
func (l *Learner) SyncsByQuorum() bool { return l.syncsByQuorum }

// First is how the leader's history came: by DIFF, TRUNC or SNAP; 0 before that is known.
func (l *Learner) First() ensemble.PacketType { return l.first }

// Established reports that the leader's reign stands and that this learner is part of it.
func (l *Learner) Established() bool { return l.phase == following }

// RejoinEmpty tells, after an ErrTree, the epoch of the leader that can help only with its tree.
// The learner comes back to it with EmptyFor. To everybody else it has the history that it has,
// which stands until the leader's tree is on disk in its place.
func (l *Learner) RejoinEmpty() (epoch int64, ok bool) { return l.rejoin, l.rejoin > 0 }

// Link takes an event of a connection. Events of other connections are ignored.
func (l *Learner) Link(now time.Duration, ev *effects.LinkEvent) error {
	if ev.Link != l.link {
		return nil
	}
	switch ev.Kind {
	case effects.Closed:
		if ev.Err != nil {
			return l.end(fmt.Errorf("%w: %w", ErrClosed, ev.Err))
		}
		return l.end(ErrClosed)
	case effects.Packet:
		l.heardAt = now // what leaves for the leader says nothing about it
		p, err := readPacket(ev.Data)
		if err != nil {
			return l.end(err)
		}
		l.inbox = append(l.inbox, p)
		return l.end(l.handleInbox())
	}
	return nil
}

// Job takes the end of a job. That of a job that nobody waits for is ignored.
func (l *Learner) Job(now time.Duration, d *effects.JobDone) error {
	if l.wait.kind == 0 || d.Generation != l.wait.generation {
		return nil
	}
	l.heardAt = now
	if err := l.jobDone(d); err != nil {
		return l.end(err)
	}
	return l.end(l.handleInbox())
}

// Durable says that all operations of the disk up to a ticket are done.
func (l *Learner) Durable(now time.Duration, ticket effects.Ticket) error {
	l.log.flushed(ticket)
	switch {
	case l.phase == accepting && ticket >= l.ticket:
		l.heardAt = now
		l.ackEpoch(int32(l.standing.Current))
	case l.phase == entering && ticket >= l.ticket:
		l.heardAt = now
		l.phase = entered
		l.ack(jute.Zxid(l.epoch << 32))
	case l.phase == following:
		l.acknowledge()
	}
	l.throttle()
	return nil
}

// Tick tells the time. The leader need not speak while the learner is busy with itself.
func (l *Learner) Tick(now time.Duration) error {
	limit := l.config.InitLimit
	if l.phase == following {
		limit = l.config.SyncLimit
	}
	if l.wait.kind != 0 || l.paused || l.phase == accepting || l.phase == entering {
		l.heardAt = now
	}
	if now-l.heardAt >= limit {
		return l.end(fmt.Errorf("%w: the leader, for %v", ErrTimeout, limit))
	}
	return nil
}

// handleInbox handles packets until one makes the learner wait.
func (l *Learner) handleInbox() error {
	n := 0
	for n < len(l.inbox) && l.wait.kind == 0 {
		again, err := l.packet(&l.inbox[n])
		if err != nil {
			return err
		}
		if !again {
			n++
		}
	}
	left := copy(l.inbox, l.inbox[n:])
	clear(l.inbox[left:])
	l.inbox = l.inbox[:left]
	l.throttle()
	return nil
}

// packet handles one packet. With again it is to be handled once more, perhaps when the job is done
// that the learner waits for.
func (l *Learner) packet(p *ensemble.QuorumPacket) (again bool, err error) {
	switch {
	case l.phase == discovery && p.Type == ensemble.PacketLeaderInfo:
		return false, l.leaderInfo(p)
	case l.phase == choosing:
		return false, l.choose(p)
	case l.phase < syncs:
		return false, l.misplaced(p)
	}
	switch p.Type {
	case ensemble.PacketProposal, ensemble.PacketInform, ensemble.PacketInformAndActivate:
		return l.proposal(p)
	case ensemble.PacketCommit, ensemble.PacketCommitAndActivate:
		return false, l.commit(p)
	case ensemble.PacketNewLeader:
		return l.newLeader(p)
	case ensemble.PacketUpToDate:
		return false, l.upToDate(p)
	case ensemble.PacketPing:
		l.ping(p)
		return false, nil
	case ensemble.PacketSync:
		return false, l.synced(p)
	case ensemble.PacketRevalidate:
		return false, l.revalidated(p)
	}
	return false, l.misplaced(p)
}

func (l *Learner) misplaced(p *ensemble.QuorumPacket) error {
	return fmt.Errorf("%w: %v %v", ErrProtocol, p.Type, p.Zxid)
}

// start starts a job and waits for it.
func (l *Learner) start(j effects.Job) {
	l.wait = wait{kind: j.Kind, generation: l.out.Start(j)}
}

// end gives up the job that the learner waits for when an error ends the role.
func (l *Learner) end(err error) error {
	if err != nil {
		l.Cancel()
	}
	return err
}

// Cancel gives up the job that the learner waits for. It is called when the role ends, also when
// that is not because of an error of the learner's.
func (l *Learner) Cancel() {
	if l.wait.kind != 0 && l.wait.kind != loading {
		l.out.Again(effects.Job{Kind: effects.Cancel, Generation: l.wait.generation})
		l.wait = wait{}
	}
}

// throttle stops reading from the leader while the learner waits for a job or has too much that is
// not on disk. It does not while a tree is read from the connection: that stops by itself.
func (l *Learner) throttle() {
	full := l.log.bytes > maxUnflushed || l.paused && l.log.bytes > maxUnflushed/2
	pause := full || l.wait.kind != 0 && l.wait.kind != effects.BuildTree
	if pause == l.paused {
		return
	}
	l.paused = pause
	kind := effects.Resume
	if pause {
		kind = effects.Pause
	}
	l.out.Link(effects.LinkOp{Kind: kind, Link: l.link})
}
