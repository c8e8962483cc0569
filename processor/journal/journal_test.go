package journal_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/journal"
)

// The journal against plain maps: what each path will be, and what it was at each mark.
func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := datatree.New(datatree.Options{Digest: true})
		j := journal.New(tree, true)
		type entry struct {
			zxid jute.Zxid
			path string
			n    journal.Node
		}
		var model []entry
		zxid := jute.Zxid(0)
		find := func(path string) journal.Node {
			for i := len(model) - 1; i >= 0; i-- {
				if model[i].path == path {
					return model[i].n
				}
			}
			return journal.Node{}
		}
		put := func(t *rapid.T) {
			path := fmt.Sprintf("/n%d", rapid.IntRange(0, 4).Draw(t, "path"))
			before := j.Look([]byte(path))
			n := journal.Node{
				Exists: rapid.Bool().Draw(t, "exists"), HasData: true, Data: []byte(path),
			}
			n.Stat.Version = rapid.Int32().Draw(t, "version")
			n.Stat.EphemeralOwner = jute.SessionID(rapid.IntRange(0, 2).Draw(t, "owner"))
			j.Put([]byte(path), zxid, n, &before)
			model = append(model, entry{zxid: zxid, path: path, n: n})
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				zxid++
				mark := j.Mark()
				for range rapid.IntRange(1, 4).Draw(t, "n") {
					put(t)
				}
				j.Settle(mark)
			},
			"undo": func(t *rapid.T) {
				zxid++
				mark, keep, digest := j.Mark(), len(model), j.TreeDigest()
				for range rapid.IntRange(1, 4).Draw(t, "n") {
					put(t)
				}
				j.Undo(mark)
				model = model[:keep]
				require.Equal(t, digest, j.TreeDigest())
			},
			"apply": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip()
				}
				upTo := model[rapid.IntRange(0, len(model)-1).Draw(t, "i")].zxid
				j.Applied(upTo)
				for len(model) > 0 && model[0].zxid <= upTo {
					model = model[1:]
				}
			},
			"": func(t *rapid.T) {
				for i := range 5 {
					path := fmt.Sprintf("/n%d", i)
					want, got := find(path), j.Look([]byte(path))
					require.Equal(t, want.Exists, got.Exists, path)
					require.Equal(t, want.Stat.Version, got.Stat.Version, path)
				}
			},
		})
	})
}
