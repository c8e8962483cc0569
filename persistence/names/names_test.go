package names

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"quoll/jute"
	"quoll/persistence/snap"
)

// row is a line of testdata/table.txt.
type row struct {
	name string
	want Name
}

func table(t testing.TB) (rows []row) {
	t.Helper()
	text, err := os.ReadFile("testdata/table.txt")
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]Class{"Foreign": Foreign, "Exact": Exact, "LookAlike": LookAlike,
		"Unfinished": Unfinished, "Beside": Beside}
	packings := map[string]snap.Compression{"plain": snap.Plain, "gzip": snap.Gzip, "snappy": snap.Snappy}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		fields := strings.Fields(strings.TrimPrefix(line, quoted))
		if err != nil || len(fields) != 3 {
			t.Fatalf("%q: %v", line, err)
		}
		r := row{}
		r.name, _ = strconv.Unquote(quoted)
		class, ok := classes[fields[0]]
		if !ok {
			t.Fatalf("%q: no such class", line)
		}
		r.want.Class = class
		if class == Exact || class == LookAlike {
			zxid, err := strconv.ParseInt(fields[1], 16, 64)
			packing, ok := packings[fields[2]]
			if err != nil || !ok {
				t.Fatalf("%q: %v", line, err)
			}
			r.want.Kind, r.want.Zxid, r.want.Compression = Log, jute.Zxid(zxid), packing
			if strings.HasPrefix(r.name, "snapshot") {
				r.want.Kind = Snapshot
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func TestTable(t *testing.T) {
	rows := table(t)
	for _, r := range rows {
		if got := Parse(r.name); got != r.want {
			t.Errorf("%q: %+v, want %+v", r.name, got, r.want)
		}
	}
	if len(rows) < 70 {
		t.Fatal("only", len(rows))
	}
}

// TestNamesOfOurs: the names that a server gives are Exact, and different data has different names.
func TestNamesOfOurs(t *testing.T) {
	for _, zxid := range []jute.Zxid{0, 1, 0x3f, 0xbad, 1<<32 | 1, 1<<63 - 1} {
		all := []string{OfLog(zxid)}
		for _, c := range []snap.Compression{snap.Plain, snap.Gzip, snap.Snappy} {
			all = append(all, OfSnapshot(zxid, c))
		}
		for _, name := range all {
			got := Parse(name)
			if got.Class != Exact || got.Zxid != zxid || got.Exactly() != name {
				t.Errorf("%s: %+v", name, got)
			}
			if !Claims(name) {
				t.Errorf("%s makes no claim", name)
			}
		}
	}
	for _, name := range []string{"Log.3f", ".log.3f.swp", "log", "snapshot", "tmp.log.3f"} {
		if Claims(name) {
			t.Errorf("%s makes a claim", name)
		}
	}
}

// FuzzParse: an Exact name is the only name of its data; a LookAlike is never that name.
func FuzzParse(f *testing.F) {
	for _, r := range table(f) {
		f.Add(r.name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		n := Parse(name)
		if n.Class != Exact && n.Class != LookAlike {
			if n != (Name{Class: n.Class}) {
				t.Fatalf("%q: %+v", name, n)
			}
			return
		}
		if same := n.Exactly() == name; same != (n.Class == Exact) || n.Zxid < 0 {
			t.Fatalf("%q: %+v", name, n)
		}
		twin := Parse(n.Exactly())
		if twin.Class != Exact || twin.Zxid != n.Zxid || twin.Compression != n.Compression {
			t.Fatalf("%q: %+v, its twin %+v", name, n, twin)
		}
		if !Claims(name) {
			t.Fatal(fmt.Sprintf("%q", name), "makes no claim")
		}
	})
}
