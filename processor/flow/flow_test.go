package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/processor/flow"
)

// ours are the reasons for which somebody must release a connection.
var ours = []flow.Reason{
	flow.Connecting, flow.InFlight, flow.GlobalLimit, flow.BulkTurn, flow.InputBudget,
}

// A connection is parked once for a wait, however its reason changes, and unparked once, by the
// reason that it waits for and no other.
func TestParkedOnceAndReleasedByItsReason(t *testing.T) {
	for _, r := range ours {
		var c flow.Control
		require.False(t, c.Parked())
		require.True(t, c.Wait(r), r)
		require.True(t, c.Parked())
		require.True(t, c.Took(10, 4), "new bytes")
		require.False(t, c.Wait(r), "parked already")
		for _, other := range append(ours, flow.Nothing, flow.Share, flow.OutputFull) {
			if other != r {
				require.False(t, c.Release(other), "%v ends a wait for %v", other, r)
			}
		}
		require.Equal(t, r, c.Why())
		require.True(t, c.Release(r))
		require.Equal(t, flow.Share, c.Why(), "something is left: its input comes")
		require.False(t, c.Parked())
		require.False(t, c.Release(r), "once")
		c.Take()
		require.Equal(t, flow.Nothing, c.Why())
		require.True(t, c.Wait(r))
		require.True(t, c.Took(6, 6), "what came before is taken")
		require.False(t, c.Took(0, 0), "nothing is new")
		require.True(t, c.Release(r))
		require.Equal(t, flow.Nothing, c.Why(), "nothing is left: nothing comes by itself")
	}
}

// A connection that is due was not stopped and cannot be released. It can be stopped.
func TestShareIsNoStop(t *testing.T) {
	var c flow.Control
	require.False(t, c.Wait(flow.Share))
	require.False(t, c.Parked())
	require.False(t, c.Release(flow.Share))
	require.True(t, c.Wait(flow.InFlight), "from there it is parked")
}

// What a tick has to do for a session, by the state of its connection.
func TestWhatASessionIsDue(t *testing.T) {
	const timeout = 4000
	wait := func(r flow.Reason) *flow.Control {
		c := new(flow.Control)
		c.Wait(r)
		return c
	}
	full := func(c *flow.Control) *flow.Control { c.SetFull(true); return c }
	over := func(c *flow.Control) *flow.Control { c.End(); return c }
	type row struct {
		name string
		c    *flow.Control
		want flow.Due
	}
	rows := []row{
		{"it is read from", new(flow.Control), flow.Leave},
		{"connecting", wait(flow.Connecting), flow.Leave},
		{"due", wait(flow.Share), flow.AskInput},
		{"full", full(new(flow.Control)), flow.AskOutput},
		{"full and due", full(wait(flow.Share)), flow.AskOutput},
		{"over", over(wait(flow.InFlight)), flow.Leave},
		{"over and full", over(full(new(flow.Control))), flow.Leave},
	}
	for _, r := range []flow.Reason{
		flow.InFlight, flow.GlobalLimit, flow.BulkTurn, flow.InputBudget,
	} {
		rows = append(rows,
			row{r.String(), wait(r), flow.AskInput},
			row{r.String() + " and full", full(wait(r)), flow.AskOutput})
	}
	for _, r := range rows {
		require.Equal(t, r.want, r.c.Look(timeout/2, timeout, false), r.name)
		late := r.want
		if late == flow.AskInput {
			late = flow.Leave // it was heard a short time ago: nobody asks the kernel
		}
		require.Equal(t, late, r.c.Look(timeout/2-1, timeout, false), r.name)
	}
	c := full(new(flow.Control))
	c.SetFull(false)
	require.Equal(t, flow.Leave, c.Look(timeout, timeout, false), "no longer full")
}

// Output that does not move is no sign of life. A byte that moves is a sign, once.
func TestOutputThatMovesIsASign(t *testing.T) {
	var c flow.Control
	require.False(t, c.Moved(0))
	require.True(t, c.Moved(1))
	require.False(t, c.Moved(1))
	require.False(t, c.Moved(0), "it never falls")
	require.True(t, c.Moved(2))
}

func TestHeardAt(t *testing.T) {
	require.Equal(t, int64(1000), flow.HeardAt(1000, 500, 0, true))
	require.Equal(t, int64(900), flow.HeardAt(1000, 500, 100, true))
	require.Equal(t, int64(500), flow.HeardAt(1000, 500, 700, true), "never earlier than before")
	require.Equal(t, int64(1000), flow.HeardAt(1000, 500, 700, false), "nobody knows: now")
}

func TestReasonsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for r := flow.Nothing; r <= flow.OutputFull; r++ {
		require.False(t, seen[r.String()], r.String())
		require.NotEqual(t, "unknown", r.String())
		seen[r.String()] = true
	}
	require.Equal(t, "unknown", (flow.OutputFull + 1).String())
	require.Equal(t, "output full", flow.OutputFull.String())
}

