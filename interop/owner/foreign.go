package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quoll/interop/apache"
	"quoll/interop/process"
)

// foreign: beside Apache, which takes no lock, every start is refused, and Apache keeps all that it
// acknowledged: while it writes, while it is idle, and on its own port.
func (t *trial) foreign(ctx context.Context) error {
	server, err := apache.Start(ctx, t.options)
	if err != nil {
		return err
	}
	defer func() { server.Kill() }()
	for round := range t.rounds {
		if server, err = t.besideApache(ctx, server); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return t.afterApache(ctx, server)
}

func (t *trial) besideApache(
	ctx context.Context, server *process.Server,
) (*process.Server, error) {
	l, err := t.begin(ctx, server.Addr())
	if err != nil {
		return server, err
	}
	defer l.end()
	time.Sleep(t.load)
	seen := attempt{
		name: "another port, Apache writes", code: codeDirectory,
		message: fmt.Sprintf("process %d has open for writing", server.Pid()),
		defines: []string{"quoll.lockWaitMillis=100"},
	}
	writing := seen
	writing.message = "another server writes to the directory" // however it was seen
	own := attempt{
		name: "Apache's port", port: t.options.Port, code: codePort,
		message: "address already in use",
	}
	err = errors.Join(
		t.refuse(ctx, writing, nil), t.refuse(ctx, seen, server), t.refuse(ctx, own, server))
	if err != nil {
		return server, err
	}
	l.end()
	seen.name = "another port, Apache is idle"
	if err := t.refuse(ctx, seen, server); err != nil {
		return server, err
	}
	if err := t.refuse(ctx, seen, nil); err != nil {
		return server, err
	}
	if _, err := server.Stop(); err != nil {
		return server, err
	}
	next, err := server.Restart(ctx)
	if err != nil {
		return server, fmt.Errorf("no second start of Apache: %w", err)
	}
	return next, t.verify(ctx, next.Addr())
}

// afterApache: a start waits while Apache stops, and takes over all of it.
func (t *trial) afterApache(ctx context.Context, server *process.Server) error {
	l, err := t.begin(ctx, server.Addr())
	if err != nil {
		return err
	}
	defer l.end()
	time.Sleep(t.load)
	o := t.options
	if o.Port, err = process.FreePort(); err != nil {
		return err
	}
	stopped := make(chan error, 1)
	go func() {
		time.Sleep(2 * time.Second)
		_, err := server.Stop()
		stopped <- err
	}()
	next, err := process.StartQuoll(ctx, t.quoll, o)
	if err != nil {
		return errors.Join(fmt.Errorf("it did not wait for Apache: %w", err), <-stopped)
	}
	defer next.Kill()
	if err := <-stopped; err != nil {
		return err
	}
	l.end()
	return t.verify(ctx, next.Addr())
}
