package journal_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/journal"
)

// twin is two journals over one tree. In one a session ends at once, in the other its ephemerals
// are deleted one by one. Prep must not see any difference between them.
type twin struct {
	tree   *datatree.Tree
	j      [2]*journal.Journal
	zxid   jute.Zxid
	places []string
}

func newTwin() *twin {
	tree := datatree.New(datatree.Options{Digest: true})
	w := &twin{tree: tree, j: [2]*journal.Journal{
		journal.New(tree, true), journal.New(tree, true),
	}}
	for _, parent := range []string{"", "/a", "/a-b", "/a/c"} {
		if parent != "" {
			w.create(parent, 0)
		}
		for i := range 3 {
			w.places = append(w.places, fmt.Sprintf("%s/n%d", parent, i))
		}
	}
	return w
}

// create puts a node into the tree.
func (w *twin) create(path string, owner jute.SessionID) {
	w.zxid++
	txn := jute.CreateTxn{Path: []byte(path), Ephemeral: owner != 0, ParentCVersion: -1}
	var result datatree.Result
	w.tree.Apply(&jute.Entry{Header: jute.TxnHeader{
		ClientID: owner, Zxid: w.zxid, Type: jute.OpCreate,
	}, Body: jute.Append(nil, &txn)}, &result)
}

// change does to both journals what Prep does for a create, delete or setData.
func (w *twin) change(path string, zxid jute.Zxid, n func(before journal.Node) journal.Node) {
	parent, _, _ := jute.SplitPath([]byte(path))
	for _, j := range w.j {
		before, up := j.Look([]byte(path)), j.Look(parent)
		after, upAfter := n(before), up
		switch {
		case after.Exists && !before.Exists:
			upAfter.Children++
		case !after.Exists && before.Exists:
			upAfter.Children--
		}
		j.Put(parent, zxid, upAfter, &up)
		j.Put([]byte(path), zxid, after, &before)
	}
}

// closeOneByOne ends a session by the definition: its ephemerals are deleted one by one.
func closeOneByOne(
	j *journal.Journal, places []string, session jute.SessionID, zxid jute.Zxid,
) (gone []string) {
	for _, path := range places {
		n := j.Look([]byte(path))
		if !n.Exists || n.Stat.EphemeralOwner != session {
			continue
		}
		gone = append(gone, path)
		parent, _, _ := jute.SplitPath([]byte(path))
		up := j.Look(parent)
		after := up
		after.Children--
		after.Stat.Pzxid = zxid
		j.Put(parent, zxid, after, &up)
		j.Put([]byte(path), zxid, journal.Node{}, &n)
	}
	return gone
}

func (w *twin) compare(t require.TestingT) {
	for _, path := range append([]string{"", "/a", "/a-b", "/a/c"}, w.places...) {
		one, two := w.j[0].Look([]byte(path)), w.j[1].Look([]byte(path))
		require.Equal(t, two.Exists, one.Exists, path)
		require.Equal(t, two.Children, one.Children, path)
		require.Equal(t, two.Stat, one.Stat, path)
	}
	require.Equal(t, w.j[1].TreeDigest(), w.j[0].TreeDigest())
}

func TestTheEndOfASessionIsTheDeleteOfEachOfItsNodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newTwin()
		for _, path := range w.places {
			if owner := rapid.IntRange(-1, 2).Draw(t, "in the tree"); owner >= 0 {
				w.create(path, jute.SessionID(owner))
			}
		}
		zxid, closed := w.zxid, map[jute.SessionID]bool{}
		step := func(t *rapid.T) {
			zxid++
			path := rapid.SampledFrom(w.places).Draw(t, "path")
			owner := jute.SessionID(rapid.IntRange(0, 2).Draw(t, "owner"))
			version := rapid.Int32().Draw(t, "version")
			w.change(path, zxid, func(n journal.Node) journal.Node {
				switch {
				case n.Exists && version%2 == 0:
					return journal.Node{}
				case n.Exists:
					n.Stat.Version = version
				case !closed[owner]:
					n = journal.Node{Exists: true, HasData: true}
					n.Stat.EphemeralOwner = owner
				}
				return n
			})
		}
		t.Repeat(map[string]func(*rapid.T){
			"change": step, "another": step,
			"close": func(t *rapid.T) {
				session := jute.SessionID(rapid.IntRange(1, 2).Draw(t, "session"))
				zxid++ // it may end twice: its client and its expiry can come by two servers
				closed[session] = true
				want := closeOneByOne(w.j[1], w.places, session, zxid)
				slices.Sort(want)
				var got []string
				paths := w.j[0].CloseSession(session, zxid)
				require.NotNil(t, paths)
				for _, path := range paths {
					got = append(got, string(path))
				}
				require.Equal(t, want, got)
			},
			"": func(t *rapid.T) { w.compare(t) },
		})
		// When all is applied the journal is empty. The tree here never changes.
		for _, j := range w.j {
			j.Applied(zxid)
		}
		w.compare(t)
		require.Equal(t, w.tree.Peek().TreeDigest(), w.j[0].TreeDigest())
	})
}
