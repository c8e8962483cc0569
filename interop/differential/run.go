package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"quoll/interop/differential/player"
	"quoll/interop/differential/program"
	"quoll/interop/process"
	"quoll/jute"
)

// setup says what to compare.
type setup struct {
	first, second string // "apache" or "quoll"
	binary        string // of quoll
	log           io.Writer
	quota         bool // enforceQuota
	tame          bool // no nulls where none belong
	// onDiff is told of each difference, and says whether to go on if that can be done.
	onDiff func(seed uint64, r *result) bool
}

// result is what a program came to.
type result struct {
	steps    []*program.Step // all that were played
	requests int
	events   int
	codes    map[string]int // of replies, by operation and code
	diff     *difference    // the last one, nil: none
	diffs    int
}

// difference is where two servers part: at place at of what they did because of the last step.
type difference struct {
	at   int
	a, b []program.Seen
	text string // for people
	sign string // what kind it is
}

// request is the place in its batch of the request whose answers differ, or -1.
func (d *difference) request() int {
	for _, list := range [][]program.Seen{d.a, d.b} {
		if x := element(list, d.at); x != nil && x.What == "reply" {
			return x.Index
		}
	}
	return -1
}

// pair is two fresh servers.
type pair struct {
	a, b  *player.Side
	procs [2]*process.Server
	did   []program.Seen // by the first, because of the last step
	stop  func()
}

func newPair(ctx context.Context, s setup) (*pair, error) {
	first, stopFirst, err := startServer(ctx, s.first, s.binary, s.quota, s.log)
	if err != nil {
		return nil, err
	}
	second, stopSecond, err := startServer(ctx, s.second, s.binary, s.quota, s.log)
	if err != nil {
		stopFirst()
		return nil, err
	}
	p := &pair{
		a: player.New(s.first, first.Addr()), b: player.New(s.second, second.Addr()),
		procs: [2]*process.Server{first, second},
	}
	p.stop = func() {
		p.a.Close()
		p.b.Close()
		stopFirst()
		stopSecond()
	}
	return p, nil
}

// play does one step on both servers at once.
func (p *pair) play(ctx context.Context, st *program.Step) *difference {
	done := make(chan []program.Seen)
	go func() { done <- p.b.Play(ctx, st) }()
	inA := p.a.Play(ctx, st)
	inB := <-done
	p.did = inA
	at, same := player.Differ(p.a, p.b, inA, inB)
	if same && !p.ended(inA) {
		return nil
	}
	d := &difference{at: at, a: inA, b: inB}
	x, y := element(inA, at), element(inB, at)
	d.sign = player.Signature(x, y)
	d.text = p.describe(d, x, y)
	return d
}

// level hangs up what is connected to one side alone.
func (p *pair) level() {
	for i := range program.Slots {
		if !p.a.Connected(i) || !p.b.Connected(i) {
			p.a.HangUp(i)
			p.b.HangUp(i)
		}
	}
}

// ended looks whether a server ended with what it did.
func (p *pair) ended(did []program.Seen) bool {
	if !slices.ContainsFunc(did, func(x program.Seen) bool { return x.What == "closed" }) {
		return false
	}
	for _, proc := range p.procs {
		select {
		case <-proc.Done():
			return true
		default:
		}
	}
	return false
}

func element(list []program.Seen, at int) *program.Seen {
	if at < len(list) {
		return &list[at]
	}
	return nil
}

