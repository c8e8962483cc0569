package sim

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var (
	from  = flag.Uint64("sim.from", 1, "the first seed")
	seeds = flag.Uint64("sim.seeds", usual, "how many seeds")
	nodes = flag.Int("sim.nodes", 0, "how many servers vote; 0: the seed draws")
	many  = flag.Uint64("sim.ensembles", usual, "how many seeds of ensembles")
	first = flag.Bool("sim.first", false, "end with the first seed of an ensemble that fails")
	aloud = flag.Bool("sim.tell", false, "play only the first seed and tell what happens")
)

// alone is a standalone server.
//
// read-only: options.
var alone = Options{Nodes: 1}

// judge fails for everything that a campaign found.
func judge(t *testing.T, c *Campaign) {
	t.Helper()
	for _, r := range c.Failed {
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s", r.Seed, v)
		}
	}
	for _, seed := range c.Unequal {
		t.Errorf("seed %d: two runs differ", seed)
	}
	t.Logf("%d seeds, %d transactions, %d requests, %d starts",
		c.Seeds, c.Txns, c.Requests, c.Lives)
}

// Seeds that once failed, first.
func TestSeedsThatFailed(t *testing.T) {
	f, err := os.Open("testdata/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	known, err := ReadSeeds(f)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, Play(known, alone, runtime.GOMAXPROCS(0), nil))
}

// A seed that failed is a note of a bug, and not a test of it. The bug has a test of its own, which
// the note names at its end. A line without one is being looked into, and is a failure here.
func TestEachStoryHasItsTest(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir("../..", func(name string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	stories, err := os.ReadFile("testdata/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(stories)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if name := line[strings.LastIndexByte(line, ' ')+1:]; !tests[name] {
			t.Errorf("no test keeps this: %s", line)
		}
	}
}

// A campaign: no violation, and everything reached that the simulation is for.
func TestSeeds(t *testing.T) {
	if *aloud {
		t.Fatalf("%q", Run(*from, alone, os.Stdout).Violations)
	}
	c := Play(Range(*from, *seeds), alone, runtime.GOMAXPROCS(0), nil)
	judge(t, c)
	if testing.Verbose() {
		c.Counts.Print(os.Stdout)
	}
	if *seeds < 500 {
		return
	}
	for _, m := range c.Missing() {
		t.Errorf("never reached: %s", m)
	}
}

// A run is decided by its seed alone.
func TestARunReplaysExactly(t *testing.T) {
	for seed := range uint64(5) {
		a, b := Run(seed, alone, nil), Run(seed, alone, nil)
		if a.Trace != b.Trace || a.Txns != b.Txns || a.Requests != b.Requests {
			t.Errorf("seed %d: %+v, then %+v", seed, a, b)
		}
		if other := Run(seed+1000, alone, nil); other.Trace == a.Trace {
			t.Errorf("seeds %d and %d do the same", seed, seed+1000)
		}
	}
}

// A campaign of ensembles.
func TestEnsembles(t *testing.T) {
	c := Play(Range(*from, *many), Options{Nodes: *nodes, First: *first}, runtime.GOMAXPROCS(0), nil)
	judge(t, c)
	if testing.Verbose() {
		c.Counts.Print(os.Stdout)
	}
	t.Logf("%d faults and %d ticks a seed", c.Faults/c.Seeds, c.Ticks/c.Seeds)
	if *many < 500 {
		return
	}
	if c.Faults < 20*c.Seeds || c.Ticks < 200*c.Seeds {
		t.Error("too little happens")
	}
	for _, m := range c.Missing() {
		t.Errorf("never reached: %s", m)
	}
}

func TestARunOfAnEnsembleReplaysExactly(t *testing.T) {
	for seed := range uint64(3) {
		a, b := Run(seed, Options{Nodes: 5}, nil), Run(seed, Options{Nodes: 5}, nil)
		if a.Trace != b.Trace || a.Txns != b.Txns || a.Requests != b.Requests {
			t.Errorf("seed %d: %+v, then %+v", seed, a, b)
		}
	}
}
