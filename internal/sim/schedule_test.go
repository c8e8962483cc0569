package sim

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"quoll/internal/model"
	"quoll/internal/sim/history"
	"quoll/internal/sim/node"
	"quoll/internal/sim/simfs"
	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/persistence"
)

// TestSchedules plays the schedules of testdata/schedules: ensembles in which only that goes wrong
// what the schedule says. A line is one step:
//
//	servers 3 observers 1        nodes 1 to 3 vote, node 4 observes
//	set snapcount=3              of the servers, see settings below
//	start 1 2, kill 1, power 1   power loses everything that was not flushed; both stay down
//	cut 1 3, oneway 1 3          nothing arrives from 1 at 3, with cut also not from 3 at 1
//	isolate 3, join              cut from all, and everybody hears everybody again
//	slow 1 500, stand 1 500      flushes take long, the process stands still: for so many ms
//	crash 1 rename currentEpoch  the process dies behind the next such call; with power too
//	fail 1 sync log.             the next such call fails
//	on WHAT: STEP; STEP          once a line of the run's own account contains WHAT
//	until WHAT                   the same, and the schedule goes on only then
//	leads 3, serves 1 2          until it is so
//	wait 300                     ms
//	a on 1                       a client has a session there, or moves it there; "a moves 1"
//	                             does not wait until it is there
//	a asks create /a x; get /a   in one piece
//	a sends create /a x          the same, and nobody waits for an answer
//	a -> OK, x                   what the answers are, or were
//	a hears 1 /a                 so many events
//	a off                        its connection breaks
//
// WHAT is a regular expression, in which "1 hears X", "1 says X" stand for packets. At the end
// everything that is wrong ends, and the run is judged as any other.
func TestSchedules(t *testing.T) {
	files, err := filepath.Glob("testdata/schedules/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(3) {
				s := &schedule{seed: seed, actors: map[string]*actor{}, paths: map[string]bool{}}
				if err := s.play(string(text)); err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, s.account())
				}
			}
		})
	}
}

// schedule is a run that a text decides.
type schedule struct {
	*run   // nil before the first server is started
	seed   uint64
	plan   plan
	actors map[string]*actor
	order  []*actor
	told   []string
	on     []trigger
	paths  map[string]bool // that anybody has asked about
}

type trigger struct {
	what *regexp.Regexp
	do   string
}

// account is the end of what happened, without what always happens.
func (s *schedule) account() string {
	told := slices.DeleteFunc(s.told, func(line string) bool {
		return regexp.MustCompile(`PING|is durable|round|hears of session`).MatchString(line)
	})
	return strings.Join(told[max(0, len(told)-150):], "")
}

// Write implements io.Writer: it takes a line of the run's account.
func (s *schedule) Write(p []byte) (int, error) {
	line := string(p)
	s.told = append(s.told, line)
	for i := 0; i < len(s.on); i++ {
		if s.on[i].what.MatchString(line) {
			do := s.on[i].do
			s.on = slices.Delete(s.on, i, i+1)
			i--
			s.After(0, func() {
				for step := range strings.SplitSeq(do, ";") {
					if err := s.step(strings.TrimSpace(step)); err != nil {
						s.Violate("on: %v", err)
					}
				}
			})
		}
	}
	return len(p), nil
}

func (s *schedule) play(text string) error {
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if s.run != nil {
			s.Note("--- %s", line)
		}
		err := s.step(line)
		if s.run != nil && len(s.Broken) > 0 {
			err = errors.Join(err, fmt.Errorf("%q", s.Broken))
		}
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", i+1, line, err)
		}
	}
	return s.end()
}

// step does one line.
func (s *schedule) step(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	words := strings.Fields(rest)
	switch verb {
	case "servers":
		return s.servers(words)
	case "set":
		return s.set(words)
	}
	if s.run == nil {
		s.begin()
	}
	switch verb {
	case "on":
		what, do, ok := strings.Cut(rest, ": ")
		if !ok {
			return errors.New("what then?")
		}
		s.on = append(s.on, trigger{what: pattern(what), do: do})
		return nil
	case "until":
		return s.until(pattern(rest))
	}
	if a := s.actors[verb]; a != nil || len(words) > 0 && words[0] == "on" {
		return s.act(verb, rest)
	}
	numbers := []int{}
	for _, w := range words {
		if n, err := strconv.Atoi(w); err == nil {
			numbers = append(numbers, n)
		}
	}
	return s.fault(verb, numbers, words)
}

func pattern(what string) *regexp.Regexp {
	what = regexp.MustCompile(`(\d) (hears|says) (\w+)`).
		ReplaceAllString(what, `node $1, link \d+: $2 $3 `)
	what = regexp.MustCompile(`^(\d)(: | is )`).ReplaceAllString(what, "node $1$2")
	return regexp.MustCompile(what)
}

func (s *schedule) nodes(numbers []int) (all []*node.Node) {
	for _, n := range numbers {
		all = append(all, s.run.nodes[n-1])
	}
	return all
}

