package partition

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client/recipes/group"
)

// Every strategy gives each item to one member that is there, and is fair.
func TestStrategies(t *testing.T) {
	names := func(what string, n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("%s-%03d", what, i)
		}
		return list
	}
	for name, strategy := range map[string]Strategy{
		"range": Range, "round robin": RoundRobin, "hash": Hash,
	} {
		for _, items := range []int{0, 1, 5, 200} {
			for members := 1; members <= 7; members++ {
				who := names("host", members)
				owners := strategy(names("item", items), who)
				require.Len(t, owners, items)
				counts := map[string]int{}
				for _, owner := range owners {
					require.Contains(t, who, owner)
					counts[owner]++
				}
				fair := float64(items) / float64(members)
				for _, n := range counts {
					if name == "hash" {
						require.LessOrEqual(t, float64(n), 2*fair+5, "%s %d %d", name, items, members)
					} else {
						require.InDelta(t, fair, n, 1, "%s %d %d", name, items, members)
					}
				}
			}
		}
	}
	items := names("item", 100)
	before, after := Hash(items, names("host", 4)), Hash(items, names("host", 5))
	for _, item := range items {
		if after[item] != "host-004" {
			require.Equal(t, before[item], after[item], "only those of the new member move")
		}
	}
	require.Equal(t, map[string]string{"a": "x", "b": "x", "c": "y"},
		Range([]string{"a", "b", "c"}, []string{"x", "y"}))
}

// A member that is not in the group, because its session was lost, wants nothing; nobody asks a
// strategy to divide among none.
func TestMemberThatIsNotThere(t *testing.T) {
	s := &share{id: "a", items: []string{"x"}, strategy: Range}
	s.regroup(&group.View{})
	require.Empty(t, s.wanted)
	s.regroup(&group.View{Members: []group.Peer{{ID: "a"}}})
	require.Equal(t, map[string]bool{"x": true}, s.wanted)
	s.regroup(&group.View{Members: []group.Peer{{ID: "b"}}})
	require.Empty(t, s.wanted)
}
