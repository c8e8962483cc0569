package persistence_test

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

// place is a directory, and the data that a server in it must have.
type place struct {
	name string
	disk *simfs.Disk
	dir  string // its version-2
	opt  persistence.Options
	last jute.Zxid
}

// places are directories of Apache, of ours, copies of ours, and ours without a sidecar. Each kind
// comes with a snapshot and one log, with several logs, and with a snapshot alone.
func places(t *testing.T) []place {
	t.Helper()
	var all []place
	for _, layout := range []string{"one log", "several logs", "no log"} {
		disk, last := simfs.New(), jute.Zxid(records)
		s := mustStart(t, disk, testOptions())
		s.twoLogs(t)
		switch layout {
		case "one log": // as each restart of Apache leaves it
			must(t, s.snapshot(32))
			disk.Delete(verDir + "/snapshot.0")
			disk.Delete(verDir + "/log.1")
		case "several logs":
			must(t, s.snapshot(16))
		case "no log":
			must(t, s.log.Settle())
			must(t, s.snapshot(last))
			for _, name := range []string{"snapshot.0", "log.1", "log.21"} {
				disk.Delete(verDir + "/" + name)
			}
		}
		disk = disk.Kill()
		bare := disk.Kill()
		bare.Delete(verDir + "/walmeta.0")
		bare.Delete(verDir + "/walmeta.1")
		copied, opt := disk.Kill(), testOptions()
		must(t, copied.MkdirAll(copyDir+"/version-2"))
		for _, prefix := range []string{"log.", "snapshot.", "walmeta."} {
			copyFiles(copied, prefix)
		}
		opt.DataDir = copyDir
		all = append(all,
			place{"ours, " + layout, disk, verDir, testOptions(), last},
			place{"ours without a sidecar, " + layout, bare, verDir, testOptions(), last},
			place{"ours copied, " + layout, copied, copyDir + "/version-2", opt, last})
	}
	apache := fixture(t, "plain")
	all = append(all, place{"Apache's, several logs", apache, verDir, testOptions(), 0x59})
	one := apache.Kill()
	newest := newestSnapshot(one.Names(), 0)
	for _, name := range one.Names() {
		if name != newest && path.Base(name) < "log.3" || strings.Contains(name, "snapshot.") && name != newest {
			one.Delete(name)
		}
	}
	return append(all, place{"Apache's, the last files", one, verDir, testOptions(), 0x59})
}

// data are the names of the logs and snapshots.
func (p *place) data() (data []string) {
	for _, name := range p.disk.Names() {
		base := path.Base(name)
		if path.Dir(name) == p.dir && (strings.HasPrefix(base, "log.") || strings.HasPrefix(base, "snapshot.")) {
			data = append(data, name)
		}
	}
	return data
}

// alike are names that Apache takes for the same as an exact one.
func alike(name string) []string {
	dir, base := path.Split(name)
	prefix, rest, _ := strings.Cut(base, ".")
	var all []string
	for _, suffix := range []string{".bak", ".1", ".swp", ".gz.bak", ".~1~", ".tmp", ".", ".bak.gz", ".GZ"} {
		all = append(all, name+suffix)
	}
	if prefix == "log" {
		all[3] = name + ".gz"
	}
	return append(all, dir+prefix+".0"+rest, dir+prefix+".+"+rest, dir+prefix+"."+strings.ToUpper(rest)+".X")
}

// contents are what copies of a file can hold: an earlier state, nothing, the header, words.
func contents(p []byte) map[string][]byte {
	return map[string][]byte{
		"the same": p, "half": p[:len(p)/2], "nothing": nil, "header": p[:min(16, len(p))],
		"text": []byte("# moved on Friday\n"), "gzip": []byte("\x1f\x8b\x08\x00 packed"),
		"zeros": make([]byte, 4096),
	}
}

