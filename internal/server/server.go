package server

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"

	"quoll/datatree"
	"quoll/internal/admin"
	"quoll/internal/config"
	"quoll/internal/replica"
	"quoll/internal/replica/logwriter"
	"quoll/internal/server/givingup"
	"quoll/internal/server/jobs"
	"quoll/internal/server/machine"
	"quoll/persistence"
	"quoll/persistence/owner"
	"quoll/processor/lane"
	"quoll/processor/mail"
	"quoll/processor/stats"
	"quoll/processor/tell"
	"quoll/processor/throttle"
	"quoll/reactor"
)

// drainTimeout bounds how long a stopping server waits for its clients to take their replies.
const drainTimeout = 3 * time.Second

// Server is a ZooKeeper server: alone, or a member of an ensemble.
type Server struct {
	cfg    *config.Config
	logger *zap.Logger
	fs     persistence.FS

	clock   clock
	store   *persistence.Dir
	tree    *datatree.Tree
	core    *core
	log     *logWriter
	jobs    *jobs.Runner
	member  *member // nil: the server is alone
	shared  *lane.Shared
	outlook *outlook
	alarms
	serving gate
	walkers sync.WaitGroup
	ticking sync.WaitGroup
	// failed ends when the server fails, also if it fails while it stops. Its cause is the error
	// that giveUp was called with.
	failed context.Context
	giveUp context.CancelCauseFunc

	own ownership

	// Listening is called with the addresses of the server as soon as clients can connect. It may
	// be nil, and must be set before Run.
	Listening func([]netip.AddrPort)
}

// New makes a server. It opens no file and no socket: Run does.
func New(cfg *config.Config, fs persistence.FS, logger *zap.Logger) *Server {
	made := owner.NewMade(fs)
	s := &Server{
		cfg: cfg, fs: made, logger: logger, clock: newClock(),
		serving: gate{stopped: make(chan struct{})},
		alarms:  alarms{faults: faultLog{logger: logger}}, own: ownership{made: made},
	}
	s.failed, s.giveUp = context.WithCancelCause(context.Background())
	return s
}

// Run recovers the data and serves until ctx ends. When it returns, everything that was
// acknowledged is on disk. An error of the log's disk ends Run at once, with an error that wraps
// persistence.ErrDisk. In this case, too, no write was acknowledged that is not durable.
func (s *Server) Run(ctx context.Context) error {
	if err := s.openOutlook(); err != nil {
		return err
	}
	err := s.run(ctx)
	if err != nil && !s.outlook.served {
		s.outlook.applied.audit.Started(true)
	}
	return errors.Join(err, s.outlook.close())
}

// AuditFailedStart writes to the audit log that a start failed before there was a server. o are the
// settings of the audit log that could be read. The error is about the audit log.
func AuditFailedStart(o config.Observability, logger *zap.Logger) error {
	audit, err := admin.OpenAudit(o, logger)
	if err != nil {
		return err
	}
	audit.Started(true)
	return audit.Close()
}

// run is Run while the audit log and the log of clients are open. Its order is: lock, bind and
// listen, read and judge, change. A start that ends before the change leaves every file as it was.
func (s *Server) run(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return s.asked(ctx, err)
	}
	defer s.letGo()
	s.assemble()
	handle := make(chan bound, 1)
	ended := make(chan error, 1)
	go func() { ended <- s.listen(ctx, handle) }()
	var door bound
	select {
	case door = <-handle:
	case err := <-ended:
		return s.asked(ctx, err)
	}
	found, err := s.restore(ctx)
	if err == nil {
		err = s.begin(ctx, found)
	}
	if err != nil {
		s.shut(door, ended)
		return s.asked(ctx, err)
	}
	s.core.Begin() // begins the first role; alone clients are served behind it
	go s.core.Run()
	go s.log.run()
	if s.Listening != nil {
		s.Listening(door.at)
	}
	s.outlook.served = true
	s.outlook.applied.audit.Started(false)
	s.ticking.Go(s.tick)
	if s.member != nil {
		s.ticking.Go(s.tickPeer)
	}
	select {
	case <-ctx.Done():
	case <-s.failed.Done():
		return s.abandon(door, ended)
	case err := <-ended:
		s.stop()
		return errors.Join(fmt.Errorf("the event loops ended: %w", err), s.close())
	}
	s.outlook.applied.audit.Stopped()
	s.stop()
	drain, cancel := context.WithTimeout(s.failed, drainTimeout)
	defer cancel()
	err = door.Drain(drain)
	if s.failed.Err() != nil {
		return s.abandon(door, ended)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		s.logger.Warn("clients did not take their replies before the stop")
		err = nil
	}
	return errors.Join(err, <-ended, s.close())
}

