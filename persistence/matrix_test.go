package persistence_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

// The matrix runs one program on a simulated disk and looks at the disk at every point at which
// the machine could stop: before and after each call, and between any two bytes of a write. From
// each point it goes on in several ways (the process is killed, power fails and takes everything
// unflushed, or names, or data, or some of it), starts a server on what is left, and asks:
//
//   - it starts: a crash alone never looks like damage;
//   - every acknowledged transaction is there, nothing that was never appended is, no hole;
//   - what it shows stays, even if power fails at once, and it can be appended to;
//   - a directory that nobody else wrote is known to be ours once a start has succeeded in it.

// bench is one run of a program. It remembers what the program did, because a start must find it.
type bench struct {
	disk     *simfs.Disk
	opt      persistence.Options
	wrap     func(persistence.FS) persistence.FS // a faulty layer, for mutants
	ackFirst bool                                // mutant: acknowledge before the flush
	acked    jute.Zxid
	appended jute.Zxid
	cutTo    jute.Zxid // a truncation was asked for; -1: none
	batch    jute.Zxid // size of the last batch; with Lag its damage can look like a torn tail
	ours     bool      // a start has succeeded
	// shows checks more of what a start shows than its last zxid; nil: nothing more.
	shows func(s *server) error
	// also looks at each image in another way; nil: none.
	also   func(c *tally, image *simfs.Disk, where string)
	server *server
}

func newBench(opt persistence.Options) *bench {
	return &bench{disk: simfs.New(), opt: opt, cutTo: -1,
		wrap: func(fsys persistence.FS) persistence.FS { return fsys }}
}

func (b *bench) start() (err error) {
	b.server, err = start(b.wrap(b.disk), b.opt)
	b.ours = b.ours || err == nil
	return err
}

func (b *bench) add(n int) error {
	b.appended = b.server.log.LastZxid() + jute.Zxid(n)
	if b.ackFirst {
		b.acked = b.appended
	}
	if err := b.server.add(n); err != nil {
		return err
	}
	b.acked, b.batch = b.server.log.Durable(), jute.Zxid(n)
	return nil
}

// snapshot takes a snapshot of the last zxid. Errors that do not wrap ErrDisk are ignored.
func (b *bench) snapshot() error {
	err := b.server.snapshot(b.server.log.LastZxid())
	if errors.Is(err, persistence.ErrDisk) {
		return err
	}
	return nil
}

func (b *bench) purge() error {
	_, err := b.server.dir.Purge(3)
	if errors.Is(err, persistence.ErrDisk) {
		return err
	}
	return nil
}