// fault is what happens to servers.
func (s *schedule) fault(verb string, numbers []int, words []string) error {
	some := s.nodes(slices.DeleteFunc(slices.Clone(numbers), func(n int) bool {
		return n < 1 || n > len(s.run.nodes)
	}))
	switch verb {
	case "start":
		for _, n := range some {
			n.Keep(false)
		}
	case "kill", "power":
		for _, n := range some {
			n.Keep(true)
			var loss *simfs.Loss
			if verb == "power" {
				all := simfs.Everything()
				loss = &all
			}
			n.Kill(loss)
		}
	case "wipe":
		for _, name := range some[0].Disk().Names() {
			some[0].Disk().Delete(name)
		}
	case "delete":
		for _, name := range some[0].Disk().Names() {
			if filepath.Base(name) == words[1] {
				some[0].Disk().Delete(name)
				return nil
			}
		}
		return fmt.Errorf("it has %q", some[0].Disk().Names())
	case "cut":
		s.net.Block(some[0].Host(), some[1].Host())
		s.net.Block(some[1].Host(), some[0].Host())
	case "oneway":
		s.net.Block(some[0].Host(), some[1].Host())
	case "isolate":
		for _, n := range s.run.nodes {
			if n != some[0] {
				s.net.Block(some[0].Host(), n.Host())
				s.net.Block(n.Host(), some[0].Host())
			}
		}
	case "join":
		s.join()
	case "slow":
		some[0].Slow(int64(numbers[1]) * 1000)
	case "stand":
		some[0].Stand(int64(numbers[1]) * 1000)
	case "crash", "fail":
		return s.call(verb, some[0], words[1:])
	case "wait":
		s.RunUntil(s.Now+int64(numbers[0])*1000, nil)
	case "leads":
		return s.within("it leads", func() bool {
			st := some[0].Status()
			return some[0].Up() && some[0].IsLeader() && st.Stands
		})
	case "serves":
		return s.within("they serve", func() bool {
			return !slices.ContainsFunc(some, func(n *node.Node) bool {
				return !n.Up() || !n.Status().Stands
			})
		})
	default:
		return errors.New("no such step")
	}
	return nil
}

// call lets a call of the disk fail, or the process die behind it.
func (s *schedule) call(verb string, n *node.Node, words []string) error {
	ops := map[string]simfs.Op{"rename": simfs.OpRename, "sync": simfs.OpSync,
		"write": simfs.OpWrite, "syncdir": simfs.OpSyncDir}
	op, ok := ops[words[0]]
	if !ok {
		return errors.New("no such call")
	}
	out := simfs.Outcome{Err: simfs.ErrIO}
	if verb == "crash" {
		out = simfs.Outcome{Crash: simfs.After}
	}
	n.Fuse().LightCall(op, words[1], out)
	return nil
}

func (s *schedule) join() {
	for _, a := range s.run.nodes {
		for _, b := range s.run.nodes {
			s.net.Unblock(a.Host(), b.Host())
		}
	}
}

// within lets the run go on until something is so.
func (s *schedule) within(what string, done func() bool) error {
	if !done() {
		s.RunUntil(s.Now+coreMicros, done)
	}
	if !done() {
		return fmt.Errorf("%s: not within %d ms", what, coreMicros/1000)
	}
	return nil
}

// until waits for a line of the account that comes from now on.
func (s *schedule) until(what *regexp.Regexp) error {
	at := len(s.told)
	return s.within("it is told", func() bool {
		for ; at < len(s.told); at++ {
			if what.MatchString(s.told[at]) {
				return true
			}
		}
		return false
	})
}

// act is what a client does.
func (s *schedule) act(name, what string) error {
	a := s.actors[name]
	if a == nil {
		a = newActor(s.run, name, len(s.order))
		s.actors[name], s.order = a, append(s.order, a)
	}
	verb, rest, _ := strings.Cut(what, " ")
	switch verb {
	case "on", "moves":
		var number int
		if _, err := fmt.Sscanf(rest, "%d timeout %d", &number, &a.timeout); number == 0 {
			return err
		}
		a.on(s.run.nodes[number-1])
		if verb == "moves" {
			return nil
		}
		return s.within("it is connected", func() bool { return a.up })
	case "off":
		a.off()
		return nil
	case "hears":
		n, path, _ := strings.Cut(rest, " ")
		return s.within(fmt.Sprintf("it hears %v", a.events), func() bool {
			return strconv.Itoa(a.events[path]) == n
		})
	case "->":
		want := strings.Split(rest, ", ")
		err := s.within("it is answered", func() bool { return len(a.said) >= len(want) })
		if got := strings.Join(a.said, ", "); got != rest {
			return errors.Join(err, fmt.Errorf("it is answered %q", got))
		}
		return nil
	case "asks", "sends":
	default:
		return errors.New("no such step")
	}
	if err := s.within("it is connected", func() bool { return a.up }); err != nil {
		return err
	}
	var all []request
	for _, text := range regexp.MustCompile("[;,] *").Split(rest, -1) {
		r, err := parseRequest(text)
		if err != nil {
			return err
		}
		s.paths[r.path] = true
		all = append(all, r)
	}
	a.said = nil
	a.send(all)
	if verb == "asks" {
		return s.within("it is answered", func() bool { return len(a.said) >= len(all) })
	}
	return nil
}