// TestCopiesBesideTheirOriginals: no copy is read or removed, and the server has all data.
func TestCopiesBesideTheirOriginals(t *testing.T) {
	starts := 0
	for _, p := range places(t) {
		for _, original := range p.data() {
			for what, content := range contents(p.disk.Read(original)) {
				disk := p.disk.Kill()
				strays := append(alike(original), original+"~", p.dir+"/tmp.mybackup", p.dir+"/notes")
				for _, name := range strays {
					disk.Write(name, content)
				}
				for range 2 {
					starts++
					s, err := start(disk, p.opt)
					if err != nil || s.mem.last() < p.last {
						t.Fatalf("%s, %s of %s: %v, %v", p.name, what, original, s, err)
					}
					if len(s.rec.LookAlikes) != len(alike(original)) || len(s.rec.Foreign) != 3 {
						t.Fatalf("%s: told %v, %v", p.name, s.rec.LookAlikes, s.rec.Foreign)
					}
					must(t, s.add(1))
					must(t, s.dir.Close())
				}
				for _, name := range strays {
					if !disk.Exists(name) || !bytes.Equal(disk.Read(name), content) {
						t.Fatalf("%s, %s: %s was touched", p.name, what, name)
					}
				}
			}
		}
	}
	t.Logf("%d starts", starts)
}

// unchanged starts on a disk and fails if a start that was refused changed anything.
func unchanged(t *testing.T, disk *simfs.Disk, opt persistence.Options) (*server, error) {
	t.Helper()
	image := disk.Kill()
	s, err := start(image, opt)
	if err == nil {
		return s, nil
	}
	if !refused(err) {
		t.Fatal(err)
	}
	if !slices.Equal(image.Names(), disk.Names()) {
		t.Fatalf("refused (%v), and left %v of %v", err, image.Names(), disk.Names())
	}
	for _, name := range disk.Names() {
		if !bytes.Equal(image.Read(name), disk.Read(name)) {
			t.Fatalf("refused (%v), and changed %s", err, name)
		}
	}
	return nil, err
}

// renames finds what a refusal says about a look-alike.
var renames = regexp.MustCompile(`(\S+) looks like [^:;]*: rename it to (\S+), or move it away`)

func rename(disk *simfs.Disk, from, to string) {
	disk.Write(to, disk.Read(from))
	disk.Delete(from)
}

// TestRenamedOriginals: when a file was renamed, the start is refused, unless the file is not
// needed. An operator who follows the advice gets all data.
func TestRenamedOriginals(t *testing.T) {
	refusals, served := 0, 0
	for _, p := range places(t) {
		for _, original := range p.data() {
			for _, name := range alike(original) {
				disk := p.disk.Kill()
				rename(disk, original, name)
				s, err := unchanged(t, disk, p.opt)
				if err == nil {
					if served++; s.mem.last() < p.last {
						t.Fatalf("%s: %s instead of %s: %v served", p.name, name, original, s.mem.last())
					}
					continue
				}
				refusals++
				advice := renames.FindStringSubmatch(err.Error())
				if !errors.Is(err, persistence.ErrStray) || advice == nil || advice[1] != name {
					t.Fatalf("%s: %s instead of %s: %v", p.name, name, original, err)
				}
				rename(disk, advice[1], advice[2])
				if s, err = start(disk, p.opt); err != nil || s.mem.last() < p.last {
					t.Fatalf("%s: renamed to %s: %v", p.name, advice[2], err)
				}
			}
		}
	}
	t.Logf("%d refused, %d served", refusals, served)
	if refusals == 0 || served == 0 {
		t.Fatal("one of the cases was not met")
	}
}

