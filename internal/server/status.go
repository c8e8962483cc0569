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
	"quoll/processor/session"
	"quoll/processor/tell"
	"quoll/reactor"
	"quoll/reactor/door"
)

// dumpPatience bounds how long the word dump waits for the core.
const dumpPatience = 5 * time.Second

// status is what the core tells of its table of sessions. How many there are is told after each
// tick; when they end costs a look at each, and is told to who asks.
type status struct {
	core  *core
	clock clock
	count atomic.Int64
	local atomic.Int64 // how many of them are local

	// gathering is the core's, while somebody waits.
	gathering *session.Deadlines

	mu      sync.Mutex
	latest  admin.Sessions     // the last that was told with deadlines
	told    *session.Deadlines // those of latest, not yet in order; nil: they are
	waiting chan struct{}      // closed when latest is told anew; nil: nobody waits
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
		s.core.tick() // the next part; requests come in between
		return
	}
	s.latest, s.told = admin.Sessions{
		Count: sessions.Len(), Locals: sessions.Locals(), WallMillis: s.clock.now().WallMillis,
	}, s.gathering
	s.gathering = nil
	close(s.waiting)
	s.waiting = nil
}

// sessionsPerTick is how many sessions the core looks at in one go for the word dump.
const sessionsPerTick = 8192

// sessions is for any goroutine but the core.
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
	s.core.tick()
	patience := time.NewTimer(dumpPatience)
	defer patience.Stop()
	select {
	case <-told:
	case <-s.core.done:
	case <-patience.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told != nil { // here and not on the core: it takes a while to put them in order
		s.latest.Deadlines, s.told = s.told.List(), nil
	}
	return s.latest
}

// outlook is everything by which the server is seen from outside: words, metrics, audit log.
type outlook struct {
	status  status
	metrics *metrics.Server
	applied *applied
	clients *clientlog.Log
	doors   reactor.Stats
	aside   aside        // long answers to words
	port    atomic.Int32 // the client port, when it is known
	served  bool         // clients could connect; only Run knows

	flushes struct{ time, flush, batch *metrics.Recorder } // the log writer's
	shots   *metrics.Recorder                              // of one snapshot at a time
}

// openOutlook starts the audit log and the log of clients; nothing else of it runs by itself.
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

// answerWords ties the words to what was assembled.
func (s *Server) answerWords() {
	o := s.outlook
	o.status.core, o.status.clock = s.core, s.clock
	s.core.stepping = o.applied.at
	s.core.published = func(r *replica.Replica) {
		o.status.publish(r)
		s.faults.look(s.tree.Faults(), s.clock.monoMillis())
	}
	s.shared.Words = admin.New(admin.Deps{
		Config: s.cfg, Shared: s.shared, Metrics: o.metrics, Logger: s.logger.Named("4lw"),
		Version:    admin.Version(),
		WallMillis: func() int64 { return s.clock.now().WallMillis },
		Sessions:   o.status.sessions,
		Live:       s.live,
		Doors:      o.countDoors,
	})
}

// close writes what the logs still have.
func (o *outlook) close() error {
	o.clients.Close()
	return o.applied.audit.Close()
}

// turnedAway tells of connections that the reactor refuses (reactor.Config.Refused).
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

// listening notes the port that the kernel gave.
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

// live is what conf and dirs tell beside the configuration: two listings of directories.
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

// recovered notes how long the start took: the snapshot until loaded, the transactions since then.
func (o *outlook) recovered(begin, loaded time.Time, txns int) {
	end, disk := time.Now(), &o.metrics.Disk
	disk.InitTime.Recorder().Add(end.Sub(begin).Milliseconds())
	disk.StartupSnapLoadTime.Recorder().Add(loaded.Sub(begin).Milliseconds())
	disk.StartupTxnsLoaded.Recorder().Add(int64(txns))
	disk.StartupTxnsLoadTime.Recorder().Add(end.Sub(loaded).Milliseconds())
}

// flushed is for the log writer alone.
func (o *outlook) flushed(took time.Duration, txns int) {
	o.flushes.time.Add(took.Milliseconds())
	o.flushes.flush.Add(took.Milliseconds())
	if txns > 0 {
		o.flushes.batch.Add(int64(txns))
		o.metrics.Sync.Queued.Add(int64(txns))
	}
}

// snapshotTaken is for the walker alone.
func (o *outlook) snapshotTaken(took time.Duration, err error) {
	if err != nil {
		o.metrics.Disk.SnapshotErrors.Add(1)
		return
	}
	o.shots.Add(took.Milliseconds())
}

// overQuota counts by the first part of the path. Any goroutine.
func (o *outlook) overQuota(q *datatree.QuotaVerdict) {
	if q.Refused() {
		o.metrics.Namespaces.QuotaExceeded.Add(topNamespace(q.Prefix), 1)
	}
}
