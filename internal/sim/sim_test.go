package sim

import (
	"flag"
	"os"
	"runtime"
	"sync"
	"testing"
)

var (
	from  = flag.Uint64("sim.from", 1, "the first seed")
	seeds = flag.Uint64("sim.seeds", 500, "how many seeds")
	tell  = flag.Bool("sim.tell", false, "tell what happens")
)

// play plays a range of seeds on all cores.
func play(t *testing.T, from, n uint64) *Campaign {
	t.Helper()
	c := NewCampaign()
	next := make(chan uint64)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for seed := range next {
				r := Run(seed, nil)
				mu.Lock()
				c.Add(r)
				mu.Unlock()
			}
		})
	}
	for seed := from; seed < from+n; seed++ {
		next <- seed
	}
	close(next)
	all.Wait()
	return c
}

func TestSeeds(t *testing.T) {
	if *tell {
		r := Run(*from, os.Stdout)
		t.Fatalf("%q", r.Violations)
	}
	c := play(t, *from, *seeds)
	for _, r := range c.Failed {
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s", r.Seed, v)
		}
	}
	missing(t, c)
	t.Logf("%d seeds, %d transactions, %d requests, %d starts",
		c.Seeds, c.Txns, c.Requests, c.Lives)
	if testing.Verbose() {
		c.Counts.Print(os.Stdout)
	}
}

// missing fails for what a campaign should have reached and did not.
func missing(t *testing.T, c *Campaign) {
	t.Helper()
	for _, m := range c.Counts.Missing() {
		t.Errorf("never reached: %s", m)
	}
}
