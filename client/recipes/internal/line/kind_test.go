package line

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client/recipes/internal/hold"
)

func TestNames(t *testing.T) {
	curator, kazoo := Lock(hold.Curator), Lock(hold.Kazoo)
	read, write := Read(hold.Curator), Write(hold.Curator)
	kazooRead := Read(hold.Kazoo)
	for _, c := range []struct {
		kind    Kind
		name    string
		number  int32
		ok      bool
		ahead   bool
		foreign bool // if it has no place
	}{
		{curator, "_c_3f0-lock-0000000007", 7, true, true, true},
		{curator, "lock-0000000007", 7, true, true, true},
		{curator, "lock--2147483648", math.MinInt32, true, true, true},
		{curator, "lock--000000001", -1, true, true, true},
		{curator, "lock-2147483647", math.MaxInt32, true, true, true},
		{curator, "lock-2147483648", 0, false, false, true},
		{curator, "lock-00000007", 0, false, false, false},
		{curator, "lock-+000000007", 0, false, false, false},
		{curator, "lock-", 0, false, false, false},
		{curator, "config", 0, false, false, false},
		{curator, "held", 0, false, false, true},
		{curator, "held-3f0", 0, false, false, true},
		{curator, "3f0__lock__0000000007", 0, false, false, true},
		{curator, "_c_3f0-latch-0000000007", 0, false, false, true},
		{curator, "_c_3f0-__READ__0000000007", 0, false, false, true},
		{kazoo, "3f0__lock__0000000007", 7, true, true, true},
		{kazoo, "3f0__rlock__0000000007", 0, false, false, true},
		{kazoo, "_c_3f0-lock-0000000007", 0, false, false, true},
		{kazooRead, "3f0__rlock__0000000007", 7, true, false, true},
		{kazooRead, "3f0__lock__0000000007", 7, true, true, true},
		{read, "_c_3f0-__READ__0000000007", 7, true, false, true},
		{read, "_c_3f0-__WRIT__0000000007", 7, true, true, true},
		{write, "_c_3f0-__READ__0000000007", 7, true, true, true},
		{write, "_c_3f0-lock-0000000007", 0, false, false, true},
		{Latch(), "_c_3f0-latch-0000000007", 7, true, true, true},
	} {
		p, ok := c.kind.parse(c.name)
		require.Equal(t, c.ok, ok, "%s in %v", c.name, c.kind)
		require.Equal(t, c.foreign, Foreign(c.name), c.name)
		if ok {
			require.Equal(t, place{c.name, c.number, c.ahead}, p)
		}
	}
}

// The order holds wherever the numbers stand, over their wrap too, whatever the names are.
func TestOrderOverTheWrap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	kind := Lock(hold.Curator)
	for _, first := range []int64{0, -5, math.MaxInt32 - 5, math.MinInt32, rng.Int64()} {
		var want []string
		for i := range int64(20) {
			number := int32(first + i)
			want = append(want, fmt.Sprintf("_c_%x-lock-%010d", rng.Uint64(), number))
		}
		names := append([]string{"config"}, want...)
		rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		places, foreign := kind.sorted(names)
		require.Empty(t, foreign)
		require.Len(t, places, len(want))
		for i := range places {
			require.Equal(t, want[i], places[i].name)
		}
	}
}

func TestWhoWaitsForWhom(t *testing.T) {
	names := []string{
		"a-__READ__0000000001", "b-__READ__0000000002", "c-__WRIT__0000000003",
		"d-__WRIT__0000000004", "e-__READ__0000000005", "f-__READ__0000000006",
	}
	read, write := Read(hold.Curator), Write(hold.Curator)
	for i, c := range []struct {
		kind    Kind
		blocker int // -1: none
	}{{read, -1}, {read, -1}, {write, 1}, {write, 2}, {read, 3}, {read, 3}} {
		places, _ := c.kind.sorted(names)
		blocker, front, ok := ahead(places, names[i])
		require.True(t, ok)
		require.Equal(t, i, front)
		if c.blocker < 0 {
			require.Empty(t, blocker)
		} else {
			require.Equal(t, names[c.blocker], blocker)
		}
	}
	_, _, ok := ahead(nil, "x")
	require.False(t, ok)
}
