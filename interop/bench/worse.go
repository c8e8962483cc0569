package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// oldName is the contender that a change is compared with.
const oldName = "old"

// A cell got worse when both hold: the median of its ratios is below worseMedian, and the interval
// that holds the median of such rounds in 95 of 100 cases ends below 1. A single bad round, or a
// machine that is restless, shows in the width of the interval.
const worseMedian = 0.97

// resamples is how many times the rounds are drawn anew, with repetition, for the interval.
const resamples = 10_000

// compareWithOld prints the ratio of the first contender to the old binary.
func (t *table) compareWithOld(c cell) {
	i := slices.IndexFunc(t.contenders, func(c *contender) bool { return c.name == oldName })
	if i < 0 {
		return
	}
	now, old := t.contenders[0], t.contenders[i]
	var ratios []float64
	for _, round := range t.rounds {
		ratios = append(ratios, round[now].perSecond()/round[old].perSecond())
	}
	v := judge(ratios)
	t.slower = t.slower || v.worse()
	fmt.Printf("%-14v %v\n", c, v)
}

// verdict is what the rounds of a cell say of a change.
type verdict struct {
	median   float64 // of new by old
	from, to float64 // the 95 % interval of the median
}

func (v verdict) worse() bool { return v.median < worseMedian && v.to < 1 }

func (v verdict) String() string {
	mark := ""
	if v.worse() {
		mark = "FAIL "
	}
	return fmt.Sprintf("%snew/old %.3f, 95 %% interval %.3f to %.3f", mark, v.median, v.from, v.to)
}

// judge takes the ratios of the rounds. The draws are the same each time.
func judge(ratios []float64) verdict {
	ratios = slices.Sorted(slices.Values(ratios))
	random := rand.New(rand.NewPCG(1, 2))
	medians := make([]float64, resamples)
	drawn := make([]float64, len(ratios))
	for i := range medians {
		for j := range drawn {
			drawn[j] = ratios[random.IntN(len(ratios))]
		}
		slices.Sort(drawn)
		medians[i] = middle(drawn)
	}
	slices.Sort(medians)
	return verdict{
		median: middle(ratios),
		from:   medians[resamples*25/1000], to: medians[resamples*975/1000],
	}
}
