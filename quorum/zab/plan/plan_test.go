package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/quorum/zab/plan"
)

func z(epoch, counter int) jute.Zxid { return jute.Zxid(epoch)<<32 | jute.Zxid(counter) }

// memory is the end of a log: before, and what stands behind it.
type memory struct {
	before jute.Zxid
	behind []jute.Entry
}

// remember makes the memory of a log that has dropped its first transactions.
func remember(log []jute.Zxid, dropped int) *memory {
	m := &memory{}
	if dropped > 0 {
		m.before = log[dropped-1]
	}
	for _, zxid := range log[dropped:] {
		m.behind = append(m.behind, jute.Entry{Header: jute.TxnHeader{Zxid: zxid}})
	}
	return m
}

func (m *memory) Before() jute.Zxid    { return m.before }
func (m *memory) At(i int) *jute.Entry { return &m.behind[i] }

func (m *memory) Behind(zxid jute.Zxid) (i int, ok bool) {
	i = slices.IndexFunc(m.behind, func(e jute.Entry) bool { return e.Header.Zxid > zxid })
	if i < 0 {
		i = len(m.behind)
	}
	return i, zxid >= m.before
}

func (m *memory) Last() jute.Zxid {
	if n := len(m.behind); n > 0 {
		return m.behind[n-1].Header.Zxid
	}
	return m.before
}

func TestTable(t *testing.T) {
	log := []jute.Zxid{z(1, 1), z(1, 2), z(1, 3), z(2, 1), z(2, 2), z(2, 3), z(2, 4)}
	all := plan.Log{Below: z(1, 2), Bytes: 100}
	for _, c := range []struct {
		name string
		q    plan.Question
		want plan.Plan
	}{
		{"nothing", plan.Question{}, plan.Plan{Kind: plan.Snap}},
		{"the end of the committed", plan.Question{Peer: z(2, 2)}, plan.Plan{plan.Diff, z(2, 2)}},
		{"committed", plan.Question{Peer: z(2, 1)}, plan.Plan{plan.Diff, z(2, 1)}},
		{"the first in front", plan.Question{Peer: z(1, 2)}, plan.Plan{plan.Diff, z(1, 2)}},
		{"a new epoch", plan.Question{Peer: z(2, 0)}, plan.Plan{plan.Diff, z(2, 0)}},
		{"the own epoch", plan.Question{Peer: z(3, 0), Committed: z(2, 4), Epoch: 3},
			plan.Plan{plan.Diff, z(3, 0)}},
		{"an epoch that may not have stood", plan.Question{Peer: z(3, 0), Committed: z(2, 4),
			Epoch: 4}, plan.Plan{Kind: plan.Snap}},
		{"outstanding", plan.Question{Peer: z(2, 3)}, plan.Plan{plan.Trunc, z(2, 2)}},
		{"the end", plan.Question{Peer: z(2, 4)}, plan.Plan{plan.Trunc, z(2, 2)}},
		{"the end, and all committed", plan.Question{Peer: z(2, 4), Committed: z(2, 4)},
			plan.Plan{plan.Diff, z(2, 4)}},
		{"behind the end", plan.Question{Peer: z(2, 9)}, plan.Plan{plan.Trunc, z(2, 2)}},
		{"behind the end, all committed", plan.Question{Peer: z(2, 9), Committed: z(2, 4)},
			plan.Plan{plan.Trunc, z(2, 4)}},
		{"another tail", plan.Question{Peer: z(1, 7)}, plan.Plan{plan.Trunc, z(1, 3)}},
		{"another epoch", plan.Question{Peer: z(3, 1), Committed: z(2, 4)},
			plan.Plan{Kind: plan.Snap}},
		{"a TRUNC into the snapshot", plan.Question{Peer: z(2, 4), Took: z(2, 2)},
			plan.Plan{Kind: plan.Snap}},
		{"a TRUNC above the snapshot", plan.Question{Peer: z(2, 4), Took: z(2, 1)},
			plan.Plan{plan.Trunc, z(2, 2)}},
		{"a DIFF in spite of a snapshot", plan.Question{Peer: z(2, 2), Took: z(2, 2)},
			plan.Plan{plan.Diff, z(2, 2)}},
		{"forced", plan.Question{Peer: z(2, 2), Force: true}, plan.Plan{Kind: plan.Snap}},
		{"the log is asked", plan.Question{Peer: z(1, 1), LogBytes: 100},
			plan.Plan{Kind: plan.AskLog}},
		{"the log is not asked", plan.Question{Peer: z(1, 1), LogBytes: -1},
			plan.Plan{Kind: plan.Snap}},
		{"the log has it", plan.Question{Peer: z(1, 1), LogBytes: 100,
			Log: &plan.Log{Below: z(1, 1), Bytes: 100}}, plan.Plan{plan.Diff, z(1, 1)}},
		{"the log is long", plan.Question{Peer: z(1, 1), LogBytes: 99,
			Log: &plan.Log{Below: z(1, 1), Bytes: 100}}, plan.Plan{Kind: plan.Snap}},
		{"the log has a gap", plan.Question{Peer: z(1, 1), LogBytes: 100,
			Log: &plan.Log{Gap: true}}, plan.Plan{Kind: plan.Snap}},
		{"the log was not needed", plan.Question{Peer: z(2, 2), Log: &all},
			plan.Plan{plan.Diff, z(2, 2)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := c.q
			q.Memory = remember(log, 2)
			if q.Committed == 0 {
				q.Committed = z(2, 2)
			}
			require.Equal(t, c.want, plan.Sync(q))
		})
	}
}

