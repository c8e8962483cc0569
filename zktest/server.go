package zktest

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"

	"quoll/internal/config"
	"quoll/internal/server"
	"quoll/internal/sim/simfs"
)

// running is one life of a server.
type running struct {
	addr  string
	stop  context.CancelFunc
	ended chan error
}

// startPatience is how long a server may take to start, on a machine that is very busy.
const startPatience = 30 * time.Second

// run starts a server on a disk. No error of it is lost: await has it.
func run(disk *simfs.Disk, settings []string) (*running, error) {
	cfg, err := config.Load("", settings)
	if err != nil {
		return nil, err
	}
	s := server.New(cfg, disk, zap.NewNop())
	at := make(chan string, 1)
	s.Listening = func(bound []netip.AddrPort) { at <- bound[0].String() }
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stop: sync.OnceFunc(stop), ended: make(chan error, 1)}
	go func() { r.ended <- s.Run(ctx) }()
	timer := time.NewTimer(startPatience)
	defer timer.Stop()
	select {
	case r.addr = <-at:
		return r, nil
	case err := <-r.ended:
		return nil, errors.Join(errors.New("the server ended"), err)
	case <-timer.C:
		stop()
		return nil, errors.New("the server did not start in time")
	}
}

// await stops the server, and returns how it ended.
func (r *running) await() error {
	r.stop()
	return <-r.ended
}
