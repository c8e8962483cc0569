package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"quoll/client/wire"
	"quoll/interop/bench/measure"
	"quoll/jute"
)

const (
	ephemeralsEach = 3

	// silentTimeout is longer than it takes to make all the sessions and to close their sockets.
	silentTimeout = 10 * time.Second
	closingWatch  = 3 * time.Second
	expiryWatch   = silentTimeout + 3*time.Second
)

// silent makes all sessions, each with its ephemerals below /e, and one more that made /e. The
// caller ends both.
func (s settings) silent(ctx context.Context, addr string) (*wire.Conn, []net.Conn, error) {
	parent, err := wire.Dial(ctx, addr, wire.Options{Timeout: 30 * time.Second})
	if err != nil {
		return nil, nil, err
	}
	_, _, err = parent.Create(ctx, "/e", nil, nil, jute.ModePersistent)
	conns := make([]net.Conn, s.sessions)
	if err == nil {
		err = each(s.sessions, func(i int) error { return owner(conns, i, addr) })
	}
	if err != nil {
		parent.Abort()
		hangUp(conns)
		return nil, nil, err
	}
	return parent, conns, nil
}

// expiry lets all sessions but the probe's go silent at the same moment, as when a network ends.
func expiry(ctx context.Context, s settings, v *verdicts) error {
	server, end, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	defer end()
	watcher, conns, err := s.silent(ctx, server.Addr())
	if err != nil {
		return err
	}
	defer watcher.Abort()
	defer hangUp(conns)
	probe, err := measure.StartProbe(ctx, server.Addr(), "/probe", s.rate)
	if err != nil {
		return err
	}
	defer probe.Stop()
	time.Sleep(time.Second)
	probe.Take()
	hangUp(conns)
	time.Sleep(closingWatch)
	closing := measure.Latencies(probe.Take())
	time.Sleep(expiryWatch)
	took := measure.Latencies(probe.Take())
	names, _, err := watcher.Children(ctx, "/e", false)
	if err != nil {
		return err
	}
	if err := probe.Stop(); err != nil {
		return fmt.Errorf("the probe: %w", err)
	}
	v.figure(fmt.Sprintf("ephemerals of %d sessions left", s.sessions), fmt.Sprint(len(names)),
		"0", len(names) == 0)
	v.note("  p99 and longest while their sockets close", fmt.Sprintf(
		"%.2f/%.2f ms", ms(closing, 0.99), ms(closing, 1)))
	v.note("  p99 while they expire", fmt.Sprintf("%.2f ms", ms(took, 0.99)))
	v.within("  and the longest", took.Quantile(1), 50*time.Millisecond)
	return nil
}

// owner makes a session with ephemerals below /e.
func owner(conns []net.Conn, i int, addr string) (err error) {
	if conns[i], err = connect(addr, silentTimeout); err != nil {
		return err
	}
	for k := range ephemeralsEach {
		frame := wire.NewFrame(jute.OpCreate, &jute.CreateRequest{
			Path: fmt.Appendf(nil, "/e/n%05d-%d", i, k), ACL: wire.World(),
			Flags: jute.ModeEphemeral,
		})
		if _, err := ask(conns[i], frame); err != nil {
			return err
		}
	}
	return nil
}

func hangUp(conns []net.Conn) {
	for _, conn := range conns {
		if conn != nil {
			_ = conn.Close()
		}
	}
}
