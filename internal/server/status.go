package server

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"quoll/datatree"
	"quoll/internal/admin"
	"quoll/internal/clientlog"
	"quoll/internal/config"
	"quoll/internal/metrics"
	"quoll/internal/replica"
	"quoll/internal/server/roles"
	"quoll/jute"
	"quoll/processor/session"
	"quoll/processor/tell"
	"quoll/reactor"
	"quoll/reactor/door"
)

// dumpPatience bounds how long the word dump waits for the core.
const dumpPatience = 5 * time.Second

// status is what the core publishes about its table of sessions. It publishes the number of
// sessions after each tick. Their deadlines cost a look at each session, so it publishes them only
// on request.
type status struct {
	core  *core
	clock clock
	count atomic.Int64 // of all sessions
	local atomic.Int64 // of local sessions

	// gathering holds the deadlines so far while somebody waits for them. It belongs to the core.
	gathering *session.Deadlines

	mu      sync.Mutex         // guards the fields below
	latest  admin.Sessions     // the last sessions that were published with deadlines
	told    *session.Deadlines // the deadlines of latest, not in order yet; nil: they are in latest
	waiting chan struct{}      // closed when a new latest is published; nil: nobody waits
}

// publish is called by the core after a tick.
func (s *status) publish(r *replica.Replica) {
	sessions := r.Sessions()
	s.count.Store(int64(sessions.Len()))
	s.local.Store(int64(sessions.Locals()))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		return
	}
	if s.gathering == nil {
		s.gathering = new(session.Deadlines)
	}
	if sessions.DeadlinesPart(s.gathering, sessionsPerTick) {
		s.core.Tick() // the next tick looks at the next part, so requests come in between
		return
	}
	s.latest, s.told = admin.Sessions{
		Count: sessions.Len(), Locals: sessions.Locals(), WallMillis: s.clock.now().WallMillis,
	}, s.gathering
	s.gathering = nil
	close(s.waiting)
	s.waiting = nil
}

// sessionsPerTick is how many sessions the core looks at in one tick for the word dump.
const sessionsPerTick = 8192

