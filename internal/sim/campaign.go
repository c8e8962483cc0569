package sim

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"quoll/internal/sim/world"
)

// Campaign plays many seeds and adds up what they reached.
type Campaign struct {
	Options
	Seeds, Txns, Requests, Lives int
	Faults, Ticks                int
	// Failed are the seeds with violations, lowest first.
	Failed []*Result
	// Unequal are the seeds that were played twice and went differently the second time.
	Unequal []uint64
	Counts  *world.Counts
}

// twiceEvery is how often a seed is played again: 1 % of them.
const twiceEvery = 100

// Play plays seeds on so many goroutines. Each result is handed to done, which may be nil, one at a
// time and in any order.
func Play(seeds []uint64, o Options, workers int, done func(*Result)) *Campaign {
	c := &Campaign{Options: o, Counts: world.NewCounts()}
	next := make(chan int)
	var mu sync.Mutex // guards c and done
	var all sync.WaitGroup
	for range max(workers, 1) {
		all.Go(func() {
			for i := range next {
				r := Run(seeds[i], o, nil)
				equal := i%twiceEvery != 0 || Run(seeds[i], o, nil).Trace == r.Trace
				mu.Lock()
				c.add(r, equal)
				if done != nil {
					done(r)
				}
				r.History = nil // a campaign is long: its histories would fill the memory
				mu.Unlock()
			}
		})
	}
	for i := range seeds {
		mu.Lock()
		over := o.First && len(c.Failed) > 0
		mu.Unlock()
		if over {
			break
		}
		next <- i
	}
	close(next)
	all.Wait()
	slices.SortFunc(c.Failed, func(a, b *Result) int {
		if a.Seed < b.Seed {
			return -1
		}
		return 1
	})
	slices.Sort(c.Unequal)
	return c
}

func (c *Campaign) add(r *Result, equal bool) {
	c.Seeds++
	c.Txns += r.Txns
	c.Requests += r.Requests
	c.Lives += r.Lives
	c.Faults += r.Faults
	c.Ticks += r.Ticks
	c.Counts.Merge(r.Counts)
	if len(r.Violations) > 0 {
		c.Failed = append(c.Failed, r)
	}
	if !equal {
		c.Unequal = append(c.Unequal, r.Seed)
	}
}

// Range is n seeds from from on.
func Range(from, n uint64) []uint64 {
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = from + uint64(i)
	}
	return seeds
}

// ReadSeeds reads a file of seeds, one a line. Whatever follows a seed on its line is ignored.
func ReadSeeds(from io.Reader) ([]uint64, error) {
	var seeds []uint64
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		word, _, _ := strings.Cut(line, " ")
		seed, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		seeds = append(seeds, seed)
	}
	return seeds, lines.Err()
}

// WriteFailed appends the seeds that failed, each with its first violation.
func (c *Campaign) WriteFailed(to io.Writer) error {
	for _, r := range c.Failed {
		why, _, _ := strings.Cut(r.Violations[0], "\n")
		if _, err := fmt.Fprintf(to, "%d %.200s\n", r.Seed, why); err != nil {
			return err
		}
	}
	return nil
}