// TestNothingCommitted: there is no transaction to which a learner could be cut.
func TestNothingCommitted(t *testing.T) {
	m := remember([]jute.Zxid{z(1, 1), z(1, 2)}, 0)
	q := plan.Question{Peer: z(1, 2), Committed: z(1, 0), Memory: m}
	require.Equal(t, plan.Plan{Kind: plan.Snap}, plan.Sync(q))
	m = remember(nil, 0)
	require.Equal(t, plan.Plan{Kind: plan.Diff}, plan.Sync(plan.Question{Memory: m}))
	m.before = z(1, 0) // a snapshot of a reign in which nothing was proposed
	require.Equal(t, plan.Plan{plan.Diff, z(1, 0)},
		plan.Sync(plan.Question{Peer: z(1, 0), Committed: z(1, 0), Memory: m, Epoch: 1}))
	require.Equal(t, plan.Plan{Kind: plan.Snap},
		plan.Sync(plan.Question{Peer: z(1, 0), Committed: z(1, 0), Memory: m, Epoch: 2}))
	require.Equal(t, plan.Plan{Kind: plan.Snap},
		plan.Sync(plan.Question{Peer: z(1, 1), Committed: z(1, 0), Memory: m}),
		"(1, 0) is no transaction")
}

// world is a set of histories as an ensemble can have them.
type world struct{ epochs []epoch }

// epoch began with one of the histories that were there, and went on with transactions of its own.
type epoch struct{ base, own []jute.Zxid }

// histories are all prefixes of all histories.
func (w *world) histories() [][]jute.Zxid {
	all := [][]jute.Zxid{nil}
	for _, e := range w.epochs {
		for i := range e.own {
			all = append(all, append(slices.Clone(e.base), e.own[:i+1]...))
		}
	}
	return all
}

// everyWorld calls f with every world of so many epochs, each of up to perEpoch transactions, the
// first of which may have any of the counters.
func everyWorld(epochs, perEpoch int, counters []int, f func(*world)) {
	var grow func(w world)
	grow = func(w world) {
		if len(w.epochs) == epochs {
			f(&w)
			return
		}
		e := len(w.epochs) + 1
		for _, base := range w.histories() {
			for _, first := range counters {
				for n := range perEpoch + 1 {
					if n == 0 && first != counters[0] {
						continue
					}
					own := make([]jute.Zxid, n)
					for i := range own {
						own[i] = z(e, first+i)
					}
					grow(world{epochs: append(slices.Clone(w.epochs), epoch{base, own})})
				}
			}
		}
	}
	grow(world{})
}

func startsWith(history, prefix []jute.Zxid) bool {
	return len(prefix) <= len(history) && slices.Equal(history[:len(prefix)], prefix)
}

// learner is a peer that joins: its history, what it says its last zxid is, and up to which place
// its log is empty, because it has a snapshot instead.
type learner struct {
	history []jute.Zxid
	says    jute.Zxid
	empty   int
}