// assemble makes the parts that the loops need. Nothing runs yet. Until begin the loops answer
// four-letter words, and close connections that ask for a session.
func (s *Server) assemble() {
	rules := authRules(s.cfg)
	_, beside := machine.ForPeers(s.cfg, reactor.Descriptors())
	for _, text := range machine.WithoutDescriptors(s.cfg, reactor.ConnectionLimit(beside)) {
		s.logger.Warn(text)
	}
	s.tree = datatree.New(treeOptions(s.cfg))
	s.tree.LimitWatches(watchLimits(s.cfg))
	s.core = newCore(s.clock, s.logger)
	s.core.snapshot, s.core.serving = s.startSnapshot, s.serving.open
	s.shared = &lane.Shared{
		Tree: s.tree, Conns: mail.NewConns(), Core: s.core, Rules: laneRules(s.cfg, rules),
		Large: &throttle.Large{
			ThresholdBytes: s.cfg.Throttle.LargeThresholdBytes,
			MaxBytes:       s.cfg.Throttle.LargeMaxBytes,
		},
		Clock: s.clock.monoMillis, Serving: &s.serving.Serving, Counts: new(stats.Counts),
		Teller: s.outlook.clients, Aside: s.outlook.aside.run,
	}
	s.answerWords()
}

// begin makes the parts that need the restored data. None of them runs yet, but for the port at
// which a member is heard by the others.
func (s *Server) begin(ctx context.Context, found *onDisk) error {
	rules := s.replicaConfig(s.shared.Rules.Auth, s.shared.Counts)
	rules.Ensemble = found.ensemble
	s.core.replica = replica.New(rules, s.tree, found.sessions, s.shared.Conns, s.clock.now())
	work := jobs.Config{Dir: s.store, Report: s.core.JobDone}
	if found.ensemble != nil {
		if err := s.join(ctx, &work); err != nil {
			return err
		}
	}
	s.jobs = jobs.New(work)
	s.log = newLogWriter(s.appendable(), givingup.Store{Dir: s.store, FS: s.fs, Logger: s.logger})
	s.log.alone = found.ensemble == nil
	s.log.durable, s.log.failed, s.log.flushed = s.core.Durable, s.fail, s.noteFlush
	s.log.rescue = s.rescue
	s.log.gather = logwriter.Gathering{
		Delay: s.cfg.Storage.FlushDelay, Poll: s.cfg.Storage.MaxQueuePoll,
		Most: s.cfg.Storage.MaxBatchSize,
	}
	s.log.writer.Load = s.load
	s.core.log = s.log
	return nil
}

// bound is the handle of a reactor that is bound, and the addresses it listens on.
type bound struct {
	*reactor.Handle
	at []netip.AddrPort
}