func (p *pair) describe(d *difference, x, y *program.Seen) string {
	var text strings.Builder
	for _, s := range []struct {
		name string
		list []program.Seen
	}{{p.a.Name + " (first)", d.a}, {p.b.Name + " (second)", d.b}} {
		fmt.Fprintf(&text, "  %s:\n", s.name)
		for i := max(0, d.at-2); i < min(len(s.list), d.at+2); i++ {
			mark := "   "
			if i == d.at {
				mark = "-> "
			}
			fmt.Fprintf(&text, "  %s%v\n", mark, s.list[i])
		}
		if d.at >= len(s.list) {
			fmt.Fprintf(&text, "  -> nothing more\n")
		}
	}
	if x != nil && y != nil && x.What == y.What {
		fmt.Fprintf(&text, "  masked bytes %s\n           and %s\n",
			hexDump(p.a.Canonical(*x)), hexDump(p.b.Canonical(*y)))
	}
	for i, proc := range p.procs {
		select {
		case <-proc.Done():
			fmt.Fprintf(&text, "  server %d has ended with code %d\n", i+1, proc.ExitCode())
		default:
		}
	}
	return text.String()
}

func hexDump(b []byte) string { return hex.EncodeToString(program.Clip(b)) }

// run makes and plays the program of a seed until it has sent so many requests or the servers
// differ.
func run(ctx context.Context, s setup, seed uint64, requests int) (*result, error) {
	p, err := newPair(ctx, s)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	g := program.NewGenerator(seed, program.Taste{Tame: s.tame, Quotas: s.quota})
	res := &result{codes: map[string]int{}}
	for res.requests < requests && ctx.Err() == nil {
		st := g.Next()
		res.steps = append(res.steps, st)
		res.requests += max(1, len(st.Requests))
		if d := p.play(ctx, st); d != nil {
			res.diff = d
			res.diffs++
			if s.onDiff == nil || !s.onDiff(seed, res) || p.a.LastZxid() != p.b.LastZxid() {
				return res, nil
			}
			p.level()
		}
		res.count(p.did)
		g.Learn(st, p.did)
		for i := range program.Slots {
			if !p.a.Connected(i) {
				g.Gone(i)
			}
		}
	}
	return res, ctx.Err()
}

func (r *result) count(did []program.Seen) {
	for _, x := range did {
		switch x.What {
		case "event":
			r.events++
		case "reply":
			var h jute.ReplyHeader
			if _, err := jute.Decode(x.Frame, &h); err == nil {
				r.codes[x.Op.String()+" "+h.Err.String()]++
			}
		default:
			r.codes[x.What]++
		}
	}
}

// replay plays steps that were made before.
func replay(ctx context.Context, s setup, steps []*program.Step) (*difference, int, error) {
	p, err := newPair(ctx, s)
	if err != nil {
		return nil, 0, err
	}
	defer p.stop()
	for i, st := range steps {
		if d := p.play(ctx, st); d != nil {
			return d, i, nil
		}
	}
	return nil, 0, ctx.Err()
}

// shrink leaves out what the difference does not need, in ever smaller pieces, for as long as
// there are tries left.
func shrink(
	ctx context.Context, s setup, steps []*program.Step, d *difference, tries int,
) ([]*program.Step, *difference) {
	keep := func(candidate []*program.Step) bool {
		tries--
		found, at, err := replay(ctx, s, candidate)
		if err != nil || found == nil || found.sign != d.sign {
			return false
		}
		steps, d = candidate[:at+1], found
		return true
	}
	for size := len(steps) / 2; size > 0; size /= 2 {
		for from := 0; from+size < len(steps) && tries > 0; {
			if !keep(append(append([]*program.Step(nil), steps[:from]...), steps[from+size:]...)) {
				from += size
			}
		}
	}
	for i := len(steps) - 1; i >= 0; i-- {
		for j := 0; j < len(steps[i].Requests) && len(steps[i].Requests) > 1 && tries > 0; {
			shorter := *steps[i]
			shorter.Requests = append(append([]program.Request(nil), steps[i].Requests[:j]...),
				steps[i].Requests[j+1:]...)
			candidate := append([]*program.Step(nil), steps...)
			candidate[i] = &shorter
			if !keep(candidate) {
				j++
			}
			if i >= len(steps) {
				break
			}
		}
	}
	return steps, d
}
