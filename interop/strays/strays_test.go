package strays

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"quoll/client/wire"
	"quoll/datatree"
	"quoll/internal/replica/restore"
	"quoll/interop/apache"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/names"
)

const versionDir = "version-2"

// found is what Apache finds in a name.
type found struct {
	log, snapshot int64
	packing       string
}

func (o *oracle) name(t *testing.T, name string) (f found) {
	t.Helper()
	answer := o.ask(t, "name", name)
	if _, err := fmt.Sscanf(answer, "%d %d %s", &f.log, &f.snapshot, &f.packing); err != nil {
		t.Fatalf("%q: %s", name, answer)
	}
	return f
}

func TestNamesAreApaches(t *testing.T) {
	o := newOracle(t)
	t.Run("table", func(t *testing.T) { theTable(t, o) })
	t.Run("any", func(t *testing.T) { anyNames(t, o) })
}

// theTable asks Apache for the column that the table of package names has of it.
func theTable(t *testing.T, o *oracle) {
	text, err := os.ReadFile("../../persistence/names/testdata/table.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			continue // a comment
		}
		name, _ := strconv.Unquote(quoted)
		said := strings.Fields(strings.TrimPrefix(line, quoted))
		want := int64(-1)
		if said[1] != "-" {
			if want, err = strconv.ParseInt(said[1], 16, 64); err != nil {
				t.Fatal(line)
			}
		}
		got := o.name(t, name)
		packing := map[string]string{"plain": "CHECKED", "gzip": "GZIP", "snappy": "SNAPPY"}[said[2]]
		isLog := !strings.HasPrefix(name, "snapshot")
		if isLog && got.log != want || !isLog && (got.snapshot != want || packing != "" && got.packing != packing) {
			t.Errorf("%s: Apache says %+v", strings.TrimSpace(line), got)
		}
		rows++
	}
	if rows < 70 {
		t.Fatal("only", rows)
	}
}

// anyNames tries names that nobody thought of.
func anyNames(t *testing.T, o *oracle) {
	rng := rand.New(rand.NewPCG(7, 7))
	words := []string{"log", "snapshot", "Log", "snap", ".", ".", ".", "0", "3", "f", "F", "3e", "bad", "g",
		"-", "+", "~", " ", "gz", "GZ", "snappy", "Snappy", "tmp", "bak", "7fffffffffffffff", "8000000000000000",
		"٣", "３", "Ａ", "ｇ", "𝟛", "é"}
	packings := []string{"CHECKED", "GZIP", "SNAPPY"}
	data := 0
	for range 20_000 {
		name := []string{"log.", "snapshot.", ""}[rng.IntN(3)]
		for range 1 + rng.IntN(5) {
			name += words[rng.IntN(len(words))]
		}
		got, want := names.Parse(name), o.name(t, name)
		zxid := max(want.log, want.snapshot)
		isData := got.Class == names.Exact || got.Class == names.LookAlike
		if isData != (zxid >= 0) || isData && int64(got.Zxid) != zxid ||
			isData && got.Kind == names.Snapshot && packings[got.Compression] != want.packing {
			t.Fatalf("%q: %+v, Apache %+v", name, got, want)
		}
		if isData {
			data++
		}
	}
	t.Logf("20000 names, %d of them data to Apache", data)
}

// place is a directory that a server left.
type place struct {
	name  string
	dir   string // the dataDir
	nodes int    // that were acknowledged
}

