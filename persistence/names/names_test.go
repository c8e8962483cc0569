package names

import (
	"fmt"
	"strings"
	"testing"

	"quoll/jute"
	"quoll/persistence/snap"
)

const none = -1 // a name in which Apache finds no zxid

// table has names, what they are to us, and the zxid and the packing that Apache 3.9.5 finds in
// them. That its column is right is tested against Apache itself, in interop/strays.
var table = []struct {
	name  string
	class Class
	zxid  int64
	pack  snap.Compression
}{
	{"log.3f", Exact, 0x3f, snap.Plain},
	{"log.0", Exact, 0, snap.Plain},
	{"log.7fffffffffffffff", Exact, 1<<63 - 1, snap.Plain},
	{"log.bad", Exact, 0xbad, snap.Plain},
	{"log.fade", Exact, 0xfade, snap.Plain},
	{"snapshot.3e", Exact, 0x3e, snap.Plain},
	{"snapshot.3e.gz", Exact, 0x3e, snap.Gzip},
	{"snapshot.3e.snappy", Exact, 0x3e, snap.Snappy},

	{"log.3F", LookAlike, 0x3f, snap.Plain},
	{"log.03f", LookAlike, 0x3f, snap.Plain},
	{"log.+3f", LookAlike, 0x3f, snap.Plain},
	{"log.-0", LookAlike, 0, snap.Plain},
	{"log.３ｆ", LookAlike, 0x3f, snap.Plain},
	{"log.٣f", LookAlike, 0x3f, snap.Plain},
	{"log.3f.", LookAlike, 0x3f, snap.Plain},
	{"log.3f...", LookAlike, 0x3f, snap.Plain},
	{"log.3f.bak", LookAlike, 0x3f, snap.Plain},
	{"log.3f.1", LookAlike, 0x3f, snap.Plain},
	{"log.3f.swp", LookAlike, 0x3f, snap.Plain},
	{"log.3f.gz", LookAlike, 0x3f, snap.Plain},
	{"log.3f.~1~", LookAlike, 0x3f, snap.Plain},
	{"snapshot.3E", LookAlike, 0x3e, snap.Plain},
	{"snapshot.3e.bak", LookAlike, 0x3e, snap.Plain},
	{"snapshot.3e.tmp", LookAlike, 0x3e, snap.Plain},
	{"snapshot.3e.bak.gz", LookAlike, 0x3e, snap.Gzip},
	{"snapshot.3e.GZ", LookAlike, 0x3e, snap.Gzip},
	{"snapshot.3e.gz.", LookAlike, 0x3e, snap.Gzip},
	{"snapshot.3e.gz.bak", LookAlike, 0x3e, snap.Plain},
	{"snapshot.03e.Snappy", LookAlike, 0x3e, snap.Snappy},

	{"log.3f~", Foreign, none, 0},
	{"log.0x3f", Foreign, none, 0},
	{"log..3f", Foreign, none, 0},
	{"log.", Foreign, none, 0},
	{"log", Foreign, none, 0},
	{"log.bak", Foreign, none, 0},
	{"log.-1", Foreign, none, 0},
	{"log.-5", Foreign, -5, 0},
	{"log.--5", Foreign, none, 0},
	{"log.+", Foreign, none, 0},
	{"log.-", Foreign, none, 0},
	{"log.8000000000000000", Foreign, none, 0},
	{"log.3f-2026", Foreign, none, 0},
	{"log.3f copy", Foreign, none, 0},
	{"log. 3f", Foreign, none, 0},
	{"log.𝟛f", Foreign, none, 0},
	{"Log.3f", Foreign, none, 0},
	{".log.3f.swp", Foreign, none, 0},
	{"logs.3f", Foreign, none, 0},
	{"snapshot.gz", Foreign, none, 0},
	{"snapshot", Foreign, none, 0},
	{"", Foreign, none, 0},
	{".", Foreign, none, 0},
	{"..", Foreign, none, 0},

	{"tmp.log.3f", Unfinished, none, 0},
	{"tmp.snapshot.3e", Unfinished, none, 0},
	{"tmp.snapshot.3e.gz", Unfinished, none, 0},
	{"tmp.walmeta.0", Unfinished, none, 0},
	{"tmp.walmeta.1", Unfinished, none, 0},
	{"tmp.acceptedEpoch", Unfinished, none, 0},
	{"tmp.currentEpoch", Unfinished, none, 0},
	{"tmp.writable", Unfinished, none, 0},
	{"tmp.mybackup", Foreign, none, 0},
	{"tmp.", Foreign, none, 0},
	{"tmp.log.3F", Foreign, none, 0},
	{"tmp.log.3f.bak", Foreign, none, 0},
	{"tmp.snapshot.3e.snappy", Foreign, none, 0},
	{"tmp.snapshot.3e.GZ", Foreign, none, 0},
	{"tmp.walmeta.2", Foreign, none, 0},
	{"tmp.tmp.log.3f", Foreign, none, 0},

	{"walmeta.0", Beside, none, 0},
	{"walmeta.1", Beside, none, 0},
	{"acceptedEpoch", Beside, none, 0},
	{"currentEpoch.tmp", Beside, none, 0},
	{"quoll.lock", Beside, none, 0},
	{"walmeta.2", Foreign, none, 0},
	{"walmeta.0.bak", Foreign, none, 0},
}

func TestTable(t *testing.T) {
	for _, row := range table {
		got := Parse(row.name)
		want := Name{Class: row.class}
		if row.class == Exact || row.class == LookAlike {
			want.Kind, want.Zxid, want.Compression = Log, jute.Zxid(row.zxid), row.pack
			if strings.HasPrefix(row.name, "snapshot") {
				want.Kind = Snapshot
			}
		}
		if got != want {
			t.Errorf("%q: %+v, want %+v", row.name, got, want)
		}
	}
}

// TestNamesOfOurs: what a server writes is data, and nothing else has the same name.
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

// FuzzParse: a name that is Exact is the one name of what it stands for; a LookAlike never is it.
func FuzzParse(f *testing.F) {
	for _, row := range table {
		f.Add(row.name)
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
