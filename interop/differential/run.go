package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

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
	steps    []*step // all that were played
	requests int
	events   int
	codes    map[string]int // of replies, by operation and code
	diff     *difference    // the last one, nil: none
	diffs    int
}

// difference is where two servers part: at place at of what they did because of the last step.
type difference struct {
	at   int
	a, b []seen
	text string // for people
	sign string // what kind it is
}

// request is the place in its batch of the request whose answers differ, or -1.
func (d *difference) request() int {
	for _, list := range [][]seen{d.a, d.b} {
		if x := element(list, d.at); x != nil && x.what == "reply" {
			return x.index
		}
	}
	return -1
}

// pair is two fresh servers.
type pair struct {
	a, b  *side
	procs [2]*process.Server
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
		a: newSide(s.first, first.Addr()), b: newSide(s.second, second.Addr()),
		procs: [2]*process.Server{first, second},
	}
	p.stop = func() {
		p.a.close()
		p.b.close()
		stopFirst()
		stopSecond()
	}
	return p, nil
}

// play does one step on both servers at once.
func (p *pair) play(ctx context.Context, st *step) *difference {
	done := make(chan []seen)
	go func() { done <- p.b.play(ctx, st) }()
	inA := p.a.play(ctx, st)
	inB := <-done
	at, same := differ(p.a, p.b, inA, inB)
	if same && !p.ended(inA) {
		return nil
	}
	d := &difference{at: at, a: inA, b: inB}
	x, y := element(inA, at), element(inB, at)
	d.sign = signature(x, y)
	d.text = p.describe(d, x, y)
	return d
}

// level hangs up what is connected to one side alone.
func (p *pair) level() {
	for i := range slots {
		if p.a.conns[i] == nil || p.b.conns[i] == nil {
			p.a.hangUp(i)
			p.b.hangUp(i)
		}
	}
}

// ended looks whether a server ended with what it did.
func (p *pair) ended(did []seen) bool {
	if !slices.ContainsFunc(did, func(x seen) bool { return x.what == "closed" }) {
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

func element(list []seen, at int) *seen {
	if at < len(list) {
		return &list[at]
	}
	return nil
}

func (p *pair) describe(d *difference, x, y *seen) string {
	var text strings.Builder
	for _, s := range []struct {
		name string
		list []seen
	}{{p.a.name + " (first)", d.a}, {p.b.name + " (second)", d.b}} {
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
	if x != nil && y != nil && x.what == y.what {
		fmt.Fprintf(&text, "  masked bytes %s\n           and %s\n",
			hexDump(p.a.canonical(*x)), hexDump(p.b.canonical(*y)))
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

// run makes and plays the program of a seed until it has sent so many requests or the servers
// differ.
func run(ctx context.Context, s setup, seed uint64, requests int) (*result, error) {
	p, err := newPair(ctx, s)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	g := newGenerator(seed)
	g.tame, g.quotas = s.tame, s.quota
	res := &result{codes: map[string]int{}}
	for res.requests < requests && ctx.Err() == nil {
		st := g.next()
		res.steps = append(res.steps, st)
		res.requests += max(1, len(st.requests))
		if d := p.play(ctx, st); d != nil {
			res.diff = d
			res.diffs++
			if s.onDiff == nil || !s.onDiff(seed, res) || p.a.now != p.b.now {
				return res, nil
			}
			p.level()
		}
		res.count(p.a.seen)
		g.learn(st, p.a.seen)
		for i, c := range p.a.conns {
			if c == nil {
				g.gone(i)
			}
		}
	}
	return res, ctx.Err()
}

func (r *result) count(did []seen) {
	for _, x := range did {
		switch x.what {
		case "event":
			r.events++
		case "reply":
			var h jute.ReplyHeader
			if _, err := jute.Decode(x.frame, &h); err == nil {
				r.codes[x.op.String()+" "+h.Err.String()]++
			}
		default:
			r.codes[x.what]++
		}
	}
}

// replay plays steps that were made before.
func replay(ctx context.Context, s setup, steps []*step) (*difference, int, error) {
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
	ctx context.Context, s setup, steps []*step, d *difference, tries int,
) ([]*step, *difference) {
	keep := func(candidate []*step) bool {
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
			if !keep(append(append([]*step(nil), steps[:from]...), steps[from+size:]...)) {
				from += size
			}
		}
	}
	for i := len(steps) - 1; i >= 0; i-- {
		for j := 0; j < len(steps[i].requests) && len(steps[i].requests) > 1 && tries > 0; {
			shorter := *steps[i]
			shorter.requests = append(append([]request(nil), steps[i].requests[:j]...),
				steps[i].requests[j+1:]...)
			candidate := append([]*step(nil), steps...)
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