// A line is compared with a slice of its members.
func TestLineAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l flow.Line[int]
		places := make([]flow.Place[int], 8)
		var order []int // members in line
		called := map[int]bool{}
		at := func(who int) int {
			for i, w := range order {
				if w == who {
					return i
				}
			}
			return -1
		}
		t.Repeat(map[string]func(*rapid.T){
			"join": func(t *rapid.T) {
				who := rapid.IntRange(0, 7).Draw(t, "who")
				i := at(who)
				if i < 0 {
					order = append(order, who)
				} else if called[who] {
					for _, behind := range order[i:] {
						delete(called, behind)
					}
				}
				l.Join(&places[who], who)
			},
			"leave": func(t *rapid.T) {
				who := rapid.IntRange(0, 7).Draw(t, "who")
				if i := at(who); i >= 0 {
					order = append(order[:i:i], order[i+1:]...)
					delete(called, who)
				}
				l.Leave(&places[who])
			},
			"call": func(t *rapid.T) {
				p := l.Call()
				for _, who := range order {
					if !called[who] {
						require.NotNil(t, p)
						require.Equal(t, who, p.Who, "the first that is not called")
						called[who] = true
						return
					}
				}
				require.Nil(t, p)
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(order), l.Len())
				require.Equal(t, len(called), l.Calls())
				if len(order) == 0 {
					require.Nil(t, l.Head())
				} else {
					require.Equal(t, order[0], l.Head().Who)
				}
				for who := range places {
					require.Equal(t, at(who) >= 0, places[who].In())
					require.Equal(t, called[who], places[who].Called())
					first := len(order) == 0 || order[0] == who
					require.Equal(t, first, l.First(&places[who]))
				}
			},
		})
	})
}

// After a hang-up a look asks at once, and only once, for what came before it.
func TestAHangUpIsTheLastSign(t *testing.T) {
	var c flow.Control
	c.Wait(flow.InFlight)
	require.Equal(t, flow.Leave, c.Look(0, 4000, false), "heard just now")
	require.Equal(t, flow.AskInput, c.Look(0, 4000, true), "but it hung up")
	require.Equal(t, flow.Leave, c.Look(4000, 4000, true))
	require.Equal(t, flow.Leave, c.Look(4000, 4000, false), "for good")
	require.Equal(t, flow.Leave, c.Last(), "also when its connection ends")
	c = flow.Control{}
	c.SetFull(true)
	require.Equal(t, flow.AskOutput, c.Look(4000, 4000, true))
	require.Equal(t, flow.Leave, c.Look(4000, 4000, true))
	for want, why := range map[flow.Due]flow.Reason{
		flow.Leave: flow.Connecting, flow.AskInput: flow.BulkTurn,
	} {
		c = flow.Control{}
		c.Wait(why)
		require.Equal(t, want, c.Last())
	}
}

// At least one goes through at each call, in order, and no more than there is room for.
func TestGateCallsAsManyAsThereIsRoomFor(t *testing.T) {
	var g flow.Gate[int]
	places := make([]flow.Place[int], 5)
	require.True(t, g.Enter(&places[0], 0, 1), "room")
	for i := 1; i < 5; i++ {
		require.False(t, g.Enter(&places[i], i, 0))
	}
	require.False(t, g.Enter(&places[0], 0, 1), "room, but others wait")
	var called []int
	call := func(who int) { called = append(called, who) }
	g.Call(2, call)
	require.Equal(t, []int{1, 2}, called)
	g.Call(2, call)
	require.Len(t, called, 2, "they have not come yet")
	require.True(t, g.Enter(&places[1], 1, 2))
	require.False(t, g.Enter(&places[2], 2, 0), "the room is gone")
	called = nil
	g.Call(9, call)
	require.Equal(t, []int{2, 3, 4, 0}, called)
	g.Call(9, call)
	require.Len(t, called, 4, "all are called")
}

// One member is let in whatever its size, more only if they fit. None passes another in line.
func TestTurnsAreTakenInOrder(t *testing.T) {
	turns := flow.Turns[int]{Most: 10}
	places := make([]flow.Place[flow.Large[int]], 5)
	enter := func(who, size int) bool {
		in := turns.Enter(&places[who], who, size)
		if in {
			turns.Inside += size
		}
		return in
	}
	var called []int
	call := func(who int) { called = append(called, who) }
	require.True(t, enter(0, 50), "alone it may be as large as it likes")
	require.False(t, enter(1, 8))
	require.False(t, enter(2, 1))
	turns.Call(call)
	require.Empty(t, called)
	turns.Inside = 4
	turns.Call(call)
	require.Empty(t, called, "8 do not fit beside 4")
	require.False(t, enter(3, 1), "1 would, but does not pass")
	turns.Inside = 2
	turns.Call(call)
	turns.Call(call)
	require.Equal(t, []int{1}, called, "one at a time")
	require.True(t, enter(1, 8))
	require.Equal(t, 2, turns.Len())
	called = nil
	turns.Inside = 0
	turns.Call(call)
	require.Equal(t, []int{2}, called)
	turns.Inside = 10
	require.False(t, enter(2, 1), "the room is gone: it waits again")
	turns.Inside = 0
	turns.Call(call)
	require.Equal(t, []int{2, 2}, called)
}

// Every tick looks at each member once, however many leave or join meanwhile.
func TestWatchLooksAtEachOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const members = 20
		var w flow.Watch[int]
		var slots [members]flow.Slot
		in := map[int]bool{}
		join := func(who int) {
			w.Join(&slots[who], who)
			in[who] = true
		}
		for range rapid.IntRange(1, 5).Draw(t, "ticks") {
			for _, who := range rapid.SliceOf(rapid.IntRange(0, members-1)).Draw(t, "join") {
				join(who)
			}
			require.Equal(t, len(in) > 0, w.Tick())
			due := map[int]bool{}
			for who := range in {
				due[who] = true
			}
			require.Equal(t, len(in) > 0, w.Due())
			seen := map[int]int{}
			for more := len(in) > 0; more; {
				more = w.Look(3, func(who int) bool {
					seen[who]++
					stay := rapid.Bool().Draw(t, "stay")
					if !stay {
						delete(in, who)
					} else if other := rapid.IntRange(0, members-1).Draw(t, "joins"); other != who {
						join(other)
					}
					return stay
				})
			}
			require.False(t, w.Due())
			for who := range due {
				require.Equal(t, 1, seen[who], who)
			}
		}
	})
}
