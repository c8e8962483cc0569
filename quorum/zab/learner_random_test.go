package zab

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/quorum/effects"
)

var seeds = flag.Int("zab.seeds", 1000, "how many seeds TestLearnerRandomly runs")

// TestLearnerRandomly runs a learner through reigns, crashes and lost connections, under a leader
// like Apache's. The world checks that what is acknowledged is on disk, and that the chain hears
// everything in order; here is checked, after each event, that
//
//   - what is committed and on disk stays there, and so does what was acknowledged to the leader;
//   - nothing is applied before it is committed;
//   - clients see nothing that is not committed;
//   - when everything has come, the log is the leader's, the tree has what is committed, and
//     exactly what must be is acknowledged.
func TestLearnerRandomly(t *testing.T) {
	reached := map[string]int{}
	for seed := range *seeds {
		if t.Run(fmt.Sprint(seed), func(t *testing.T) { runRandomly(t, uint64(seed), nil, reached) }) {
			continue
		}
		var log bytes.Buffer
		t.Run(fmt.Sprint(seed, " told"), func(t *testing.T) {
			defer func() { t.Log(log.String()) }()
			runRandomly(t, uint64(seed), &log, map[string]int{})
		})
		return
	}
	t.Log(reached)
	if *seeds < 1000 {
		return
	}
	for phase := discovery; phase <= following; phase++ {
		require.NotZero(t, reached[fmt.Sprint("crash in phase ", phase)])
		require.NotZero(t, reached[fmt.Sprint("closed in phase ", phase)])
	}
	for _, kind := range []effects.JobKind{effects.ReadLog, effects.ReadMore, effects.BuildTree,
		effects.SaveTree, effects.CanCut} {
		require.NotZero(t, reached[fmt.Sprint("crash in job ", kind)])
	}
	require.NotZero(t, reached["crash while loading"])
}

func runRandomly(t *testing.T, seed uint64, log io.Writer, reached map[string]int) {
	r := rand.New(rand.NewPCG(seed, 9))
	w := newWorld(t)
	w.log = log
	w.kept = []int{0, 2, 500}[r.IntN(3)]
	w.config.Observer = r.IntN(4) == 0
	w.config.InitialZxid = 6
	p := &puppet{w: w, r: r, epoch: 1, ring: []int{0, 2, 500}[r.IntN(3)]}
	w.check, w.told, w.entered = p.check, &p.told, p.entered
	p.elect()
	w.start()
	p.up = true
	for range 300 {
		p.event(reached)
		p.hear()
		p.check()
	}
	p.settle()
	p.check()
	p.checkSettled(reached)
}

// event lets one thing happen.
func (p *puppet) event(reached map[string]int) {
	w := p.w
	if w.ended != nil {
		p.conn = conn{}
		w.rejoin()
		p.up = true
		return
	}
	switch n := p.r.IntN(100); {
	case n < 40:
		p.deliver()
	case n < 60:
		w.flush(min(len(w.queue), 1+p.r.IntN(4)))
	case n < 75 && len(w.jobs) > 0:
		p.job()
	case n < 92:
		p.step()
	case n < 94:
		reached[fmt.Sprint("crash in phase ", w.learner.phase)]++
		if len(w.jobs) > 0 {
			reached[fmt.Sprint("crash in job ", w.jobs[0].Kind)]++
		}
		if w.learner.wait.kind == loading {
			reached["crash while loading"]++
		}
		p.crash()
	case n < 96:
		reached[fmt.Sprint("closed in phase ", w.learner.phase)]++
		p.drop()
	case n < 97:
		p.elect()
	}
}

func (p *puppet) job() {
	if p.w.building() {
		if !p.snaps {
			return
		}
		p.snapEnd()
	}
	p.w.finish(nil)
}

// crash loses what is not on disk; some of the queue may have got there.
func (p *puppet) crash() { p.crashAfter(p.r.IntN(len(p.w.queue) + 1)) }

func (p *puppet) crashAfter(operations int) {
	w := p.w
	w.say("crash")
	w.ended = errors.New("crash") // nobody hears of what the disk still does
	for range operations {
		op := w.queue[0]
		w.queue = w.queue[1:]
		w.operate(&op)
		p.check()
	}
	p.conn = conn{}
	w.config.EmptyFor = 0
	w.start()
	p.up = true
}

// settle lets the connection come to rest.
func (p *puppet) settle() {
	p.reigns = true
	for range 10000 {
		p.hear()
		p.check()
		w := p.w
		switch {
		case w.ended != nil:
			p.event(nil)
		case len(w.jobs) > 0:
			p.job()
		case len(w.queue) > 0:
			w.flush(len(w.queue))
		case len(p.queue) > 0:
			p.deliver()
		case p.acks > 0 && !p.crowned:
			p.crown()
		case p.committed < len(p.log):
			p.commit()
		case p.applied < p.committed:
			p.apply()
		default:
			return
		}
	}
	require.Fail(p.w.t, "it does not come to rest")
}

// check is what holds at any time.
func (p *puppet) check() {
	w, t := p.w, p.w.t
	truth := p.truth
	if p.reigns {
		truth = p.log[:p.committed]
	}
	// What is committed and on disk stays.
	n := 0
	for n < len(truth) && n < len(w.disk.entries) && same(&truth[n], &w.disk.entries[n]) {
		n++
	}
	if w.replaced {
		w.safe = n
	}
	if n < w.safe {
		require.Fail(t, "what is committed has left the disk", names(w.disk.entries))
	}
	w.safe = n
	for _, e := range w.promised {
		i := len(w.disk.upTo(e.Header.Zxid)) - 1
		if i < 0 || !same(&w.disk.entries[i], &e) {
			require.Fail(t, "it was acknowledged", name(&e))
		}
	}
	if w.serves {
		if len(w.tree) > len(truth) || !sameEntries(truth[:len(w.tree)], w.tree) {
			require.Fail(t, "clients see what is not committed", names(w.tree))
		}
	}
}

func same(a, b *jute.Entry) bool { return bytes.Equal(a.Payload, b.Payload) }

func (p *puppet) checkSettled(reached map[string]int) {
	w, t := p.w, p.w.t
	require.True(t, w.serves)
	require.True(t, sameEntries(p.log, w.disk.entries), "log: %s", names(w.disk.entries))
	require.True(t, sameEntries(p.log, w.tree), "tree: %s", names(w.tree))
	require.Equal(t, p.epoch, w.disk.current)
	if !w.config.Observer {
		require.Equal(t, append([]jute.Zxid{}, p.owed...), append([]jute.Zxid{}, p.acked...))
	}
	reached["settled"]++
}
