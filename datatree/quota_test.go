package datatree_test

import (
	"fmt"
	"testing"

	"quoll/datatree"
	"quoll/jute"
)

func TestQuotaVerdict(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree}
	for _, p := range []string{
		"/q", "/q/sub", "/free", "/zookeeper/quota/q", "/zookeeper/quota/q/zookeeper_stats",
		"/zookeeper/quota/q/zookeeper_limits",
	} {
		w.create(p)
	}
	set := func(name, text string) {
		w.apply(jute.OpSetData, &jute.SetDataRequest{
			Path: []byte("/zookeeper/quota/q/zookeeper_" + name), Data: []byte(text)})
	}
	set("stats", "count=2,bytes=16")
	ask := func(path string, last, size int, create bool) string {
		q := tree.Peek().Quota([]byte(path), last, size, create)
		return fmt.Sprintf("%s count %v bytes %v refused %v malformed %v",
			q.Prefix, q.Count, q.Bytes, q.Refused(), q.Malformed)
	}
	none := "{false false 0 0}"
	for i, c := range []struct {
		limits, path string
		last, size   int
		create       bool
		want         string
	}{
		{"count=9,bytes=99", "/free/x", 0, 5, true,
			" count " + none + " bytes " + none + " refused false malformed false"},
		{"count=3,bytes=21", "/q/x", 0, 5, true,
			"/q count {false false 3 3} bytes {false false 21 21} refused false malformed false"},
		{"count=2,bytes=20", "/q/x", 0, 5, true,
			"/q count {true false 3 2} bytes {true false 21 20} refused false malformed false"},
		{"count=9,bytes=99=;countHardLimit=2", "/q/x", 0, 5, true,
			"/q count {true true 3 2} bytes " + none + " refused true malformed false"},
		{"count=1,bytes=1=;countHardLimit=5;byteHardLimit=20", "/q/x", 0, 5, true,
			"/q count {false true 3 5} bytes {true true 21 20} refused true malformed false"},
		{"count=0,bytes=20", "/q/sub", 8, 13, false,
			"/q count " + none + " bytes {true false 21 20} refused false malformed false"},
		{"count=0,bytes=20", "/q/sub", 8, 8, false,
			"/q count " + none + " bytes " + none + " refused false malformed false"},
		{"count=0,bytes=20", "/q/sub", -1, -1, false,
			"/q count " + none + " bytes " + none + " refused false malformed false"},
		{"count=-1,bytes=-1", "/q/x", 0, 5, true,
			"/q count " + none + " bytes " + none + " refused false malformed false"},
		{"what", "/q/x", 0, 5, true,
			"/q count " + none + " bytes " + none + " refused false malformed true"},
	} {
		set("limits", c.limits)
		if got := ask(c.path, c.last, c.size, c.create); got != c.want {
			t.Errorf("%d %s %s:\n got %s\nwant %s", i, c.limits, c.path, got, c.want)
		}
	}
}

// TestOddQuotaNodes: nodes that would end a ZooKeeper server with an exception end nothing here.
func TestOddQuotaNodes(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree}
	for _, p := range []string{
		"/zookeeper/zookeeper_limits", "/zookeeper/quota/zookeeper_limits",
		"/zookeeper/quota/zookeeper_stats", "/q", "/zookeeper/quota/q",
		"/zookeeper/quota/q/zookeeper_limits", "/q/x",
	} {
		w.create(p)
	}
	w.apply(jute.OpCreate, &jute.CreateTxn{
		Path: []byte("/zookeeper/quota/q/zookeeper_stats"), ParentCVersion: -1})
	w.apply(jute.OpSetData, &jute.SetDataRequest{
		Path: []byte("/zookeeper/quota/q/zookeeper_stats"), Data: nil})
	w.create("/q/y")
	v := tree.Peek()
	n, _ := v.Find([]byte("/zookeeper/quota/q/zookeeper_stats"))
	if got := string(v.AppendData(nil, n)[4:]); got != "count=0,bytes=7" {
		t.Error(got)
	}
	for _, p := range []string{"/zookeeper/zookeeper_limits", "/zookeeper/quota/zookeeper_limits"} {
		w.apply(jute.OpDelete, &jute.PathOnly{Path: []byte(p)})
	}
	if f := tree.Faults(); f.Inconsistencies > 0 {
		t.Errorf("%+v", f)
	}
}

// TestALimitOverBrokenStats: stats that Apache cannot read do harm only when a limit node makes it
// read them. Blank parts of a path do not count for it.
func TestALimitOverBrokenStats(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree}
	for _, p := range []string{"q", "r"} {
		w.create("/zookeeper/quota/" + p)
		w.create("/zookeeper/quota/" + p + "/zookeeper_stats")
	}
	for path, data := range map[string][]byte{"q": []byte("?"), "r": []byte("count=1")} {
		w.apply(jute.OpSetData, &jute.SetDataRequest{
			Path: []byte("/zookeeper/quota/" + path + "/zookeeper_stats"), Data: data})
	}
	for path, ends := range map[string]bool{
		"/zookeeper/quota/q/zookeeper_limits":   true,
		"/zookeeper/quota/ /q/zookeeper_limits": true,
		"/zookeeper/quota/q/ /zookeeper_limits": true,
		"/zookeeper/quota/r/zookeeper_limits":   false,
		"/zookeeper/quota/s/zookeeper_limits":   false,
		"/zookeeper/quota/q/zookeeper_stats":    false,
		"/zookeeper/q/zookeeper_limits":         false,
		"/q/zookeeper_limits":                   false,
	} {
		if got := tree.Peek().LimitEndsApache([]byte(path)); got != ends {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// TestALimitOfAnotherPath: Apache cuts 16 chars, not bytes, off the parent of any node below
// /zookeeper* that is named like a limit node.
func TestALimitOfAnotherPath(t *testing.T) {
	tree := datatree.New(datatree.Options{})
	w := &writer{tree: tree}
	for _, p := range []string{
		"/g", "/zookeeper/quota/g", "/zookeeper/quota/g/zookeeper_limits",
		"/zookeeper/quota/g/zookeeper_stats", "/zookeeperéüöabcg",
		"/zookeeperéüöabcg/zookeeper_limits", "/g/counted",
	} {
		w.create(p)
	}
	w.apply(jute.OpDelete,
		&jute.PathOnly{Path: []byte("/zookeeperéüöabcg/zookeeper_limits")})
	w.create("/g/free")
	v := tree.Peek()
	n, _ := v.Find([]byte("/zookeeper/quota/g/zookeeper_stats"))
	if got := string(v.AppendData(nil, n)[4:]); got != "count=2,bytes=16" {
		t.Error(got)
	}
}