// listen runs the event loops; each has a lane. If the port is in use, it waits a moment. The
// reason is a killed predecessor: the kernel may release its locks before its sockets.
func (s *Server) listen(ctx context.Context, handle chan<- bound) error {
	cfg := reactorConfig(s.cfg)
	cfg.Logger = s.logger.Named("reactor")
	cfg.Stats = &s.outlook.doors
	cfg.Refused = s.outlook.turnedAway(&s.cfg.Network)
	var at []netip.AddrPort
	cfg.Listening = func(bound []netip.AddrPort) {
		at = bound
		s.outlook.listening(at)
	}
	cfg.Started = func(h *reactor.Handle) { handle <- bound{h, at} }
	for begin, told := time.Now(), false; ; told = true {
		err := s.loops(cfg)
		if !inUse(err) || time.Since(begin) > portPatience {
			return err
		}
		if !told {
			s.logger.Info("waiting for the port", zap.Error(err))
		}
		select {
		case <-time.After(portPatience / 20):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// loops runs the reactor, with a new lane for each loop.
func (s *Server) loops(cfg reactor.Config) error {
	return reactor.Run(cfg, func(wake func()) reactor.Lane {
		lane := lane.New(s.shared, wake)
		latency := &s.outlook.metrics.Final
		lane.Record(latency.ReadLatency.Recorder(), latency.UpdateLatency.Recorder())
		return reactor.Lane{
			Open: func(c *reactor.Conn) reactor.Stream {
				if c.Guest() {
					return lane.OpenGuest(c, c.RemoteAddr())
				}
				return lane.Open(c, c.RemoteAddr())
			},
			Drain: lane.Drain,
			Turn:  lane.Turn,
			Busy:  lane.Busy,
		}
	})
}

// tick is the ticker: it does the work of each interval until the server stops.
func (s *Server) tick() {
	t := time.NewTicker(tickInterval(s.cfg))
	defer t.Stop()
	purge, memory, guard := newPurger(s), machine.NewHeadroom(os.Getenv), newGuard(s)
	for {
		select {
		case now := <-t.C:
			s.core.Tick()
			s.shared.Tick()
			purge.maybe()
			memory.Maybe(now)
			guard.maybe(now)
		case <-s.serving.stopped:
			return
		}
	}
}

// abandon stops everything at once, because the log has failed, and returns the failure. It does
// not wait for clients.
func (s *Server) abandon(d bound, ended <-chan error) error {
	s.shut(d, ended)
	s.ticking.Wait()
	s.endWork()
	s.walkers.Wait()
	return context.Cause(s.failed)
}

// shut ends the event loops at once.
func (s *Server) shut(d bound, ended <-chan error) {
	at, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.Drain(at); err != nil && !errors.Is(err, context.Canceled) {
		s.logger.Warn("the event loops did not stop in order", zap.Error(err))
	}
	<-ended
}

// fail ends the server because of an error after which nothing may be acknowledged.
func (s *Server) fail(err error) {
	s.logger.Error("the server ends: the log cannot be written", zap.Error(err))
	s.outlook.metrics.Final.Unrecoverable.Add(1)
	s.giveUp(err)
	s.halt()
}

// halt refuses new sessions and asks the ticker to end.
func (s *Server) halt() { s.serving.shut() }

// stop does what halt does, and waits for the ticker.
func (s *Server) stop() {
	s.halt()
	s.ticking.Wait()
}

// close ends the goroutines behind the loops, in the order in which work flows. If the server fails
// meanwhile, close returns that failure and no other error.
func (s *Server) close() error {
	s.stop()
	s.endWork()
	err := s.log.stop()
	s.walkers.Wait()
	err = errors.Join(err, s.leaveWhole(), s.store.Close())
	if failure := context.Cause(s.failed); failure != nil {
		return failure
	}
	return err
}

// endWork ends the core, and all that works for it but the log writer.
func (s *Server) endWork() {
	s.core.Stop()
	s.jobs.Stop()
	if s.member != nil {
		s.member.stop()
	}
	s.outlook.aside.stop()
}

// noteFlush counts a flush of the log, and warns if it was slow.
func (s *Server) noteFlush(took time.Duration, txns int) {
	s.outlook.flushed(took, txns)
	if warn := s.cfg.Storage.FsyncWarning; warn > 0 && took > warn {
		s.outlook.clients.Tell(tell.Event{
			Kind: tell.SlowFlush, A: took.Milliseconds(), B: int64(txns),
		})
	}
}

// overQuota counts each excess of a quota, and logs only some of them: with a soft limit writes go
// on, so there can be many.
func (s *Server) overQuota(q datatree.QuotaVerdict) {
	s.outlook.overQuota(&q)
	unsaid, ok := s.quotas.due(q.Prefix, s.clock.monoMillis())
	if !ok {
		return
	}
	s.logger.Warn("quota exceeded", zap.String("path", q.Prefix),
		zap.Int64("count", q.Count.Now), zap.Int64("count limit", q.Count.Limit),
		zap.Int64("bytes", q.Bytes.Now), zap.Int64("bytes limit", q.Bytes.Limit),
		zap.Int("times since the last line", unsaid+1))
}
