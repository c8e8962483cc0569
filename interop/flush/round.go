package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"quoll/client/wire"
	"quoll/interop/process"
	"quoll/jute"
)

// marker begins every value.
const marker = "a value that a client wrote, "

// round is one life of a disk.
type round struct {
	settings
	disk   *disk
	log    io.Writer
	mapped bool // the logs are held in the page cache while the server starts again
	how    health

	mu    sync.Mutex
	acked map[string][]byte // path to value

	// What it came to.
	failed int   // writes that the device failed
	first  int   // acknowledged before the failure
	codes  []int // exit codes
}

func (r *round) value(path string) []byte {
	value := fmt.Appendf(nil, "%s%s", marker, path)
	return append(value, bytes.Repeat([]byte{'.'}, max(0, r.bytes-len(value)))...)
}

func (r *round) run(ctx context.Context) error {
	server, err := r.start(ctx)
	if err != nil {
		return fmt.Errorf("the first start: %w", err)
	}
	defer func() {
		if server != nil {
			server.Kill()
		}
	}()
	if err := r.create(ctx, server, "/first", "/second"); err != nil {
		return err
	}
	stop := r.write(ctx, server, "/first")
	time.Sleep(r.phase)
	r.disk.device.become(r.how)
	select {
	case <-server.Done():
	case <-time.After(20 * time.Second):
		return errors.New("the server did not end although a flush failed")
	}
	r.failed = r.disk.device.become(sound)
	stop()
	r.codes = append(r.codes, server.ExitCode())
	r.first = len(r.acked)

	release := func() {}
	if r.mapped {
		if release, err = hold(r.disk.at); err != nil {
			return err
		}
	}
	server, err = r.start(ctx)
	release()
	if err != nil {
		return fmt.Errorf("the start after the failed flush: %w", err)
	}
	stop = r.write(ctx, server, "/second")
	time.Sleep(r.phase)
	r.disk.cut()
	server.Kill()
	stop()
	if err := r.disk.boot(); err != nil {
		return err
	}
	server, err = r.start(ctx)
	if err != nil {
		return fmt.Errorf("%w after the power cut, with %d writes acknowledged: %w",
			errRefused, len(r.acked), err)
	}
	return r.verify(ctx, server)
}

var (
	errRefused = errors.New("refused")
	errLost    = errors.New("lost")
)

func (r *round) start(ctx context.Context) (*process.Server, error) {
	return process.StartQuoll(ctx, r.quoll, process.Options{
		DataDir: filepath.Join(r.disk.at, "data"), Log: r.log,
	})
}

func (r *round) create(ctx context.Context, server *process.Server, paths ...string) error {
	c, err := wire.Dial(ctx, server.Addr(), wire.Options{})
	if err != nil {
		return err
	}
	defer c.Abort()
	for _, path := range paths {
		if _, _, err := c.Create(ctx, path, nil, nil, jute.ModePersistent); err != nil {
			return err
		}
	}
	return nil
}

// write lets clients create nodes until they cannot, or stop is called. A write that is answered
// after the power cut was acknowledged by a server that could not know: it does not count.
func (r *round) write(ctx context.Context, server *process.Server, below string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for i := range r.clients {
		all.Go(func() {
			c, err := wire.Dial(ctx, server.Addr(), wire.Options{})
			if err != nil {
				return
			}
			defer c.Abort()
			for n := 0; ; n++ {
				path := fmt.Sprintf("%s/%d-%d", below, i, n)
				value := r.value(path)
				if _, _, err := c.Create(ctx, path, value, nil, jute.ModePersistent); err != nil {
					return
				}
				r.acknowledged(path, value)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

func (r *round) acknowledged(path string, value []byte) {
	r.disk.device.mu.Lock()
	on := r.disk.device.health != cut
	r.disk.device.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if on {
		r.acked[path] = value
	}
}

func (r *round) verify(ctx context.Context, server *process.Server) error {
	c, err := wire.Dial(ctx, server.Addr(), wire.Options{})
	if err != nil {
		return err
	}
	defer c.Abort()
	lost, example := 0, ""
	for path, value := range r.acked {
		got, _, err := c.Get(ctx, path, false)
		if err != nil || !bytes.Equal(got, value) {
			lost++
			example = fmt.Sprintf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	if lost > 0 {
		return fmt.Errorf("%w: %d of %d acknowledged writes (%s)", errLost, lost, len(r.acked), example)
	}
	return nil
}

// hold maps the logs with all their pages, so that nobody can drop them from the page cache.
func hold(at string) (release func(), err error) {
	logs, err := filepath.Glob(filepath.Join(at, "data", "version-2", "log.*"))
	if err != nil {
		return nil, err
	}
	var maps [][]byte
	release = func() {
		for _, m := range maps {
			_ = syscall.Munmap(m)
		}
	}
	for _, name := range logs {
		f, err := os.Open(name)
		if err != nil {
			return release, err
		}
		info, err := f.Stat()
		if err == nil && info.Size() > 0 {
			var m []byte
			m, err = syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ,
				syscall.MAP_SHARED|syscall.MAP_POPULATE)
			maps = append(maps, m)
		}
		_ = f.Close()
		if err != nil {
			return release, err
		}
	}
	return release, nil
}