// program is what the matrix runs: batches, growth, rolls, snapshots, a purge, restarts.
func (b *bench) program() error {
	steps := []func() error{
		b.start,
		func() error { return b.add(3) },
		func() error { return b.add(1) },
		b.snapshot,
		func() error { return b.server.log.Roll() },
		func() error { return b.add(2) },
		func() error { return b.add(30) },
		b.snapshot,
		func() error { return b.add(2) },
		func() error { return b.server.dir.Close() },
		b.start,
		func() error { return b.add(1) },
		b.snapshot,
		func() error { return b.server.log.Roll() },
		func() error { return b.add(2) },
		func() error { return b.server.log.Settle() },
		b.snapshot,
		b.purge,
		func() error { return b.add(1) },
		b.start, // without closing, as after a kill
		func() error { return b.add(2) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// tally counts outcomes.
type tally struct {
	points, images, kept, exempt, refused int
	unsafe                                int
	first                                 string // the first unsafe or unexpected outcome
}

func (c *tally) report(format string, args ...any) {
	c.unsafe++
	if c.first == "" {
		c.first = fmt.Sprintf(format, args...)
	}
}

func (c *tally) String() string {
	return fmt.Sprintf("%d points, %d images: %d complete, %d exempt, %d refused, %d unsafe",
		c.points, c.images, c.kept, c.exempt, c.refused, c.unsafe)
}

// image is a disk that the next start can find.
type image struct {
	name string
	disk *simfs.Disk
}

func images(disk *simfs.Disk, rng *rand.Rand, random int) []image {
	all := []image{
		{"kill", disk.Kill()},
		{"everything", disk.PowerLoss(simfs.Everything())},
		{"names only", disk.PowerLoss(simfs.NamesOnly())},
		{"data only", disk.PowerLoss(simfs.DataOnly())},
	}
	for i := range random {
		all = append(all, image{fmt.Sprint("random ", i), disk.PowerLoss(simfs.Random(rng))})
	}
	return all
}

// judge starts a server on one image and checks that it has what the program did.
func (b *bench) judge(c *tally, image *simfs.Disk, where string) {
	if got, ok := b.look(c, image, where); ok && b.goOn(c, image, got, where) {
		c.kept++
	}
}

// glance does what judge does, but does not go on after the start.
func (b *bench) glance(c *tally, image *simfs.Disk, where string) {
	if _, ok := b.look(c, image, where); ok {
		c.kept++
	}
}

func (b *bench) look(c *tally, image *simfs.Disk, where string) (*server, bool) {
	c.images++
	s, err := start(image, b.opt)
	if err != nil {
		c.report("%s: does not start: %v", where, err)
		return nil, false
	}
	if b.ours && !s.rec.Own {
		c.report("%s: not recognised as ours", where)
		return nil, false
	}
	got := s.mem.last()
	if err := s.mem.check(); err != nil || got > b.appended {
		c.report("%s: %v of %v appended; %v", where, got, b.appended, err)
		return nil, false
	}
	if got < b.acked && got != b.cutTo {
		c.report("%s: %v of %v acknowledged", where, got, b.acked)
		return nil, false
	}
	if b.shows != nil {
		if err := b.shows(s); err != nil {
			c.report("%s: %v", where, err)
			return nil, false
		}
	}
	return s, true
}

// goOn lets power fail at once, checks that nothing that was shown is lost, then appends.
func (b *bench) goOn(c *tally, image *simfs.Disk, s *server, where string) bool {
	got := s.mem.last()
	again, err := start(image.PowerLoss(simfs.Everything()), b.opt)
	if err != nil || again.mem.last() != got || !again.rec.Own {
		c.report("%s: %v was shown and vanished, or is not ours: %v", where, got, err)
		return false
	}
	if err := s.add(2); err != nil {
		c.report("%s: cannot be appended to: %v", where, err)
		return false
	}
	again, err = start(image.PowerLoss(simfs.Everything()), b.opt)
	if err != nil || again.mem.last() != got+2 || again.mem.check() != nil || !again.rec.Own {
		c.report("%s: appended to %v and lost it: %v", where, got, err)
		return false
	}
	return true
}

// crashMatrix runs the program once and judges every point of it. It ends after limit findings.
func crashMatrix(b *bench, program func() error, random, bytesStep, limit int) *tally {
	c := new(tally)
	rng := rand.New(rand.NewPCG(1, 2))
	busy := false
	look := func(disk *simfs.Disk, where string) {
		c.points++
		for _, i := range images(disk, rng, random) {
			if b.also != nil {
				b.also(c, i.disk.Kill(), where+", "+i.name)
			}
			b.judge(c, i.disk, where+", "+i.name)
		}
	}
	b.disk.Inject = func(call simfs.Call) simfs.Outcome {
		if busy || c.unsafe >= limit {
			return simfs.Outcome{}
		}
		busy = true
		defer func() { busy = false }()
		if call.Op.Changes() {
			look(b.disk, fmt.Sprintf("before %d %v %s", call.N, call.Op, path.Base(call.Name)))
		}
		if call.Op == simfs.OpWrite && bytesStep > 0 {
			old := b.disk.Read(call.Name)
			for n := 1; n < len(call.Data); n += bytesStep {
				if at := call.Off + int64(n); at <= int64(len(old)) && old[at-1] == call.Data[n-1] {
					continue // the disk is as it was a byte before
				}
				torn := b.disk.Kill()
				f, err := torn.OpenRW(call.Name)
				if err != nil {
					break // written to a file whose name is gone
				}
				if _, err := f.WriteAt(call.Data[:n], call.Off); err != nil {
					panic(err)
				}
				c.points++
				where := fmt.Sprintf("byte %d of %d %s", n, call.N, path.Base(call.Name))
				b.glance(c, torn.PowerLoss(simfs.Random(rng)), where+", random")
				b.glance(c, torn, where)
			}
		}
		return simfs.Outcome{}
	}
	if err := program(); err != nil {
		c.report("the program failed: %v", err)
	}
	b.disk.Inject = nil
	look(b.disk, "end")
	return c
}

// short runs try a part of each matrix.
func short() bool { return testing.Short() || underRace }

// stride is the distance between the calls that are tried. Only short runs leave calls out.
func stride() int {
	if short() {
		return 7
	}
	return 1
}

func bothWatermarks(t *testing.T, f func(t *testing.T, opt persistence.Options)) {
	for i, name := range []string{"strict", "lag"} {
		mark := persistence.Watermark(i)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := testOptions()
			opt.Log.Watermark = mark
			f(t, opt)
		})
	}
}

func TestCrashEverywhere(t *testing.T) {
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		random, step := 6, 1
		if short() {
			random, step = 2, 97
		}
		b := newBench(opt)
		c := crashMatrix(b, b.program, random, step, 1)
		t.Log(c)
		if c.unsafe > 0 || c.points < 100 {
			t.Fatal(c.first)
		}
	})
}

