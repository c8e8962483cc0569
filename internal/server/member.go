package server

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"go.uber.org/zap"

	"quoll/datatree"
	"quoll/internal/config"
	"quoll/internal/replica"
	"quoll/internal/replica/restore"
	"quoll/internal/server/jobs"
	"quoll/internal/server/machine"
	"quoll/jute"
	"quoll/persistence/alone"
	"quoll/quorum"
	ensembleconfig "quoll/quorum/config"
	"quoll/quorum/effects"
	"quoll/quorum/election"
	"quoll/quorum/ports"
	"quoll/quorum/transport"
	"quoll/quorum/zab"
	"quoll/quorum/zab/history"
	"quoll/reactor"
)

// peerInterval is how often the peer of an ensemble is told the time.
const peerInterval = 10 * time.Millisecond

// tailBytes bounds the committed transactions that a member keeps in memory for its learners.
const tailBytes = 16 << 20

// snapshotNodeBytes is what a snapshot has of each node beside its path and data.
const snapshotNodeBytes = jute.StatPersistedBytes + 16

// member is what a member of an ensemble has beside a server alone. The core calls it (outside).
type member struct {
	s      *Server
	votes  *transport.Transport // the election port, which is open as long as the server runs
	quorum *transport.Transport // the quorum port, which is open while this server may lead
}

// Links implements outside.
func (m *member) Links(ops []effects.LinkOp) { ports.CarryOutLinks(m.quorum, ops) }

// Send implements outside.
func (m *member) Send(out []effects.Outgoing, calm bool) { ports.CarryOutSend(m.quorum, out, calm) }

// Votes implements outside.
func (m *member) Votes(votes *election.LinkEffects) {
	for i := range votes.Notes {
		n := &votes.Notes[i]
		m.s.core.roles.Noted(n, m.votes.Remote(transport.Link(n.Link)),
			m.votes.Remote(transport.Link(n.Old)), time.Now())
	}
	ports.CarryOutVotes(m.votes, votes)
}

// Job implements outside.
func (m *member) Job(job effects.Job) { m.s.jobs.Do(job) }

func (m *member) stop() {
	m.votes.Stop()
	m.quorum.Stop()
}

// asMember says what the disk has of a member. Only an empty directory gets a snapshot at once. Any
// other can hold transactions that are not committed, and no snapshot may make them last.
func (s *Server) asMember(found *restore.Found, tail *restore.Tail) (*onDisk, error) {
	err := alone.Forget(s.fs, s.store.SnapDir())
	if err != nil {
		return nil, err
	}
	epochs, err := s.store.Epochs()
	if err != nil {
		return nil, err
	}
	if found.Empty && found.LastZxid == 0 {
		err = s.firstSnapshot(found.Sessions)
	}
	if len(found.CopiedSidecar) > 0 {
		s.logger.Warn("this member's directory is a copy: if it is older than what the member has"+
			" acknowledged, start it only while all others are well; a quorum of such copies"+
			" outvotes a member that has more, and cuts it off",
			zap.String("directory", s.store.SnapDir()))
	}
	s.logger.Info("member of an ensemble", zap.Int64("myid", s.cfg.Quorum.ServerID),
		zap.Int64("accepted epoch", epochs.Accepted), zap.Int64("current epoch", epochs.Current),
		zap.Int("transactions in memory", len(tail.Entries())))
	entries := tail.Entries()
	if n := len(entries); n > 0 && entries[n-1].Header.Zxid != found.LastZxid {
		entries = nil // a snapshot is newer than the log
	}
	return &onDisk{sessions: found.Sessions, ensemble: &replica.Ensemble{
		Peer: peerConfig(s.cfg, s.snapshotBytes),
		Start: quorum.Start{
			Standing: zab.Standing{
				Accepted: epochs.Accepted, Current: epochs.Current,
				Last: found.LastZxid, Applied: found.LastZxid,
			},
			Tail: entries,
		},
		LeaderRefusesClients: !s.cfg.Quorum.LeaderServes,
	}}, err
}

// join makes what a member has beside a server alone, and listens at its election port. It adds to
// what jobs work on.
func (s *Server) join(ctx context.Context, work *jobs.Config) error {
	limits := portSettings(s.cfg)
	votes, links := ports.Election(limits), ports.Quorum(limits)
	votes.Sink = func(ev transport.Event) {
		vote := ports.ElectionEvent(ev)
		s.core.roles.Dialled(&vote)
		s.core.Vote(vote)
	}
	links.Sink = func(ev transport.Event) { s.core.Link(ports.QuorumEvent(ev)) }
	links.ListenFailed = func(at ensembleconfig.HostPort, err error) {
		s.logger.Warn("waiting for the port at which a leader is found by the others",
			zap.Stringer("at", at), zap.Error(notOurs(err)))
	}
	m := &member{s: s, votes: transport.New(votes), quorum: transport.New(links)}
	work.Trees = jobs.Trees{
		Quorum: m.quorum, New: s.newTree, MaxBytes: 3 * machine.OrQuarter(0),
		Pause: runtime.Gosched,
	}
	s.member, s.core.outside = m, m
	err := s.listenForVotes(ctx)
	if err != nil {
		m.stop()
	}
	return err
}

