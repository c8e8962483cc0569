package rounds

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRounds plays events of a leader with two voters beside it, a and b; two of three are a
// quorum. Words are
//
//	ask=3       something comes, and waits for round 3
//	step        the effects of a step leave
//	ping        a round begins;  due, rests  whether it should
//	a b         the voter answers;  +a, +b  UPTODATE leaves to it
//	back=3      round 3, and all before, has come back
func TestRounds(t *testing.T) {
	for name, events := range map[string]string{
		"a round comes back":      "+a +b rests ask=1 due ping rests step a back=1 rests",
		"the other counts too":    "+a +b ask=1 ping step b back=1",
		"nobody has answered":     "+a +b ask=1 ping step back=0",
		"nobody has asked":        "+a +b ping step rests a back=1 rests",
		"one PING does for many":  "+a +b ask=1 ask=1 due ping ask=1 step a back=1 rests",
		"a PING on its way":       "+a +b ping step ask=2 rests a back=1 due ping step a back=2 rests",
		"a PING still here":       "+a +b ping ask=1 step a back=1 rests",
		"two on their way":        "+a +b ping step ping step ask=3 a back=1 rests a back=2 due",
		"answers of two voters":   "+a +b ping step ping step ask=3 ping step a b back=1 b b back=3",
		"late answers":            "+a +b ping step b back=1 a back=1 ask=2 due",
		"too many answers":        "+a +b ask=1 ping step a a back=1 ping step back=1 b b back=2",
		"before UPTODATE":         "ask=1 ping step +a +b back=0 ping step a back=2",
		"UPTODATE behind a round": "+a ask=1 ping step +b back=0 a back=1",
		"a newcomer":              "+b ping step b back=1 ask=2 ping step +a back=1 a back=1 b back=2",
		"the same in one step":    "+b ask=1 ping +a step a back=0 b back=1",
	} {
		var r Rounds
		links, turn := map[string]*Link{"a": {}, "b": {}}, uint64(1)
		for i, event := range strings.Fields(events) {
			have := event
			switch word, _, _ := strings.Cut(event, "="); word {
			case "ask":
				have = fmt.Sprintf("ask=%d", r.Ask(turn))
			case "step":
				turn++
			case "ping":
				r.Begin(turn)
			case "due", "rests":
				have = map[bool]string{true: "due", false: "rests"}[r.Due()]
			case "back":
				have = fmt.Sprintf("back=%d", r.Back())
			case "+a", "+b":
				links[word[1:]].Serve(&r)
			default:
				links[word].Answer(&r)
				r.Settle(func(n uint64) bool { return links["a"].Has(n) || links["b"].Has(n) })
			}
			require.Equal(t, event, have, "%s: event %d of %q", name, i, events)
		}
	}
}

// A leader that is a quorum by itself needs no answers.
func TestARoundOfOne(t *testing.T) {
	var r Rounds
	require.EqualValues(t, 1, r.Ask(1))
	r.Begin(1)
	require.True(t, r.Settle(func(uint64) bool { return true }))
	require.EqualValues(t, 1, r.Back())
	require.False(t, r.Settle(func(uint64) bool { return true }))
}

// TestRoundsAgainstNumberedPings: five servers whose PINGs, other than real ones, have numbers and
// times. What has come back then is exactly what a quorum has answered, and it was asked later than
// what waits for it.
func TestRoundsAgainstNumberedPings(t *testing.T) {
	type ping struct{ round, sent uint64 }
	rng := rand.New(rand.NewPCG(3, 1))
	var r Rounds
	var links [4]Link
	var served [4]bool
	var under [4][]ping          // on their way
	var answered [4]uint64       // the last round by the number in the PING
	asked := map[uint64]uint64{} // by round: the last turn in which it was asked for
	sent := map[uint64]uint64{}  // by round: the turn with which its PINGs left
	back := 0
	for turn := uint64(1); turn < 20_000; turn++ {
		for range rng.IntN(3) {
			switch i := rng.IntN(4); rng.IntN(8) {
			case 0, 1:
				asked[r.Ask(turn)] = turn
			case 2:
				r.Begin(turn)
				sent[r.begun] = turn
				for i := range links {
					under[i] = append(under[i], ping{r.begun, turn})
					if !served[i] {
						under[i] = nil // it is not answered
					}
				}
			case 3:
				if rng.IntN(10) == 0 { // it connects anew
					links[i], served[i], under[i], answered[i] = Link{}, false, nil, 0
				} else if !served[i] {
					links[i].Serve(&r)
					served[i] = true
				}
			default:
				if len(under[i]) > 0 && under[i][0].sent < turn {
					answered[i], under[i] = under[i][0].round, under[i][1:]
					links[i].Answer(&r)
				}
			}
			for round := r.back; round <= r.begun; round++ {
				for i := range links {
					require.Equal(t, round > 0 && answered[i] >= round, links[i].Has(round) && round > 0)
				}
			}
			was := r.Back()
			if r.Settle(func(round uint64) bool {
				n := 1
				for i := range links {
					if links[i].Has(round) {
						n++
					}
				}
				return n >= 3
			}) {
				back++
				for round := was + 1; round <= r.Back(); round++ {
					require.LessOrEqual(t, asked[round], sent[round], "round %d", round)
				}
			}
		}
	}
	require.Greater(t, back, 500)
}