func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// data are the paths of the logs and snapshots.
func data(t *testing.T, dir string) (files []string) {
	t.Helper()
	for _, pattern := range []string{"log.*", "snapshot.*"} {
		some, err := filepath.Glob(filepath.Join(dir, versionDir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, some...)
	}
	return files
}

func remove(t *testing.T, files []string) {
	t.Helper()
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
}

// byApache lets Apache's server make a directory in three lives: several logs and snapshots, then
// what is left of it by a script that keeps the last snapshot and log, and a snapshot alone.
func byApache(t *testing.T, o *oracle) []place {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	var server *apache.Server
	for life := range 3 {
		var err error
		if server == nil {
			server, err = apache.Start(ctx, apache.Options{
				DataDir: dir, SystemProps: map[string]string{"zookeeper.preAllocSize": "64"},
			})
		} else {
			server, err = server.Restart(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		write(ctx, t, server.Addr(), life)
		if _, err := server.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	nodes := o.restore(t, copyDir(t, dir)).nodes
	several := place{"several logs", dir, nodes}
	server, err := server.Restart(ctx) // writes a snapshot of everything
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	files := data(t, dir)
	oldestFirst(files)
	n := len(files)
	alone := place{"a snapshot alone", copyDir(t, dir), nodes}
	remove(t, swapDir(files[:n-1], dir, alone.dir))
	remove(t, files[n-1:])
	last := place{"the last snapshot and log", copyDir(t, dir), nodes}
	remove(t, swapDir(files[:n-3], dir, last.dir))
	return []place{several, last, alone}
}

func oldestFirst(files []string) {
	slices.SortFunc(files, func(a, b string) int {
		return int(names.Parse(filepath.Base(a)).Zxid - names.Parse(filepath.Base(b)).Zxid)
	})
}

func swapDir(files []string, from, to string) (swapped []string) {
	for _, f := range files {
		swapped = append(swapped, to+strings.TrimPrefix(f, from))
	}
	return swapped
}

// write makes 40 nodes.
func write(ctx context.Context, t *testing.T, addr string, life int) {
	t.Helper()
	c, err := wire.Dial(ctx, addr, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	for i := range 40 {
		path := fmt.Sprintf("/life%d-%d", life, i)
		if _, _, err := c.Create(ctx, path, []byte("x"), nil, jute.ModePersistent); err != nil {
			t.Fatal(err)
		}
	}
}

// served is what this server has of a directory.
type served struct {
	rec   persistence.Recovered
	nodes int
}

// start recovers as a server does, and stops.
func start(dir string) (s served, err error) {
	opt := persistence.DefaultOptions(dir)
	opt.Log.PreAllocBytes = 64 << 10
	store, err := persistence.Open(persistence.OS{}, opt)
	if err != nil {
		return s, err
	}
	tree := datatree.New(datatree.Options{ExtendedTypes: true, Digest: true})
	found, err := restore.Tree(store, tree, restore.Hooks{})
	if err != nil {
		return s, err
	}
	found.EndOrphans(tree)
	view := tree.Read()
	s = served{found.Recovered, view.NodeCount()}
	view.Release()
	return s, store.Close()
}

// ours makes a directory this server's own.
func ours(t *testing.T, p place) {
	t.Helper()
	if s, err := start(p.dir); err != nil || s.nodes != p.nodes {
		t.Fatalf("%s: %d nodes of %d, %v", p.name, s.nodes, p.nodes, err)
	}
	if s, err := start(p.dir); err != nil || !s.rec.Own {
		t.Fatalf("%s: not ours: %v", p.name, err)
	}
}

// histories are what happened to a directory of Apache's before somebody left files in it.
func histories() map[string]func(t *testing.T, p place) place {
	return map[string]func(t *testing.T, p place) place{
		"Apache's": func(_ *testing.T, p place) place { return p },
		"ours":     func(t *testing.T, p place) place { ours(t, p); return p },
		"ours copied": func(t *testing.T, p place) place {
			ours(t, p)
			p.dir = copyDir(t, p.dir)
			return p
		},
		"ours without a sidecar": func(t *testing.T, p place) place {
			ours(t, p)
			for i := range 2 {
				remove(t, []string{filepath.Join(p.dir, versionDir, names.OfSidecar(i))})
			}
			return p
		},
	}
}

// kinds are the copies that people leave of a file.
func kinds(file string) []string {
	dir, base := filepath.Split(file)
	word, rest, _ := strings.Cut(base, ".")
	packed := ".gz.old"
	if word == "log" {
		packed = ".gz"
	}
	return []string{file + ".bak", file + ".1", file + ".swp", file + packed, file + ".~1~", file + ".",
		dir + word + ".0" + rest, file + "~"}
}

// TestBesideApache leaves files beside those of each directory. Flushes are not what it is about.
func TestBesideApache(t *testing.T) {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		t.Setenv("TMPDIR", "/dev/shm")
	}
	o := newOracle(t)
	places := byApache(t, o)
	t.Run("copies", func(t *testing.T) { copies(t, o, places) })
	t.Run("renamed", func(t *testing.T) { renamed(t, places) })
	t.Run("purged", func(t *testing.T) { purged(t, o, places) })
	t.Run("files", func(t *testing.T) { files(t, o) })
}

// copies leaves copies of each kind beside each file of each directory.
func copies(t *testing.T, o *oracle, places []place) {
	cases, apacheLess, apacheRefused := 0, 0, 0
	for _, layout := range places {
		for history, make := range histories() {
			for _, original := range data(t, layout.dir) {
				for kind := range kinds(original) {
					p := make(t, place{history + ", " + layout.name, copyDir(t, layout.dir), layout.nodes})
					file := swapDir([]string{original}, layout.dir, p.dir)[0]
					content, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					for what, left := range map[string][]byte{
						"half": content[:len(content)/2], "nothing": nil, "text": []byte("kept by Ada\n"),
					} {
						stray := kinds(file)[kind]
						if err := os.WriteFile(stray, left, 0o600); err != nil {
							t.Fatal(err)
						}
						cases++
						theirs := o.restore(t, copyDir(t, p.dir))
						switch {
						case theirs.refusal != "":
							apacheRefused++
						case theirs.nodes < p.nodes:
							apacheLess++
						}
						s, err := start(p.dir)
						if err != nil || s.nodes != p.nodes {
							t.Fatalf("%s, %s as %s: %d nodes of %d, %v", p.name, what, stray, s.nodes, p.nodes, err)
						}
						now, err := os.ReadFile(stray)
						if err != nil || !bytes.Equal(now, left) {
							t.Fatalf("%s: %s is not as it was: %v", p.name, stray, err)
						}
						remove(t, []string{stray})
					}
				}
			}
		}
	}
	t.Logf("%d cases: all nodes; Apache has fewer in %d and does not start in %d",
		cases, apacheLess, apacheRefused)
}

// renamed renames one file at a time, and then all: nothing is missed without a word.
func renamed(t *testing.T, places []place) {
	refused, all := 0, 0
	for _, layout := range places {
		for history, make := range histories() {
			for _, original := range data(t, layout.dir) {
				for kind := range kinds(original)[:7] { // the last one is no log to Apache either
					p := make(t, place{history, copyDir(t, layout.dir), layout.nodes})
					file := swapDir([]string{original}, layout.dir, p.dir)[0]
					if err := os.Rename(file, kinds(file)[kind]); err != nil {
						t.Fatal(err)
					}
					s, err := start(p.dir)
					if all++; err == nil && s.nodes == p.nodes {
						continue
					}
					if refused++; !errors.Is(err, persistence.ErrStray) ||
						!strings.Contains(err.Error(), kinds(file)[kind]) {
						t.Fatalf("%s, %s: %s: %d of %d nodes, %v",
							history, layout.name, kinds(file)[kind], s.nodes, p.nodes, err)
					}
				}
			}
			for kind := range kinds("x/log.1") {
				p := make(t, place{history, copyDir(t, layout.dir), layout.nodes})
				for _, file := range data(t, p.dir) {
					if err := os.Rename(file, kinds(file)[kind]); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := start(p.dir); !errors.Is(err, persistence.ErrStray) {
					t.Fatalf("%s, %s, all renamed: %v", history, layout.name, err)
				}
			}
		}
	}
	t.Logf("%d of %d refused with the name of the file", refused, all)
}

// purged removes files as a script does that goes by age or by kind. Where Apache starts with every
// node, so does this server.
func purged(t *testing.T, o *oracle, places []place) {
	all, whole := 0, 0
	for _, layout := range places {
		original := data(t, layout.dir)
		oldestFirst(original)
		var scripts [][]string
		for n := range original {
			scripts = append(scripts, original[:n])
		}
		for _, kind := range []string{"log.", "snapshot."} {
			one := slices.DeleteFunc(slices.Clone(original), func(f string) bool {
				return !strings.HasPrefix(filepath.Base(f), kind)
			})
			scripts = append(scripts, one, one[:max(0, len(one)-1)])
		}
		for _, gone := range scripts {
			theirs := copyDir(t, layout.dir)
			remove(t, swapDir(gone, layout.dir, theirs))
			apache := o.restore(t, theirs)
			for history, make := range histories() {
				p := make(t, place{history, copyDir(t, layout.dir), layout.nodes})
				remove(t, swapDir(gone, layout.dir, p.dir))
				s, err := start(p.dir)
				all++
				switch {
				case apache.refusal == "" && apache.nodes == p.nodes:
					if whole++; err != nil || s.nodes != p.nodes {
						t.Errorf("%s, %s, without %v: %d of %d nodes, %v",
							history, layout.name, gone, s.nodes, p.nodes, err)
					}
				case err == nil && history == "ours" && s.nodes < p.nodes:
					t.Errorf("%s, %s, without %v: %d of %d nodes and no word",
						history, layout.name, gone, s.nodes, p.nodes)
				}
			}
		}
	}
	t.Logf("%d starts, %d of them whole as Apache's", all, whole)
	if whole == 0 || whole == all {
		t.Fatal("one of the cases was not met")
	}
}

// files is the part of the table that is about what the files are.
func files(t *testing.T, o *oracle) {
	header := append([]byte("ZKLG\x00\x00\x00\x02"), make([]byte, 8)...)
	base := "../../persistence/testdata/apache/plain" // up to 0x59, logs 1 and 48 among others
	whole := o.restore(t, copyDir(t, base))
	write := func(name string, content []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	mkdir := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		name   string
		do     func(t *testing.T, dir string)
		apache bool // starts
		gone   bool // the file, after Apache's start
		ours   bool // start
		tidied bool // the file is gone after ours
	}{
		{"log.60", mkdir("log.60"), false, false, true, false},
		{"snapshot.60", mkdir("snapshot.60"), true, false, true, false},
		{"log.60", write("log.60", nil), true, true, true, true},
		{"log.5a", write("log.5a", nil), true, true, true, true},
		{"log.60", func(t *testing.T, dir string) { // not the last
			write("log.60", nil)(t, dir)
			write("log.61", header)(t, dir)
		}, false, false, true, true},
		{"log.60", write("log.60", header[:1]), false, false, true, true},
		{"log.60", write("log.60", header[:15]), false, false, true, true},
		{"log.60", write("log.60", header), true, false, true, true},
		{"log.60", write("log.60", make([]byte, 4096)), false, false, true, true},
		{"log.bad", write("log.bad", []byte("everything is bad since Friday\n")), false, false, false, false},
		{"log.bad~", write("log.bad~", []byte("everything is bad since Friday\n")), true, false, true, false},
		{"log.-5", write("log.-5", nil), true, false, true, false},
		{"snapshot.60", write("snapshot.60", nil), true, false, true, true}, // set aside, renamed
		{"snapshot.gz", write("snapshot.gz", nil), true, false, true, false},
	} {
		theirs, mine := copyDir(t, base), copyDir(t, base)
		tc.do(t, filepath.Join(theirs, versionDir))
		tc.do(t, filepath.Join(mine, versionDir))
		got := o.restore(t, theirs)
		gone := func(dir string) bool {
			_, err := os.Stat(filepath.Join(dir, versionDir, tc.name))
			return os.IsNotExist(err)
		}
		if (got.refusal == "") != tc.apache || tc.apache && got != whole || gone(theirs) != tc.gone {
			t.Errorf("%s: Apache: %+v, gone %v", tc.name, got, gone(theirs))
		}
		s, err := start(mine)
		if (err == nil) != tc.ours || tc.ours && s.nodes != whole.nodes || gone(mine) != tc.tidied {
			t.Errorf("%s: ours: %d of %d nodes, %v, gone %v", tc.name, s.nodes, whole.nodes, err, gone(mine))
		}
	}
}