// listenForVotes listens at the election port.
func (s *Server) listenForVotes(ctx context.Context) error {
	me, _ := s.cfg.Quorum.Members.Member(jute.PeerID(s.cfg.Quorum.ServerID))
	for _, at := range ports.ListenElection(me, s.cfg.Quorum.ListenOnAllIPs) {
		if err := s.awaitElectionPort(ctx, at); err != nil {
			return fmt.Errorf("election port: %w", err)
		}
	}
	return nil
}

// awaitElectionPort tries again for as many seconds as electionPortBindRetry says, or for good. The
// name of a server can be known later than the server starts, and so can its address.
func (s *Server) awaitElectionPort(ctx context.Context, at ensembleconfig.HostPort) error {
	patience, begin := time.Duration(s.cfg.Quorum.Election.BindRetries)*time.Second, time.Now()
	for pause := portPatience / 20; ; pause = min(2*pause, portPatience) {
		_, err := s.member.votes.Listen(at)
		switch {
		case err == nil:
			return nil
		case patience > 0 && time.Since(begin)+pause > patience:
			return notOurs(err)
		case pause == portPatience/20:
			s.logger.Warn("waiting for the election port", zap.Stringer("at", at),
				zap.Error(notOurs(err)))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// notOurs adds what to do to an error of a port if this machine does not have the address.
func notOurs(err error) error {
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		return fmt.Errorf("%w: this machine does not have the address of its server line: is myid "+
			"that of another one? quorumListenOnAllIPs=true listens at all that it has", err)
	}
	return err
}

// tickPeer tells the peer the time until the server stops.
func (s *Server) tickPeer() {
	t := time.NewTicker(peerInterval)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			s.core.PeerTick()
		case <-s.serving.stopped:
			return
		}
	}
}

// snapshotBytes is about how large a snapshot of the tree is. The core calls it.
func (s *Server) snapshotBytes() int64 {
	v := s.tree.Peek()
	return v.ApproximateDataSize() + int64(v.NodeCount())*snapshotNodeBytes
}

func (s *Server) newTree() *datatree.Tree { return datatree.New(treeOptions(s.cfg)) }

// load reads the history from disk again, because some of it that the tree shows was cut away. The
// log writer calls it.
func (s *Server) load(generation uint64) error {
	begin := time.Now()
	done, err := restore.Load(s.fs, s.store, s.newTree(), generation)
	if err != nil {
		return err
	}
	s.logger.Info("the history was read again from disk", zap.Stringer("zxid", done.Zxid),
		zap.Duration("took", time.Since(begin)))
	s.outlook.metrics.Ensemble.Reloads.Add(1)
	s.core.JobDone(done)
	return nil
}

// tailLimits is how much of the log a member keeps in memory for its learners.
func tailLimits(c *config.Config) history.Limits {
	if !c.Ensemble() {
		return history.Limits{}
	}
	return history.Limits{Entries: c.Quorum.Sync.CommitLogCount, Bytes: tailBytes}
}

func ticks(c *config.Config, n int) time.Duration {
	return time.Duration(n) * c.Sessions.TickTime
}

func portSettings(c *config.Config) ports.Settings {
	q, e := &c.Quorum, &c.Quorum.Election
	accepted, _ := machine.ForPeers(c, reactor.Descriptors())
	return ports.Settings{
		MaxAccepted:   accepted,
		ConnectWithin: e.ConnectTimeout, HelloWithin: e.HelloTimeout, KeepAlive: e.TCPKeepAlive,
		Rules:     election.Rules{MinInterval: e.MinInterval, MaxInterval: e.MaxInterval},
		InitLimit: ticks(c, q.InitLimitTicks), SyncLimit: ticks(c, q.SyncLimitTicks),
		ConnectLimit: ticks(c, q.ConnectLimitTicks),
		MaxPacket:    maxRecordBytes(c),
	}
}

// peerConfig is what the peer needs to know. size tells about how large a snapshot of the tree is.
func peerConfig(c *config.Config, size func() int64) quorum.Config {
	q, me := &c.Quorum, jute.PeerID(c.Quorum.ServerID)
	limits := portSettings(c)
	self, _ := q.Members.Member(me)
	return quorum.Config{
		Me: me, Members: q.Members, Election: ports.Member(me, q.Members, limits),
		Listen: ports.ListenQuorum(self, q.ListenOnAllIPs),
		Zab: quorum.Zab{
			Tick: c.Sessions.TickTime, InitLimit: limits.InitLimit, SyncLimit: limits.SyncLimit,
			ConnectLimit: limits.ConnectLimit, RedialDelay: q.Election.RedialDelay,
			CommitLogCount: q.Sync.CommitLogCount, CommitLogBytes: tailBytes,
			SnapshotBytes:      size,
			SnapshotSizeFactor: q.Sync.SnapshotSizeFactor,
			ForceSnapshotSync:  q.Sync.ForceSnapshot, InitialZxid: q.Sync.InitialZxid,
			QuorumSync: q.QuorumSync,
		},
	}
}