// learners are all that can join a leader with this history.
func (w *world) learners(leader []jute.Zxid) []learner {
	var all []learner
	for _, h := range w.histories() {
		says := jute.Zxid(0)
		if len(h) > 0 {
			says = h[len(h)-1]
		}
		for empty := range len(h) + 1 {
			all = append(all, learner{h, says, empty})
		}
	}
	for i, e := range w.epochs {
		// Who says (epoch, 0) has the history with which it began. The last epoch is the leader's,
		// and it stands: what it began with is committed.
		if i+1 < len(w.epochs) || startsWith(leader, e.base) && !slices.ContainsFunc(
			leader[len(e.base):], func(zxid jute.Zxid) bool { return zxid < z(i+1, 0) }) {
			for empty := range len(e.base) + 1 {
				all = append(all, learner{e.base, z(i+1, 0), empty})
			}
		}
	}
	return all
}

// TestEveryHistory tries every leader of every small world, with every commit point, part of the
// history in memory and in the log, and every learner: afterwards the learner has the leader's
// history, everything outstanding was sent to it, and there is no SNAP without need.
func TestEveryHistory(t *testing.T) {
	cases, kinds := 0, map[plan.Kind]int{}
	each := func(w *world) {
		for _, h := range w.histories() {
			for committed := range len(h) + 1 {
				for dropped := range committed + 1 {
					for purged := range dropped + 1 {
						for _, l := range w.learners(h) {
							epoch := int64(len(w.epochs))
							kinds[check(t, h, epoch, committed, dropped, purged, l)]++
							cases++
						}
					}
				}
			}
		}
	}
	everyWorld(3, 2, []int{1, 5}, each)
	everyWorld(2, 4, []int{1}, each)
	t.Logf("%d cases: %v", cases, kinds)
	for kind := plan.Diff; kind <= plan.Snap; kind++ {
		require.Greater(t, kinds[kind], 10_000)
	}
}

// check makes a plan, carries it out and judges it.
func check(t *testing.T, h []jute.Zxid, epoch int64, committed, dropped, purged int,
	l learner) plan.Kind {
	at := func(n int) jute.Zxid {
		if n == 0 {
			return 0
		}
		return h[n-1]
	}
	q := plan.Question{Peer: l.says, Committed: at(committed), Memory: remember(h, dropped),
		Epoch: epoch}
	if l.empty > 0 {
		q.Took = l.history[l.empty-1]
	}
	below := 0
	for below < len(h) && h[below] <= l.says {
		below++
	}
	p := plan.Sync(q)
	if p.Kind == plan.AskLog {
		// The log begins behind what was purged.
		if q.Log = (&plan.Log{Gap: below <= purged && purged > 0, Below: at(below)}); q.Log.Gap {
			q.Log.Below = 0
		}
		p = plan.Sync(q)
	}
	what := func() string {
		return fmt.Sprintf("leader %v, %d committed, %d dropped, %d purged; learner %+v: %+v",
			h, committed, dropped, purged, l, p)
	}
	inside := startsWith(h, l.history) && len(l.history) <= committed
	var got []jute.Zxid
	switch p.Kind {
	case plan.Snap:
		reached := l.says.Counter() > 0 && (below >= dropped || below > purged || purged == 0)
		if inside && (reached || l.says == 0 && len(h) == 0) {
			t.Fatalf("SNAP without need: %s", what())
		}
		return p.Kind
	case plan.Trunc:
		cut := slices.Index(l.history, p.From)
		if cut < l.empty {
			t.Fatalf("TRUNC to what the learner's log does not have: %s", what())
		}
		got = slices.Clone(l.history[:cut+1])
	case plan.Diff:
		if p.From != l.says {
			t.Fatalf("DIFF from another place: %s", what())
		}
		got = slices.Clone(l.history)
	default:
		t.Fatalf("no plan: %s", what())
	}
	for i, zxid := range h {
		if zxid > p.From && i < purged {
			t.Fatalf("%v is purged: %s", zxid, what())
		}
		if zxid > p.From {
			got = append(got, zxid)
		} else if i >= committed {
			t.Fatalf("%v is outstanding and not sent again: %s", zxid, what())
		}
	}
	if !slices.Equal(h, got) {
		t.Fatalf("the learner has %v: %s", got, what())
	}
	return p.Kind
}