// TestCrashInRecovery crashes the recovery from a crash, at each of its calls.
func TestCrashInRecovery(t *testing.T) {
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		c := new(tally)
		rng := rand.New(rand.NewPCG(3, 4))
		outer := newBench(opt)
		busy := false
		every := max(3, stride()) // strict and lag crash at different ones
		outer.disk.Inject = func(call simfs.Call) simfs.Outcome {
			if busy || !call.Op.Changes() || call.N%every != int(opt.Log.Watermark) {
				return simfs.Outcome{}
			}
			busy = true
			defer func() { busy = false }()
			inner := *outer
			inner.disk = outer.disk.PowerLoss(simfs.Random(rng))
			got := crashMatrix(&inner, inner.start, 1, 0, 1)
			c.points += got.points
			c.images += got.images
			c.kept += got.kept
			c.unsafe += got.unsafe
			if c.first == "" && got.first != "" {
				c.first = fmt.Sprintf("call %d %v: %s", call.N, call.Op, got.first)
			}
			return simfs.Outcome{}
		}
		must(t, outer.program())
		t.Log(c)
		if c.unsafe > 0 {
			t.Fatal(c.first)
		}
	})
}

// failures are the ways in which a call can fail.
func failures() []simfs.Outcome {
	return []simfs.Outcome{
		{Err: simfs.ErrIO}, {Err: simfs.ErrFull, Partial: 40},
		{Err: simfs.ErrIO, Lost: true}, {Err: simfs.ErrIO, Lost: true, Partial: 150},
	}
}

// makesSense says whether a call can fail in this way.
func makesSense(op simfs.Op, f simfs.Outcome) bool {
	switch {
	case f.Lost:
		return op == simfs.OpSync
	case f.Partial > 0:
		return op == simfs.OpWrite || op == simfs.OpCreate || op == simfs.OpTruncate
	}
	return true
}

// failMatrix lets the k-th call fail, for every k, once or from then on. The program ends at the
// first error that it gets; then the disk is judged. failMatrix ends after limit findings.
func failMatrix(fresh func() *bench, limit int) *tally {
	c := new(tally)
	var ops []simfs.Op
	dry := fresh()
	dry.disk.Inject = func(call simfs.Call) simfs.Outcome {
		ops = append(ops, call.Op)
		return simfs.Outcome{}
	}
	if err := dry.program(); err != nil {
		c.report("the program failed: %v", err)
	}
	for _, failure := range failures() {
		for _, sticky := range []bool{false, true} {
			for k := 1; k <= len(ops) && c.unsafe < limit; k += stride() {
				if !makesSense(ops[k-1], failure) {
					continue
				}
				failOnce(c, fresh(), failure, k, sticky)
				if failure.Lost {
					deaf := fresh()
					deaf.disk.Deaf = true
					failOnce(c, deaf, failure, k, sticky)
				}
			}
		}
	}
	return c
}

func failOnce(c *tally, b *bench, failure simfs.Outcome, k int, sticky bool) {
	b.disk.Inject = func(call simfs.Call) simfs.Outcome {
		if call.N == k || sticky && call.N > k && makesSense(call.Op, failure) {
			return failure
		}
		return simfs.Outcome{}
	}
	err := b.program()
	b.disk.Inject = nil
	c.points++
	if err != nil {
		c.refused++ // the server ended
	}
	rng := rand.New(rand.NewPCG(uint64(k), 5))
	for _, i := range images(b.disk, rng, 1) {
		b.judge(c, i.disk, fmt.Sprintf("%v at call %d (sticky %v, then %v), %s",
			failure, k, sticky, err, i.name))
	}
}

