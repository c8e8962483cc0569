package zktest

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"

	"quoll/internal/config"
	"quoll/internal/server"
	"quoll/internal/sim/simfs"
)

// dataDir is the data directory of every server, each on a disk of its own.
const dataDir = "/zktest"

// startPatience is how long a server may take to start, on a machine that is very busy.
const startPatience = 30 * time.Second

// running is one life of a server.
type running struct {
	addr  string // for clients, without the proxy
	stop  context.CancelFunc
	ended chan error
}

// files are what a server reads beside its data: zoo.cfg and myid, which are on no disk.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// run starts a server on a disk. How it ends is what await returns.
func run(disk *simfs.Disk, f files) (*running, error) {
	cfg, err := config.LoadFrom(f.read, configFile, nil)
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
