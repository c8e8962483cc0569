package nemesis

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/pipe"
	"quoll/internal/sim/world"
)

func five(seed uint64) *Nemesis {
	w := world.New(seed, nil)
	c := Config{World: w, Net: pipe.New(w, pipe.Rules{}), Leader: func() int { return 2 }}
	for i := range 5 {
		c.Hosts = append(c.Hosts, netip.AddrFrom4([4]byte{10, 1, 0, byte(i + 1)}))
	}
	return New(c)
}

// ways is how many of the 20 ways between five servers are cut.
func (n *Nemesis) ways() (cut int) {
	for _, a := range n.Hosts {
		for _, b := range n.Hosts {
			if n.Net.Blocked(a, b) {
				cut++
			}
		}
	}
	return cut
}

func TestShapes(t *testing.T) {
	for name, want := range map[string][]int{
		"split": {8, 12}, "isolate": {8}, "deaf": {4}, "mute": {4}, "bridge": {8}, "ring": {10},
	} {
		for seed := range uint64(20) {
			n := five(seed)
			for _, s := range shapes {
				if s.name == name {
					s.cut(n)
					break
				}
			}
			require.Contains(t, want, n.ways(), name)
			n.join()
			require.Zero(t, n.ways(), name)
		}
	}
}

// Whatever was cut, everything is joined at the end, except for those that are left out.
func TestHealing(t *testing.T) {
	for seed := range uint64(50) {
		n := five(seed)
		n.Plague()
		n.World.RunUntil(5_000_000, nil)
		n.Heal([]int{0, 3})
		n.World.RunUntil(20_000_000, nil)
		require.Equal(t, 14, n.ways())
		n.Join()
		require.Zero(t, n.ways())
	}
}

func TestASwizzleOpensWhatItClogs(t *testing.T) {
	for seed := range uint64(50) {
		n := five(seed)
		n.swizzle()
		most := 0
		for range 400 {
			n.World.RunUntil(n.World.Now+10_000, nil)
			most = max(most, n.ways())
		}
		require.Positive(t, most)
		require.Zero(t, n.ways())
	}
}
