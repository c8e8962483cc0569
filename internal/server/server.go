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
	"quoll/persistence"
	"quoll/persistence/owner"
	"quoll/processor/lane"
	"quoll/processor/mail"
	"quoll/processor/session"
	"quoll/processor/stats"
	"quoll/processor/tell"
	"quoll/processor/throttle"
	"quoll/reactor"
)

// drainTimeout bounds how long a stopping server waits for its clients to take their replies.
const drainTimeout = 3 * time.Second

// Server is a standalone ZooKeeper server.
type Server struct {
	cfg    *config.Config
	logger *zap.Logger
	fs     persistence.FS

	clock   clock
	store   *persistence.Dir
	tree    *datatree.Tree
	core    *core
	log     *logWriter
	shared  *lane.Shared
	outlook *outlook
	alarms
	serving lane.Serving
	walkers sync.WaitGroup
	ticking sync.WaitGroup
	stopped chan struct{} // closed when the server is asked to stop, or fails
	once    sync.Once     // of stopped
	// failed ends when the server fails, be it while it stops; why is its cause, of giveUp.
	failed context.Context
	giveUp context.CancelCauseFunc

	own ownership

	// Listening is told the addresses that clients can connect to, when they can. Set before Run.
	Listening func([]netip.AddrPort)
}

// New makes a server that has touched nothing yet.
func New(cfg *config.Config, fs persistence.FS, logger *zap.Logger) *Server {
	made := owner.NewMade(fs)
	s := &Server{
		cfg: cfg, fs: made, logger: logger, clock: newClock(), stopped: make(chan struct{}),
		alarms: alarms{faults: faultLog{logger: logger}}, own: ownership{made: made},
	}
	s.failed, s.giveUp = context.WithCancelCause(context.Background())
	return s
}

// Run recovers the data, serves until ctx ends, and leaves everything that was acknowledged on
// disk. An error of the log's disk ends it at once, with an error that wraps
// persistence.ErrDisk: nothing that was not durable has been answered.
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

// AuditFailedStart tells the audit log of a start that failed before there was a server, as far as
// the settings can be read that say where the log is.
func AuditFailedStart(o config.Observability, logger *zap.Logger) error {
	audit, err := admin.OpenAudit(o, logger)
	if err != nil {
		return err
	}
	audit.Started(true)
	return audit.Close()
}

// run is Run within the life of the logs: lock, bind and listen, read and judge, change. A
// start that ends before the change leaves every file as it was.
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
	saved, err := s.restore(ctx)
	if err != nil {
		s.shut(door, ended)
		return s.asked(ctx, err)
	}
	s.begin(saved)
	go s.core.run()
	go s.log.run()
	s.serving.Store(lane.ReadWrite)
	if s.Listening != nil {
		s.Listening(door.at)
	}
	s.outlook.served = true
	s.outlook.applied.audit.Started(false)
	s.ticking.Go(s.tick)
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

// assemble makes what the loops need; nothing runs yet. Until begin they answer words, and close
// who asks for a session.
func (s *Server) assemble() {
	rules := authRules(s.cfg)
	for _, text := range withoutDescriptors(s.cfg, reactor.ConnectionLimit()) {
		s.logger.Warn(text)
	}
	s.tree = datatree.New(treeOptions(s.cfg))
	s.tree.LimitWatches(watchLimits(s.cfg))
	s.core = newCore(s.clock, s.logger)
	s.core.snapshot = s.startSnapshot
	s.shared = &lane.Shared{
		Tree: s.tree, Conns: mail.NewConns(), Core: s.core, Rules: laneRules(s.cfg, rules),
		Large: &throttle.Large{
			ThresholdBytes: s.cfg.Throttle.LargeThresholdBytes,
			MaxBytes:       s.cfg.Throttle.LargeMaxBytes,
		},
		Clock: s.clock.monoMillis, Serving: &s.serving, Counts: new(stats.Counts),
		Teller: s.outlook.clients, Aside: s.outlook.aside.run,
	}
	s.answerWords()
}

// begin makes the rest of what was restored; nothing of it runs yet.
func (s *Server) begin(saved []session.Saved) {
	s.core.replica = replica.New(s.replicaConfig(s.shared.Rules.Auth, s.shared.Counts),
		s.tree, saved, s.shared.Conns, s.clock.now())
	s.log = newLogWriter(s.store.Log(), s.store)
	s.log.durable, s.log.failed, s.log.flushed = s.core.durable, s.fail, s.noteFlush
	s.log.gather = logwriter.Gathering{
		Delay: s.cfg.Storage.FlushDelay, Poll: s.cfg.Storage.MaxQueuePoll,
		Most: s.cfg.Storage.MaxBatchSize,
	}
	s.core.log = s.log
}

// bound is a reactor that listens: what it is steered by, and where it listens.
type bound struct {
	*reactor.Handle
	at []netip.AddrPort
}

// listen runs the event loops; each has a lane. It waits a moment for a port that is in use: in
// which order the kernel takes the sockets and the locks of a killed predecessor is not promised.
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

// loops runs the reactor once.
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

// tick tells the core of the time until the server stops.
func (s *Server) tick() {
	t := time.NewTicker(tickInterval(s.cfg))
	defer t.Stop()
	purge, memory, guard := newPurger(s), newHeadroom(os.Getenv), newGuard(s)
	for {
		select {
		case now := <-t.C:
			s.core.tick()
			s.shared.Tick()
			purge.maybe()
			memory.maybe(now)
			guard.maybe(now)
		case <-s.stopped:
			return
		}
	}
}

// abandon stops everything at once, and returns why: the log has failed, and nobody is waited for.
func (s *Server) abandon(d bound, ended <-chan error) error {
	s.shut(d, ended)
	s.ticking.Wait()
	s.core.stop()
	s.outlook.aside.stop()
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
func (s *Server) halt() {
	s.once.Do(func() {
		s.serving.Store(lane.NoService)
		close(s.stopped)
	})
}

// stop is halt, and waits for the ticker.
func (s *Server) stop() {
	s.halt()
	s.ticking.Wait()
}

// close ends the goroutines behind the loops, in the order in which work flows. A failure among the
// last of it is the one error that counts.
func (s *Server) close() error {
	s.stop()
	s.core.stop()
	s.outlook.aside.stop()
	err := s.log.stop()
	s.walkers.Wait()
	err = errors.Join(err, s.store.Close())
	if failure := context.Cause(s.failed); failure != nil {
		return failure
	}
	return err
}

// noteFlush warns of slow disks.
func (s *Server) noteFlush(took time.Duration, txns int) {
	s.outlook.flushed(took, txns)
	if warn := s.cfg.Storage.FsyncWarning; warn > 0 && took > warn {
		s.outlook.clients.Tell(tell.Event{
			Kind: tell.SlowFlush, A: took.Milliseconds(), B: int64(txns),
		})
	}
}

// overQuota counts each time, and tells the log now and then: with a soft limit writes go on.
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
