package datatree_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"quoll/datatree"
	"quoll/internal/model/applied"
	"quoll/jute"
)

// sameTree compares a tree with a model: node by node, and all the sums. The keys of ACLs depend on
// history: keys says whether both have the same one.
func sameTree(t *rapid.T, v datatree.View, m *applied.Tree, keys bool) {
	t.Helper()
	paths := m.Paths()
	for _, p := range paths {
		sameNode(t, v, m, p, keys)
	}
	must(t, "node count", len(paths)+1, v.NodeCount())
	must(t, "digest", m.TreeDigest(), v.TreeDigest())
	must(t, "last zxid", m.LastZxid, v.LastZxid())
	ephemerals := 0
	for session := jute.SessionID(1); session <= 3; session++ {
		want := m.Ephemerals(session)
		ephemerals += len(want)
		must(t, "ephemerals", fmt.Sprintf("%q", want), fmt.Sprintf("%q", v.EphemeralsOf(session)))
		var got []string
		all := decodeNames(t, v.AppendEphemerals(nil, session, []byte("/a"), false))
		got = append(got, all...)
		want = slices.DeleteFunc(want, func(p string) bool { return !strings.HasPrefix(p, "/a") })
		must(t, "ephemerals below", fmt.Sprintf("%q", want), fmt.Sprintf("%q", got))
	}
	must(t, "ephemeral count", ephemerals, v.EphemeralCount())
	lists := map[string]bool{}
	for _, p := range paths {
		if m.Get(p).Key != -1 {
			lists[fmt.Sprint(m.ACL(p))] = true
		}
	}
	must(t, "ACLs in use", len(lists), v.ACLCount())
	if keys {
		must(t, "size", m.Size, v.ApproximateDataSize())
		must(t, "sessions", fmt.Sprint(m.Sessions()), fmt.Sprint(v.Sessions()))
		sameACLs(t, v, m)
	}
	sameExpired(t, v, m)
}

// sameLargest compares the upper bounds of the tree with each node of the model.
func sameLargest(t *rapid.T, tree *datatree.Tree, m *applied.Tree) {
	t.Helper()
	for _, p := range m.Paths() {
		if n := len(m.Get(p).Data); n > tree.LargestData() {
			t.Fatalf("%q has %d bytes, the largest %d", p, n, tree.LargestData())
		}
		if n := len(m.Children(p)); n > tree.MostChildren() {
			t.Fatalf("%q has %d children, the most are %d", p, n, tree.MostChildren())
		}
		if n := len(m.ACL(p)); n > tree.LongestACL() {
			t.Fatalf("%q has an ACL of %d, the longest is %d", p, n, tree.LongestACL())
		}
	}
}

func sameNode(t *rapid.T, v datatree.View, m *applied.Tree, p string, keys bool) {
	t.Helper()
	n, ok := v.Find([]byte(p))
	if !ok {
		t.Fatalf("%q is not found", p)
	}
	want := m.Get(p)
	var st jute.Stat
	v.Stat(n, &st)
	must(t, p+" stat", m.Stat(p), st)
	var kept jute.StatPersisted
	v.Persisted(n, &kept)
	must(t, p+" persisted", want.Stat, kept)
	must(t, p+" data", string(jute.AppendBuffer(nil, want.Data)), string(v.AppendData(nil, n)))
	must(t, p+" acl", fmt.Sprint(m.ACL(p)), fmt.Sprint(v.ACL(n)))
	if keys {
		must(t, p+" acl key", want.Key, v.ACLKey(n))
	}
	must(t, p+" path", p, string(v.AppendPath(nil, n)))
	names := decodeNames(t, v.AppendChildren(nil, n))
	slices.Sort(names)
	must(t, p+" children", fmt.Sprintf("%q", m.Children(p)), fmt.Sprintf("%q", names))
	must(t, p+" number", len(names), v.NumChildren(n))
	must(t, p+" below", m.Below(p)+alias(p), v.AllChildrenNumber([]byte(p)))
	digest := datatree.NodeDigest([]byte(p), want.Data, &kept)
	must(t, p+" digest", digest, v.DigestOf(n))
	must(t, p+" digest with", digest, v.DigestWith(n, []byte(p), &kept))
}

// alias is 1 for the path "", whose count includes "/".
func alias(p string) int {
	if p == "" {
		return 1
	}
	return 0
}

func decodeNames(t *rapid.T, b []byte) []string {
	c := jute.Decoder(b)
	var names [][]byte
	c.Texts("names", &names)
	if c.Failed() || len(c.Rest()) > 0 {
		t.Fatalf("not a vector of names: %x", b)
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = string(n)
	}
	return out
}

func sameACLs(t *rapid.T, v datatree.View, m *applied.Tree) {
	t.Helper()
	var want, got []int64
	want = m.Keys()
	v.ACLTable(func(key int64, _ []jute.ACL) { got = append(got, key) })
	if highest := m.HighestKey(); !slices.Contains(want, highest) {
		want = append(want, highest)
	}
	must(t, "acl keys", fmt.Sprint(want), fmt.Sprint(got))
}

func sameExpired(t *rapid.T, v datatree.View, m *applied.Tree) {
	t.Helper()
	now := int64(m.LastZxid)*10 + 20
	want := m.Expired(now, 100)
	var got []string
	var c datatree.ReapCursor
	for more := true; more; more = c.More() {
		for _, p := range v.Expired(&c, now, 100, 2) {
			got = append(got, string(p))
		}
	}
	slices.Sort(got)
	must(t, "expired", fmt.Sprintf("%q", want), fmt.Sprintf("%q", got))
}
