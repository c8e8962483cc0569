package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"syscall"
	"time"

	"go.uber.org/zap"

	"quoll/internal/config"
	"quoll/internal/replica"
	"quoll/internal/replica/restore"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/owner"
	"quoll/processor/session"
)

// portPatience is how long a start waits for its port.
const portPatience = time.Second

// ownership holds the means by which one server at a time uses the directories.
type ownership struct {
	lock  *owner.Lock
	sight *owner.Sight // the files before this server changed any; the guard's from serving on
	made  *owner.Made
}

// take checks the address and the directories, and locks the directories.
func (s *Server) take(ctx context.Context) error {
	if err := Check(s.cfg); err != nil {
		return err
	}
	at := address(s.cfg.Network.Client)
	if _, err := net.ResolveTCPAddr("tcp", at); err != nil {
		return fmt.Errorf("%w: clientPortAddress: %w", config.ErrInvalid, err)
	}
	dir, err := s.open(ctx)
	if err != nil {
		return err
	}
	s.store = dir
	s.own.lock, err = owner.Take(ctx, s.logger, owner.Options{
		Mode: owner.Mode(s.cfg.Storage.Lock), Wait: s.cfg.Storage.LockWait,
	}, dir.SnapDir(), dir.LogDir())
	return err
}

// letGo gives the directories back, unless the log writer still runs. It may wait in a call to a
// disk that hangs, and write when the disk works again. In this case the lock is held until the
// process ends.
func (s *Server) letGo() {
	if s.log != nil {
		select {
		case <-s.log.quiet:
		default:
			return
		}
	}
	s.own.lock.Release()
}

// asked returns nil if a start ended only because ctx ended, and otherwise err.
func (s *Server) asked(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		s.logger.Info("asked to stop before there was a server")
		return nil
	}
	return err
}

// inUse says whether an error means that another process listens on the port.
func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// open opens the directories, and makes them if necessary. If two names lead to one directory, by a
// link or a mount, it uses one name for both.
func (s *Server) open(ctx context.Context) (*persistence.Dir, error) {
	o := storeOptions(s.cfg)
	o.Changing = func() error { return s.changing(ctx) }
	const below = "version-2"
	if owner.SameDir(o.DataDir, o.DataLogDir) ||
		owner.SameDir(filepath.Join(o.DataDir, below), filepath.Join(o.DataLogDir, below)) {
		o.DataLogDir = o.DataDir
	}
	return persistence.Open(s.fs, o)
}

// changing is called when everything was read and judged, and nothing was changed yet. It is the
// last chance to refuse the start.
func (s *Server) changing(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.own.sight.Foreign(ctx); err != nil {
		return err
	}
	if err := s.refuseAlone(); err != nil {
		return err
	}
	if err := s.probe(s.store.LogDir(), s.store.SnapDir()); err != nil {
		return err
	}
	bound := config.Listener{
		Host: s.cfg.Network.Client.Host, Port: int(s.outlook.port.Load()),
	}
	if err := s.own.lock.Announce(address(bound)); err != nil {
		s.logger.Warn("the lock file does not say who we are", zap.Error(err))
	}
	return nil
}

// onDisk is what the disk has, beside the tree.
type onDisk struct {
	sessions []session.Saved
	ensemble *replica.Ensemble // nil: the server is alone
}

// restore restores the data on disk, as soon as no other server writes there. It waits for that at
// most as long as for the lock.
func (s *Server) restore(ctx context.Context) (*onDisk, error) {
	begin := time.Now()
	patience := s.cfg.Storage.LockWait
	for {
		found, tail, err := s.attempt(ctx, max(patience-time.Since(begin), 0))
		if err == nil {
			return s.settle(found, tail) // not tried again: the files that moved are our own now
		}
		if errors.Is(err, owner.ErrForeign) && time.Since(begin) >= patience {
			return nil, err
		}
		if !errors.Is(err, owner.ErrForeign) {
			// Data that another server changed while it was read can look damaged: try again then.
			foreign := s.own.sight
			if foreign == nil || !errors.Is(foreign.Foreign(ctx), owner.ErrForeign) {
				return nil, err
			}
		}
		s.tree.Renew()
	}
}

// attempt waits until no other server writes, and tries to restore once.
func (s *Server) attempt(
	ctx context.Context, patience time.Duration,
) (*restore.Found, *restore.Tail, error) {
	sight, err := owner.Wait(ctx, s.fs, s.store.SnapDir(), s.store.LogDir(), patience,
		func(why error) {
			s.logger.Warn("waiting for another server to end", zap.Error(why),
				zap.Duration("at most", patience))
		})
	if err != nil {
		return nil, nil, err
	}
	s.own.sight = sight
	begin := time.Now()
	loaded := begin
	tail := restore.NewTail(tailLimits(s.cfg))
	found, err := restore.Tree(s.store, s.tree, restore.Hooks{
		Loaded: func() { loaded = time.Now() },
		Txn: func(e *jute.Entry) error {
			tail.Add(e)
			return ctx.Err()
		},
	})
	if err != nil {
		return nil, nil, err
	}
	s.outlook.recovered(begin, loaded, found.Txns)
	return found, tail, nil
}

// settle reports what was restored, and makes of it what a member or a server alone begins with.
func (s *Server) settle(found *restore.Found, tail *restore.Tail) (*onDisk, error) {
	s.report(&found.Recovered)
	s.faults.look(s.tree.Faults(), s.clock.monoMillis())
	if s.cfg.Ensemble() {
		return s.asMember(found, tail)
	}
	found.EndOrphans(s.tree)
	if len(found.Orphans) > 0 {
		s.logger.Warn("ephemerals of sessions that do not exist were removed",
			zap.Int("sessions", len(found.Orphans)))
	}
	err := s.goOnAlone(found)
	if err == nil && found.NeedsSnapshot() {
		err = s.firstSnapshot(found.Sessions)
	}
	return &onDisk{sessions: found.Sessions}, err
}