// TestOnlyLookAlikes: a directory without data does not count as empty while it has files whose
// names claim to be data.
func TestOnlyLookAlikes(t *testing.T) {
	for _, p := range places(t) {
		for i := range alike("x/log.1") {
			disk := p.disk.Kill()
			var names []string
			for _, original := range p.data() {
				names = append(names, alike(original)[i])
				rename(disk, original, alike(original)[i])
			}
			_, err := unchanged(t, disk, p.opt)
			if err == nil {
				t.Fatalf("%s: started with %v", p.name, names)
			}
			for _, name := range names {
				if !errors.Is(err, persistence.ErrStray) || !strings.Contains(err.Error(), name) {
					t.Fatalf("%s: %s is not in: %v", p.name, name, err)
				}
			}
		}
	}
	for _, name := range []string{"log.3f~", "log.0x3f", "log.", "log.bak", "snapshot.gz", "log.-5"} {
		disk := simfs.New()
		must(t, disk.MkdirAll(verDir))
		disk.Write(verDir+"/"+name, nil)
		if _, err := unchanged(t, disk, testOptions()); !errors.Is(err, persistence.ErrStray) {
			t.Errorf("%s: %v", name, err)
		}
	}
	disk := simfs.New()
	must(t, disk.MkdirAll(verDir))
	for i := range 100 {
		disk.Write(fmt.Sprintf("%s/log.x%03d", verDir, i), nil)
	}
	if _, err := start(disk, testOptions()); !strings.Contains(err.Error(), "log.x019 and 80 more:") {
		t.Error(err)
	}
	for _, name := range []string{"Log.3f", ".log.3f.swp", "log", "notes", "tmp.mybackup"} {
		disk := simfs.New()
		must(t, disk.MkdirAll(verDir))
		disk.Write(verDir+"/"+name, nil)
		s, err := start(disk, testOptions())
		if err != nil || !s.rec.Empty || len(s.rec.Foreign) != 1 || !disk.Exists(verDir+"/"+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAFirstStartCutShortIsNotEmpty: a first start that was interrupted does not count as empty if
// there is a log that is not read.
func TestAFirstStartCutShortIsNotEmpty(t *testing.T) {
	disk := simfs.New()
	must(t, disk.MkdirAll(verDir))
	disk.Write(verDir+"/snapshot.0", []byte("ZKSN"))
	disk.Write(verDir+"/log.1.bak", nil)
	if _, err := unchanged(t, disk, testOptions()); !errors.Is(err, persistence.ErrStray) {
		t.Fatal(err)
	}
}

// TestDirectoriesAndLinks: a directory with the name of a log is ignored, a link to a file counts
// as the file, and a link to nothing can be a log that is not mounted.
func TestDirectoriesAndLinks(t *testing.T) {
	disk := logOf64(t, testOptions(), true)
	must(t, disk.MkdirAll(verDir+"/log.15"))
	must(t, disk.MkdirAll(verDir+"/snapshot.5"))
	s := mustStart(t, disk, testOptions())
	if s.mem.last() != records || fmt.Sprint(s.rec.Foreign) != "["+verDir+"/log.15 "+verDir+"/snapshot.5]" {
		t.Fatalf("%+v", s.rec)
	}
	must(t, s.add(1))
}

// TestEmptyTwin: an empty file under the right name is not what its copy looks like.
func TestEmptyTwin(t *testing.T) {
	for _, apache := range []bool{true, false} {
		disk := logOf64(t, testOptions(), apache)
		rename(disk, verDir+"/log.21", verDir+"/log.21.bak")
		disk.Write(verDir+"/log.21", disk.Read(verDir + "/log.21.bak")[:16])
		_, err := unchanged(t, disk, testOptions())
		if !errors.Is(err, persistence.ErrStray) || !strings.Contains(err.Error(), "log.21.bak") {
			t.Error(err)
		}
	}
}

// TestSnapshotsThatLookNewer: a look-alike that could be loaded is a reason to refuse, even if the
// logs are whole. One that was cut short is not, because no server could load it.
func TestSnapshotsThatLookNewer(t *testing.T) {
	disk := logOf64(t, testOptions(), true)
	whole := snapshotOf(0x30)
	for what, tc := range map[string]struct {
		content []byte
		refused bool
	}{
		"whole": {whole, true}, "packed": {gzipped(whole), true}, "half": {whole[:len(whole)/2], false},
		"nothing": {nil, false}, "text": {[]byte("kept by Ada, who knows why it is here\n"), false},
	} {
		for _, name := range []string{"snapshot.30.bak", "snapshot.030", "snapshot.30.tmp"} {
			image := disk.Kill()
			image.Write(verDir+"/"+name, tc.content)
			_, err := unchanged(t, image, testOptions())
			if errors.Is(err, persistence.ErrStray) != tc.refused || !tc.refused && err != nil {
				t.Errorf("%s as %s: %v", what, name, err)
			}
			image.Write(verDir+"/snapshot.31", snapshotOf(0x31))
			if _, err := start(image, testOptions()); err != nil {
				t.Errorf("%s as %s, below the newest: %v", what, name, err)
			}
		}
	}
}

// TestPackedLogs: an old log that was packed is ignored; the newest one must be unpacked.
func TestPackedLogs(t *testing.T) {
	for name, refused := range map[string]bool{"log.1": false, "log.21": true} {
		disk := logOf64(t, testOptions(), true)
		disk.Write(verDir+"/snapshot.20", snapshotOf(0x20))
		disk.Write(verDir+"/"+name+".gz", gzipped(disk.Read(verDir+"/"+name)))
		disk.Delete(verDir + "/" + name)
		_, err := unchanged(t, disk, testOptions())
		if !refused && err != nil {
			t.Error(err)
		}
		if refused && (err == nil || !strings.Contains(err.Error(), "unpack it to "+verDir+"/"+name)) {
			t.Error(err)
		}
	}
}

// TestTwoDirectories: only data in the wrong one is refused.
func TestTwoDirectories(t *testing.T) {
	opt := testOptions()
	opt.DataLogDir = "/logs"
	for name, refuse := range map[string]bool{
		verDir + "/log.1": true, "/logs/version-2/snapshot.1": true, "/logs/version-2/snapshot.1.gz": true,
		verDir + "/log.1.bak": false, verDir + "/log.x": false, "/logs/version-2/snapshot.1.bak": false,
		"/logs/version-2/snapshot.txt": false, verDir + "/logfile": false,
	} {
		disk := simfs.New()
		s := mustStart(t, disk, opt)
		must(t, s.add(1))
		disk.Write(name, []byte("x"))
		s, err := start(disk, opt)
		if errors.Is(err, persistence.ErrDirectory) != refuse || err == nil == refuse {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && len(s.rec.LookAlikes)+len(s.rec.Foreign) != 1 {
			t.Errorf("%s: told %+v", name, s.rec)
		}
		if !disk.Exists(name) {
			t.Errorf("%s was removed", name)
		}
	}
}

// TestUnfinishedFiles: our unfinished files are removed, by their full names. Other files whose
// names begin with tmp. stay.
func TestUnfinishedFiles(t *testing.T) {
	disk := logOf64(t, testOptions(), false)
	ours := []string{"tmp.snapshot.40", "tmp.snapshot.40.gz", "tmp.log.41", "tmp.acceptedEpoch",
		"tmp.currentEpoch", "tmp.walmeta.0", "tmp.writable"}
	others := []string{"tmp.mybackup", "tmp.snapshot.40.bak", "tmp.log.4F", "tmp.", "tmp"}
	for _, name := range append(ours, others...) {
		disk.Write(verDir+"/"+name, []byte("x"))
	}
	mustStart(t, disk, testOptions())
	for _, name := range ours {
		if disk.Exists(verDir + "/" + name) {
			t.Errorf("%s stays", name)
		}
	}
	for _, name := range others {
		if !disk.Exists(verDir + "/" + name) {
			t.Errorf("%s was removed", name)
		}
	}
}
