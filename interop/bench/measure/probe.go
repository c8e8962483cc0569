package measure

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// Sample is the latency of one request, and when it was due.
type Sample struct {
	Due     time.Time
	Latency time.Duration
}

// Probe is a well-behaved client that sends a fixed number of requests a second: gets, and each
// tenth a set. Its one connection has to live from Start to Stop.
type Probe struct {
	conn   *wire.Conn
	path   string
	every  time.Duration
	sent   chan sent
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu      sync.Mutex
	samples []Sample
	failure error // the first
}

type sent struct {
	future *wire.Future
	due    time.Time
}

// setEvery is how many requests of a probe one set comes.
const setEvery = 10

// StartProbe connects to addr and begins to send, rate times a second, to a node at path that it
// makes if need be.
func StartProbe(ctx context.Context, addr, path string, rate int) (*Probe, error) {
	conn, err := wire.Dial(ctx, addr, wire.Options{Timeout: 30 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	data := make([]byte, 100)
	_, _, err = conn.Create(ctx, path, data, nil, jute.ModePersistent)
	if err != nil && !errors.Is(err, jute.NodeExists) {
		conn.Abort()
		return nil, fmt.Errorf("probe: %w", err)
	}
	sending, cancel := context.WithCancel(ctx)
	p := &Probe{
		conn: conn, path: path, every: time.Second / time.Duration(rate), cancel: cancel,
		sent: make(chan sent, 60*rate), // a stall of a minute
	}
	p.ended.Go(func() { p.send(sending, data) })
	p.ended.Go(p.receive)
	return p, nil
}

func (p *Probe) send(ctx context.Context, data []byte) {
	defer close(p.sent)
	get := &jute.PathWatch{Path: []byte(p.path)}
	set := &jute.SetDataRequest{Path: []byte(p.path), Data: data, Version: -1}
	due := time.Now()
	for i := 0; ; i++ {
		due = due.Add(p.every)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			return
		}
		s := sent{due: due}
		if i%setEvery == 0 {
			s.future = p.conn.Send(jute.OpSetData, set)
		} else {
			s.future = p.conn.Send(jute.OpGetData, get)
		}
		p.sent <- s
	}
}

func (p *Probe) receive() {
	for s := range p.sent {
		h, _, err := s.future.Wait(context.Background())
		took := time.Since(s.due)
		if err == nil && h.Err != jute.OK {
			err = h.Err
		}
		p.mu.Lock()
		p.samples = append(p.samples, Sample{s.due, took})
		if p.failure == nil {
			p.failure = err
		}
		p.mu.Unlock()
	}
}

// Take returns what was measured since the last Take.
func (p *Probe) Take() []Sample {
	p.mu.Lock()
	defer p.mu.Unlock()
	samples := p.samples
	p.samples = nil
	return samples
}

// Err is why a request of the probe failed, nil while all is well.
func (p *Probe) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}

// Stop ends the probe. The error is that of the first request that failed.
func (p *Probe) Stop() error {
	p.cancel()
	p.ended.Wait()
	p.conn.Abort()
	return p.Err()
}

// Latencies collects samples.
func Latencies(samples []Sample) *Histogram {
	h := new(Histogram)
	for _, s := range samples {
		h.Add(s.Latency)
	}
	return h
}
