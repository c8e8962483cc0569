package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"quoll/interop/process"
	"quoll/jute"
)

// wait is a way of coming to wait for the server on a disk that stands still.
type wait struct {
	name     string
	settings map[string]string
	ahead    int // who asks before, and is answered before
	requests int
	bytes    int // of each
}

func waits() []wait {
	return []wait{
		{"flight", map[string]string{"quoll.maxOutstanding": "100"}, 0, 150, 10},
		{"global", map[string]string{"globalOutstandingLimit": "20"}, 0, 50, 10},
		{"turn", nil, 1, 1, 900_000},
	}
}

// The disk stands for more than three timeouts. The clients that die do so after a second.
const (
	untilDeath = time.Second
	standstill = 3*timeout + time.Second
)

// kinds are what becomes of the clients of each wait.
type kinds struct {
	wait
	s                *server
	lives, cut, ends *peer
	first            []*peer // ask before
}

func (r *run) stalled(ctx context.Context) (err error) {
	disk, err := r.mount(ctx)
	if err != nil {
		return err
	}
	var all []*kinds
	defer func() {
		err = errors.Join(err, disk.thaw())
		for _, k := range all {
			k.s.end()
		}
		err = errors.Join(err, disk.remove())
	}()
	for _, w := range waits() {
		k, err := r.crowd(ctx, disk, w)
		if k != nil {
			all = append(all, k)
		}
		if err != nil {
			return err
		}
	}
	if err := disk.freeze(); err != nil {
		return err
	}
	frozen := time.Now()
	for _, k := range all {
		if err := k.load(ctx); err != nil {
			return err
		}
	}
	if err := rest(ctx, untilDeath); err != nil {
		return err
	}
	for _, k := range all {
		k.ends.close()
		if err := k.cut.cut(); err != nil {
			return err
		}
	}
	if err := rest(ctx, time.Until(frozen.Add(standstill))); err != nil {
		return err
	}
	if err := disk.thaw(); err != nil {
		return err
	}
	for _, k := range all {
		k.judge(ctx, r)
	}
	return nil
}

// crowd starts a server with the clients of one wait.
func (r *run) crowd(ctx context.Context, d *disk, w wait) (*kinds, error) {
	s, err := r.start(ctx, d.at, w.name, w.settings)
	if err != nil {
		return nil, err
	}
	k := &kinds{wait: w, s: s}
	if _, _, err = s.eyes.Create(ctx, "/a", nil, nil, jute.ModePersistent); err != nil {
		return k, fmt.Errorf("%s: %w", w.name, err)
	}
	for name, p := range map[string]**peer{
		"lives": &k.lives, "cut": &k.cut, "ends": &k.ends,
	} {
		if *p, err = r.join(s, name); err != nil {
			return k, fmt.Errorf("%s: %w", w.name, err)
		}
		(*p).live()
	}
	for i := range w.ahead {
		first, err := r.join(s, fmt.Sprintf("ahead%d", i))
		if err != nil {
			return k, fmt.Errorf("%s: %w", w.name, err)
		}
		first.live()
		k.first = append(k.first, first)
	}
	return k, nil
}

// ask sends what a client is to wait with. A read goes before, so that the server tells of it.
func (w *wait) ask(p *peer) {
	p.ask(jute.OpGetData, &jute.PathWatch{Path: []byte("/a")})
	for range w.requests {
		p.ask(jute.OpSetData, &jute.SetDataRequest{
			Path: []byte("/a"), Data: make([]byte, w.bytes), Version: -1,
		})
	}
}

// load has the clients ask, and sees that the server stops reading from them.
func (k *kinds) load(ctx context.Context) error {
	for _, p := range k.first {
		k.ask(p)
		if err := k.shows(ctx, p, "[1](queued=1,"); err != nil {
			return err
		}
	}
	peers := []*peer{k.lives, k.cut, k.ends}
	for _, p := range peers {
		k.ask(p)
	}
	for _, p := range peers {
		if err := k.shows(ctx, p, "[0]"); err != nil {
			return err
		}
	}
	return nil
}

// shows waits until the server tells something of a client's connection.
func (k *kinds) shows(ctx context.Context, p *peer, what string) error {
	line := fmt.Sprintf("%s:%s%s", clientAddress, portOf(p), what)
	for began := time.Now(); ; {
		answer, err := process.FourLetter(ctx, k.s.Addr(), "cons")
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", k.name, err)
		case strings.Contains(answer, line):
			return nil
		case time.Since(began) > untilDeath/2:
			return fmt.Errorf("%s: %s is not %s: %s", k.name, p.ephemeral, what, answer)
		}
		if err := rest(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

func portOf(p *peer) string {
	_, port, _ := strings.Cut(p.nc.LocalAddr().String(), ":")
	return port
}

// judge looks, when the disk is back, who is gone and who is not.
func (k *kinds) judge(ctx context.Context, r *run) {
	for _, p := range []*peer{k.cut, k.ends} {
		took, err := k.s.goneWithin(ctx, p, slack)
		if err != nil {
			r.fail("stalled disk: %v", err)
			continue
		}
		fmt.Printf("silence: %s: %s was gone %v after the disk was back\n",
			k.name, p.ephemeral, took.Round(time.Millisecond))
	}
	want := int64(1 + k.requests)
	for began := time.Now(); k.lives.replies.Load() < want && time.Since(began) < 10*time.Second; {
		if rest(ctx, 20*time.Millisecond) != nil {
			return
		}
	}
	there, err := k.s.there(ctx, k.lives)
	if err != nil || !there || !k.lives.alive() || k.lives.replies.Load() < want {
		r.fail("stalled disk: %s: the client that pinged: %d of %d answers, connected %v, its "+
			"ephemeral there %v, %v",
			k.name, k.lives.replies.Load(), want, k.lives.alive(), there, err)
		return
	}
	fmt.Printf("silence: %s: who pinged lives, and has %d answers\n", k.name, want)
}