// sessions returns the numbers of sessions, and with deadlines waits for the core to publish them.
// Any goroutine may call it that is not stepping.
func (s *status) sessions(deadlines bool) admin.Sessions {
	if !deadlines {
		return admin.Sessions{Count: int(s.count.Load()), Locals: int(s.local.Load())}
	}
	s.mu.Lock()
	told := s.waiting
	if told == nil {
		told = make(chan struct{})
		s.waiting = told
	}
	s.mu.Unlock()
	s.core.Tick()
	patience := time.NewTimer(dumpPatience)
	defer patience.Stop()
	select {
	case <-told:
	case <-s.core.Done():
	case <-patience.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told != nil { // sorting takes a while, so it is done here and not on the core
		s.latest.Deadlines, s.told = s.told.List(), nil
	}
	return s.latest
}

// outlook is everything that shows the server to the outside: words, metrics, audit log.
type outlook struct {
	status  status
	metrics *metrics.Server
	applied *applied
	clients *clientlog.Log
	doors   reactor.Stats
	aside   aside        // long answers to words
	port    atomic.Int32 // the client port; -1: not known yet
	served  bool         // clients could connect; belongs to the goroutine of Run

	flushes struct{ time, flush, batch *metrics.Recorder } // belong to the log writer
	shots   *metrics.Recorder                              // one snapshot at a time writes to it
}

// openOutlook makes the outlook, and starts the audit log and the log of clients. No other part of
// it has a goroutine.
func (s *Server) openOutlook() error {
	audit, err := admin.OpenAudit(s.cfg.Observability, s.logger)
	if err != nil {
		return fmt.Errorf("%w: %w", config.ErrInvalid, err)
	}
	level, err := zapcore.ParseLevel(s.cfg.Observability.LogSessions)
	if err != nil {
		return errors.Join(fmt.Errorf("%w: %w", config.ErrInvalid, err), audit.Close())
	}
	m := metrics.NewServer(metrics.NewRegistry())
	o := &outlook{metrics: m, applied: newApplied(m, audit)}
	o.clients = clientlog.Open(s.logger.Named("clients"), level)
	o.shots = m.Disk.SnapshotTime.Recorder()
	o.flushes.time = m.Disk.FsyncTime.Recorder()
	o.flushes.flush = m.Sync.FlushTime.Recorder()
	o.flushes.batch = m.Sync.BatchSize.Recorder()
	o.port.Store(-1)
	s.outlook = o
	return nil
}

// answerWords makes the four-letter words and connects them with the parts of the server.
func (s *Server) answerWords() {
	o := s.outlook
	o.status.core, o.status.clock = s.core, s.clock
	s.core.stepping = o.applied.at
	s.core.published = func(r *replica.Replica) {
		o.status.publish(r)
		s.faults.look(s.tree.Faults(), s.clock.monoMillis())
	}
	deps := admin.Deps{
		Config: s.cfg, Shared: s.shared, Metrics: o.metrics, Logger: s.logger.Named("4lw"),
		Version:    admin.Version(),
		WallMillis: func() int64 { return s.clock.now().WallMillis },
		Sessions:   o.status.sessions,
		Live:       s.live,
		Doors:      o.countDoors,
	}
	if s.cfg.Ensemble() {
		s.core.roles = roles.New(s.logger, jute.PeerID(s.cfg.Quorum.ServerID),
			s.cfg.Quorum.Members.Voters(), o.metrics)
		deps.Ensemble = s.core.roles.Published
	}
	s.shared.Words = admin.New(deps)
}

// close writes the pending lines of the audit log and the log of clients, and closes both.
func (o *outlook) close() error {
	o.clients.Close()
	return o.applied.audit.Close()
}

// turnedAway returns a function that logs a connection which the reactor has refused
// (reactor.Config.Refused).
func (o *outlook) turnedAway(limits *config.Network) func(door.Refusal, netip.AddrPort, error) {
	return func(why door.Refusal, remote netip.AddrPort, err error) {
		e := tell.Event{Kind: tell.NotAccepted, Peer: remote, Err: err}
		switch why {
		case door.ByAddress:
			e.Kind, e.A = tell.TooManyOfAddress, int64(limits.MaxPerAddress)
		case door.ByTotal:
			e.Kind, e.A = tell.TooManyConnections, int64(limits.MaxConnections)
		case door.ByDescriptors:
			e.Kind = tell.NoDescriptors
		}
		o.clients.Tell(e)
	}
}

// listening notes the port, which the kernel has chosen if clientPort is 0.
func (o *outlook) listening(at []netip.AddrPort) {
	if len(at) > 0 {
		o.port.Store(int32(at[0].Port()))
	}
}

func (o *outlook) countDoors() admin.Doors {
	d := &o.doors
	var rejected int64
	for i := range d.Refused {
		rejected += d.Refused[i].Load()
	}
	return admin.Doors{
		Rejected: rejected,
		Dropped:  d.Closed[reactor.ClosedByPeer].Load() + d.Closed[reactor.ClosedByError].Load(),
		Expired:  d.Closed[reactor.ClosedAtConnectDeadline].Load(),

		Unfinished:      d.Closed[reactor.ClosedUnfinished].Load(),
		UnfinishedBytes: d.InputBytes.Load(),
	}
}

// live returns what conf and dirs tell besides the configuration. It lists two directories.
func (s *Server) live() config.Live {
	return config.Live{
		ClientPort:   int(s.outlook.port.Load()),
		DataDirBytes: s.dirBytes(s.store.SnapDir()),
		LogDirBytes:  s.dirBytes(s.store.LogDir()),
	}
}

func (s *Server) dirBytes(dir string) (sum int64) {
	files, err := s.fs.ReadDir(dir)
	if err != nil {
		s.logger.Warn("cannot list a data directory", zap.String("dir", dir), zap.Error(err))
	}
	for _, f := range files {
		sum += f.Size
	}
	return sum
}

// recovered notes how long the start took: reading the snapshot from begin until loaded, replaying
// the transactions since then.
func (o *outlook) recovered(begin, loaded time.Time, txns int) {
	end, disk := time.Now(), &o.metrics.Disk
	disk.InitTime.Recorder().Add(end.Sub(begin).Milliseconds())
	disk.StartupSnapLoadTime.Recorder().Add(loaded.Sub(begin).Milliseconds())
	disk.StartupTxnsLoaded.Recorder().Add(int64(txns))
	disk.StartupTxnsLoadTime.Recorder().Add(end.Sub(loaded).Milliseconds())
}

// flushed counts a flush of the log. Only the log writer may call it.
func (o *outlook) flushed(took time.Duration, txns int) {
	o.flushes.time.Add(took.Milliseconds())
	o.flushes.flush.Add(took.Milliseconds())
	if txns > 0 {
		o.flushes.batch.Add(int64(txns))
		o.metrics.Sync.Queued.Add(int64(txns))
	}
}

// snapshotTaken counts a snapshot. Only the walker may call it.
func (o *outlook) snapshotTaken(took time.Duration, err error) {
	if err != nil {
		o.metrics.Disk.SnapshotErrors.Add(1)
		return
	}
	o.shots.Add(took.Milliseconds())
}

// overQuota counts a refused write by the first part of its path. Any goroutine may call it.
func (o *outlook) overQuota(q *datatree.QuotaVerdict) {
	if q.Refused() {
		o.metrics.Namespaces.QuotaExceeded.Add(topNamespace(q.Prefix), 1)
	}
}
