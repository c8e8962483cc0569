package datatree

import (
	"testing"

	"pgregory.net/rapid"

	"quoll/datatree/internal/store"
)

// TestIDSetAgainstMap: the set also grows past the size at which it begins to keep places, and
// shrinks to nothing again.
func TestIDSetAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set idSet
		want := map[store.ID]bool{}
		ids := rapid.SliceOf(rapid.Uint32Range(1, 3*small)).Draw(t, "ids")
		most := rapid.IntRange(0, 3*small).Draw(t, "most")
		toggle := func(id store.ID) {
			if want[id] {
				delete(want, id)
				if !set.remove(id) {
					t.Fatalf("%d was not found", id)
				}
				return
			}
			want[id] = true
			set.add(id)
		}
		for id := range most {
			toggle(store.ID(id))
		}
		for _, id := range ids {
			toggle(store.ID(id))
		}
		if rapid.Bool().Draw(t, "drain") {
			for len(set.ids) > 0 {
				toggle(set.ids[most%len(set.ids)])
			}
		}
		if len(set.ids) != len(want) {
			t.Fatalf("%d members, want %d", len(set.ids), len(want))
		}
		for i, id := range set.ids {
			if !want[id] {
				t.Fatalf("%d is no member", id)
			}
			if at, ok := set.find(id); !ok || at != i {
				t.Fatalf("%d is found at %d, %v, not %d", id, at, ok, i)
			}
		}
	})
}
