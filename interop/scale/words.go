package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"quoll/client/wire"
	"quoll/interop/bench/measure"
	"quoll/interop/process"
	"quoll/jute"
)

// wordRounds is how often each word is asked.
const wordRounds = 50

// words asks for long four-letter words beside many connections. A ping that is sent right behind a
// word waits as long as the word holds the event loop.
func words(ctx context.Context, s settings, v *verdicts) error {
	s.set = strings.TrimPrefix(s.set+",4lw.commands.whitelist=*", ",")
	server, end, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	defer end()
	parent, conns, err := s.silent(ctx, server.Addr())
	if err != nil {
		return err
	}
	defer parent.Abort()
	defer hangUp(conns)
	ping := jute.Append(jute.FrameStart(nil), &jute.RequestHeader{
		Xid: jute.XidPing, Type: jute.OpPing,
	})
	jute.FrameEnd(ping, 0)
	for _, word := range strings.Fields("ruok mntr stat cons conf dump wchp envi") {
		var waits []time.Duration
		for range wordRounds {
			answered := make(chan error, 1)
			begin := time.Now()
			go func() {
				_, err := process.FourLetter(ctx, server.Addr(), word)
				answered <- err
			}()
			time.Sleep(200 * time.Microsecond)
			if _, err := ask(conns[0], ping); err != nil {
				return err
			}
			waits = append(waits, time.Since(begin)-200*time.Microsecond)
			if err := <-answered; err != nil {
				return fmt.Errorf("%s: %w", word, err)
			}
		}
		slices.Sort(waits)
		what := fmt.Sprintf("a ping behind %s beside %d connections, median", word, s.sessions)
		v.within(what, waits[len(waits)/2], 2*time.Millisecond)
	}
	return nil
}

// manyEphemerals is what one session has that ends.
const manyEphemerals = 200_000

// ending closes a session of very many ephemerals: it is one transaction, and everybody waits.
func ending(ctx context.Context, s settings, v *verdicts) error {
	server, end, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	defer end()
	owner, err := wire.Dial(ctx, server.Addr(), wire.Options{Timeout: 30 * time.Second})
	if err != nil {
		return err
	}
	defer owner.Abort()
	var sent []*wire.Future
	for i := range manyEphemerals {
		sent = append(sent, owner.Send(jute.OpCreate, &jute.CreateRequest{
			Path: fmt.Appendf(nil, "/ephemeral-%07d", i), ACL: wire.World(),
			Flags: jute.ModeEphemeral,
		}))
		if len(sent) == 1000 {
			for _, f := range sent {
				if _, err := f.Into(ctx, nil); err != nil {
					return err
				}
			}
			sent = sent[:0]
		}
	}
	probe, err := measure.StartProbe(ctx, server.Addr(), "/probe", s.rate)
	if err != nil {
		return err
	}
	defer probe.Stop()
	time.Sleep(2 * time.Second)
	before := measure.Latencies(probe.Take())
	begin := time.Now()
	if err := owner.Close(ctx); err != nil {
		return err
	}
	took := time.Since(begin)
	time.Sleep(time.Second)
	while := measure.Latencies(probe.Take())
	if err := probe.Stop(); err != nil {
		return fmt.Errorf("the probe: %w", err)
	}
	v.note("  longest request before", fmt.Sprintf("%.2f ms", ms(before, 1)))
	v.note(fmt.Sprintf("closeSession with %d ephemerals, until answered", manyEphemerals),
		took.Round(time.Millisecond).String())
	v.within("  the longest request of others meanwhile", while.Quantile(1), 300*time.Millisecond)
	return nil
}