func TestEveryCallFails(t *testing.T) {
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		c := failMatrix(func() *bench { return newBench(opt) }, 1)
		t.Log(c)
		if c.unsafe > 0 || c.refused == 0 {
			t.Fatal(c.first)
		}
	})
}

// faulty is a layer with a mistake that the matrix must find.
type faulty struct {
	persistence.FS
	mutant string
}

func (m faulty) Create(name string) (persistence.File, error) { return m.open(m.FS.Create(name)) }
func (m faulty) OpenRW(name string) (persistence.File, error) { return m.open(m.FS.OpenRW(name)) }

func (m faulty) open(f persistence.File, err error) (persistence.File, error) {
	if err != nil {
		return nil, err
	}
	return faultyFile{f, m.mutant}, nil
}

func (m faulty) SyncDir(dir string) error {
	if m.mutant == "no directory sync" {
		return nil
	}
	return m.FS.SyncDir(dir)
}

func (m faulty) SyncBoth(f, beside persistence.File) error {
	if err := beside.Sync(); err != nil {
		return err
	}
	return f.Sync()
}

type faultyFile struct {
	persistence.File
	mutant string
}

func (f faultyFile) Sync() error {
	base := path.Base(f.Name())
	switch {
	case f.mutant == "no flush before ack" && strings.HasPrefix(base, "log."),
		f.mutant == "purge before the snapshot is synced" && strings.Contains(base, "snapshot."):
		return nil
	case f.mutant == "flush retried":
		if f.File.Sync() == nil {
			return nil
		}
	}
	return f.File.Sync()
}

// TestMutantsDie: the matrix, which passes without mistakes, finds each of these mistakes.
func TestMutantsDie(t *testing.T) {
	if short() {
		t.Skip("they die of the whole matrix")
	}
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		for _, mutant := range []string{
			"no flush before ack", "no directory sync", "purge before the snapshot is synced",
			"ack before flush ends", "flush retried",
		} {
			fresh := func() *bench {
				b := newBench(opt)
				b.wrap = func(fsys persistence.FS) persistence.FS { return faulty{fsys, mutant} }
				b.ackFirst = mutant == "ack before flush ends"
				return b
			}
			var c *tally
			if mutant == "flush retried" {
				c = failMatrix(fresh, 1)
			} else {
				b := fresh()
				c = crashMatrix(b, b.program, 2, 0, 20)
			}
			if c.unsafe == 0 {
				t.Errorf("%s survives: %v", mutant, c)
			}
			t.Logf("%s: %d of %d unsafe; %s", mutant, c.unsafe, c.images, c.first)
		}
	})
}

// TestLives goes through many lives of a server. Each has several power losses at random calls.
func TestLives(t *testing.T) {
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		lives := 0
		for seed := range uint64(300) {
			rng := newRand(seed)
			disk, acked := simfs.New(), jute.Zxid(0)
			for range 6 {
				lives++
				last, err := oneLife(disk, opt, rng, acked)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				acked = last
				disk = disk.PowerLoss(simfs.Random(rng))
			}
		}
		t.Logf("%d lives", lives)
	})
}

// oneLife starts a server, works until the machine stops, and returns what was acknowledged.
func oneLife(
	disk *simfs.Disk, opt persistence.Options, rng *rand.Rand, acked jute.Zxid,
) (last jute.Zxid, err error) {
	last = acked
	crashWithin(disk, rng, 90)
	simfs.Run(func() {
		var s *server
		if s, err = start(disk, opt); err != nil {
			return
		}
		if err = s.mem.check(); err == nil && s.mem.last() < acked {
			err = fmt.Errorf("%v of %v", s.mem.last(), acked)
		}
		last = s.mem.last()
		for err == nil {
			switch rng.IntN(6) {
			case 0:
				err = s.snapshot(s.log.LastZxid())
			case 1:
				err = s.log.Roll()
			case 2:
				_, err = s.dir.Purge(3)
			default:
				err = s.add(1 + rng.IntN(9))
				last = s.log.Durable()
			}
		}
	})
	disk.Inject = nil
	return last, err
}
