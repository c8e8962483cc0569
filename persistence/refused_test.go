package persistence_test

import (
	"errors"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/persistence"
)

// changes counts the calls of a start that can change the disk.
func changes(disk *simfs.Disk, start func()) (calls []string) {
	disk.Inject = func(c simfs.Call) simfs.Outcome {
		if c.Op.Changes() {
			calls = append(calls, c.Op.String()+" "+c.Name)
		}
		return simfs.Outcome{}
	}
	start()
	disk.Inject = nil
	return calls
}

// pendingTruncation is a directory whose truncation to 10 was recorded and not carried out.
func pendingTruncation(t *testing.T) *simfs.Disk {
	b := newBench(testOptions())
	must(t, build(b))
	b.disk.Inject = func(c simfs.Call) simfs.Outcome {
		if c.Op == simfs.OpRemove {
			return simfs.Outcome{Err: simfs.ErrIO}
		}
		return simfs.Outcome{}
	}
	if err := b.server.dir.Truncate(10); !errors.Is(err, persistence.ErrDisk) {
		t.Fatal(err)
	}
	b.disk.Inject = nil
	return b.disk.Kill()
}

// A start that is refused has changed nothing, whatever the reason: no truncation was finished, no
// end cut off, no marker taken, no unfinished file removed, no sidecar written.
func TestARefusedStartChangesNothing(t *testing.T) {
	errChanging := errors.New("another server writes")
	whole := func(t *testing.T) *simfs.Disk {
		b := newBench(testOptions())
		must(t, build(b))
		disk := b.disk.Kill()
		disk.Write(dataDir+"/initialize", nil)
		disk.Write(verDir+"/tmp.snapshot.5", []byte("not finished"))
		return disk
	}
	without := func(part string) func(*testing.T) *simfs.Disk {
		return func(t *testing.T) *simfs.Disk {
			disk := whole(t)
			for _, name := range disk.Names() {
				if strings.Contains(name, part) {
					disk.Delete(name)
				}
			}
			return disk
		}
	}
	for name, c := range map[string]struct {
		disk func(*testing.T) *simfs.Disk
		err  error
	}{
		"a foreign server":                     {whole, errChanging},
		"a foreign server, no sidecar":         {without("walmeta."), errChanging},
		"a foreign server, an empty directory": {func(*testing.T) *simfs.Disk { return simfs.New() }, errChanging},
		"a foreign server, a truncation to do": {pendingTruncation, errChanging},
		"no snapshot":                          {without("/snapshot."), persistence.ErrNoSnapshot},
		"a log is missing":                     {without("/log.13"), persistence.ErrDamaged},
		"a twin is missing":                    {without("/walmeta.0"), persistence.ErrDamaged},
		"a truncation to do, a log is not whole": {func(t *testing.T) *simfs.Disk {
			disk := pendingTruncation(t)
			disk.Delete(verDir + "/snapshot.5")
			disk.FlipBit(verDir+"/log.1", 8*60)
			return disk
		}, persistence.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			disk := c.disk(t)
			before := len(disk.Names())
			opt := testOptions()
			if errors.Is(c.err, errChanging) {
				opt.Changing = func() error { return errChanging }
			}
			_ = disk.MkdirAll(verDir)
			calls := changes(disk, func() {
				dir, err := persistence.Open(disk, opt)
				must(t, err)
				if _, err = dir.Recover(new(memory)); !errors.Is(err, c.err) {
					t.Fatalf("want %v, got %v", c.err, err)
				}
			})
			if len(calls) > 0 || len(disk.Names()) != before {
				t.Errorf("a refused start changed %d files: %v", len(disk.Names())-before, calls)
			}
		})
	}
}

// A truncation that a crash left is judged as if it were carried out, and carried out afterwards.
// Options.Changing, which is called between the two, sees the same transactions as the server.
func TestATruncationIsJudgedBeforeItIsFinished(t *testing.T) {
	disk := pendingTruncation(t)
	opt := testOptions()
	var mem memory
	asked := false
	opt.Changing = func() error {
		asked = true
		if mem.last() != 10 || !disk.Exists(verDir+"/log.13") {
			t.Errorf("judged up to %v; files %v", mem.last(), disk.Names())
		}
		return nil
	}
	dir, err := persistence.Open(disk, opt)
	must(t, err)
	rec, err := dir.Recover(&mem)
	must(t, err)
	if !asked || rec.LastZxid != 10 || disk.Exists(verDir+"/log.13") || !rec.Own {
		t.Errorf("recovered %+v; files %v", rec, disk.Names())
	}
}