// servers makes the plan: nothing goes wrong.
func (s *schedule) servers(words []string) error {
	voters, err := strconv.Atoi(words[0])
	observers := 0
	if len(words) > 2 {
		observers, _ = strconv.Atoi(words[2])
	}
	p := &s.plan
	*p = plan{nodes: voters + observers, clients: 0}
	p.network.WindowBytes = 16 << 10
	p.server = node.Setting{
		Times: node.Times{TickMillis: 50, IntervalMillis: 12, MinTimeout: minTimeout,
			MaxTimeout: maxTimeout},
		Lanes: 1, Rest: 1, SlowWalk: 1, ChunkNames: 2, CloseTxn: true,
		Model: model.Options{ExtendedTypes: true},
		Store: node.Store{Log: persistence.LogOptions{Growth: persistence.Growth{PreAllocBytes: 512}}},
		Limits: node.Limits{
			SnapCount: 1000, ApplyBatch: 16, InFlight: 100, InFlightBytes: 1 << 20,
			OutputPause: 1 << 20, Outstanding: 1000, BatchRequests: 256, BatchBytes: 64 << 10,
			BulkBytes: 64 << 10, MaxFrame: 4000, Receive: 1 << 20, KernelTells: true,
			OutputCap: 1 << 20, ReapCheckMillis: 1000, ReapMaxPerMinute: 10_000,
		},
	}
	p.server.Peers = p.peers(draw{rand.New(rand.NewPCG(1, 1))}, voters)
	p.server.Model.Config = []byte(p.server.Peers.Members.String())
	z := &p.server.Peers.Zab
	z.InitLimit, z.SyncLimit = 20*z.Tick, 6*z.Tick
	p.server.Peers.Ports.InitLimit, p.server.Peers.Ports.SyncLimit = z.InitLimit, z.SyncLimit
	z.Window, z.CommitLogCount, z.SnapshotSizeFactor, z.ForceSnapshotSync = 4<<20, 500, 0.33, false
	return err
}

// set changes a setting of the servers.
func (s *schedule) set(words []string) error {
	z, l := &s.plan.server.Peers.Zab, &s.plan.server.Limits
	for _, word := range words {
		key, text, _ := strings.Cut(word, "=")
		value, err := strconv.Atoi(text)
		switch {
		case err != nil:
			return err
		case key == "snapcount":
			l.SnapCount = int64(value)
		case key == "commitlog":
			z.CommitLogCount = value
		case key == "snaps":
			z.ForceSnapshotSync = value > 0
		case key == "quorumsync":
			z.QuorumSync = value > 0
		case key == "initial":
			s.plan.spend(0xff000000 - int64(value))
		default:
			return fmt.Errorf("no setting %q", key)
		}
	}
	return nil
}

func (s *schedule) begin() {
	w := &run{World: world.New(s.seed, s)}
	s.run, w.plan = w, s.plan
	w.prepare()
	for _, n := range w.nodes {
		n.Keep(true)
	}
}

// end heals everything and judges the run.
func (s *schedule) end() error {
	s.Note("--- end")
	s.on = nil
	s.join()
	for _, n := range s.run.nodes {
		n.Heal()
		n.Keep(false)
	}
	err := s.within("everything is answered, and everyone serves", func() bool {
		return s.run.nodes.quiet() &&
			!slices.ContainsFunc(s.order, func(a *actor) bool { return !a.settled() })
	})
	if err != nil {
		return err
	}
	last := newActor(s.run, "the last reader", len(s.order))
	for _, n := range s.run.nodes {
		last.on(n)
		if err := s.within("a reader is answered", func() bool { return last.up }); err != nil {
			return err
		}
		var reads []request
		for _, path := range slices.Sorted(maps.Keys(s.paths)) {
			reads = append(reads, request{op: jute.OpGetData, body: &jute.PathWatch{Path: []byte(path)}})
		}
		last.send(reads)
		if err := s.within("a reader is answered", last.settled); err != nil {
			return err
		}
	}
	s.order = append(s.order, last)
	s.history.Quiet, s.history.QuietAt = s.run.nodes.last(), s.Now
	for _, a := range s.order {
		s.history.Left = append(s.history.Left, a.left()...)
	}
	s.checkDisks()
	if len(s.Broken) > 0 {
		return fmt.Errorf("%q", s.Broken)
	}
	s.outcome()
	for _, v := range history.Check(&s.history) {
		err = errors.Join(err, errors.New(v.String()))
	}
	return err
}
