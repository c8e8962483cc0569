package hosts

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]List{
		"zk":                        {Servers: []string{"zk:2181"}},
		"zk1:1, zk2 ,zk3:65535":     {Servers: []string{"zk1:1", "zk2:2181", "zk3:65535"}},
		"zk/":                       {Servers: []string{"zk:2181"}},
		"zk,/a/b":                   {Servers: []string{"zk:2181"}, Chroot: "/a/b"},
		"10.0.0.1:1/a":              {Servers: []string{"10.0.0.1:1"}, Chroot: "/a"},
		"[::1]:2182,[fe80::1%eth0]": {Servers: []string{"[::1]:2182", "[fe80::1%eth0]:2181"}},
		"::1":                       {Servers: []string{"[::1]:2181"}},
		"2001:db8::1/a":             {Servers: []string{"[2001:db8::1]:2181"}, Chroot: "/a"},
		"srv://_zk._tcp.example":    {SRV: "_zk._tcp.example"},
		"srv://_zk._tcp.example/a":  {SRV: "_zk._tcp.example", Chroot: "/a"},
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", ",", "/a", "zk:", "zk:x", "zk:0", "zk:65536", ":2181", "zk/a/", "zk//", "zk/a//b", "zk/..",
		"[::1", "[::1]x", "[::1]:", "srv://", "srv:///a", "a b:1", "http://zk:2181",
	} {
		_, err := Parse(text)
		require.ErrorIs(t, err, ErrServers, "%q", text)
		require.ErrorContains(t, err, fmt.Sprintf("%q", text))
	}
	_, err := Parse("zk/a/")
	require.ErrorIs(t, err, jute.ErrPath)
}

func FuzzParse(f *testing.F) {
	f.Add("zk1:2181,[::1]:1/a")
	f.Add("srv://x/y")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parse(text)
		if err != nil {
			require.ErrorIs(t, err, ErrServers)
			return
		}
		require.True(t, len(list.Servers) > 0 != (list.SRV != ""), "one of the two")
		require.True(t, list.Chroot == "" || jute.ValidPath([]byte(list.Chroot)))
	})
}

func rounds(seed uint64, servers ...string) *Rounds {
	return NewRounds(servers, 50*time.Millisecond, 5*time.Second, rand.New(rand.NewPCG(seed, 0)))
}

// Each round goes through all servers once, and only its end has a pause.
func TestRounds(t *testing.T) {
	servers := []string{"a", "b", "c"}
	orders := map[string]bool{}
	for seed := range uint64(50) {
		r := rounds(seed, servers...)
		for round := range 12 {
			var got []string
			for range servers {
				got = append(got, r.Current())
				pause, over := r.Advance()
				require.Equal(t, len(got) == len(servers), over)
				if !over {
					require.Zero(t, pause)
				}
				require.LessOrEqual(t, pause, min(50*time.Millisecond<<round, 5*time.Second))
			}
			if round == 0 {
				orders[fmt.Sprint(got)] = true
			}
			slices.Sort(got)
			require.Equal(t, servers, got)
		}
	}
	require.Len(t, orders, 6, "every order happens")
}

// Full jitter: pauses fill the whole range.
func TestPausesAreSpread(t *testing.T) {
	var below, above int
	for seed := range uint64(200) {
		r := rounds(seed, "a")
		for range 20 {
			r.Advance()
		}
		if pause, _ := r.Advance(); pause < 2500*time.Millisecond {
			below++
		} else {
			above++
		}
	}
	require.Greater(t, below, 60)
	require.Greater(t, above, 60)
}

// After a connection that worked the others come first, and the pauses are short again.
func TestSucceeded(t *testing.T) {
	for seed := range uint64(50) {
		r := rounds(seed, "a", "b", "c")
		for range 30 {
			r.Advance()
		}
		last := r.Current()
		r.Succeeded()
		for range 2 {
			require.NotEqual(t, last, r.Current())
			r.Advance()
		}
		require.Equal(t, last, r.Current())
		pause, over := r.Advance()
		require.True(t, over)
		require.LessOrEqual(t, pause, 50*time.Millisecond)
	}
}

func TestReplace(t *testing.T) {
	r := rounds(1, "a", "b")
	r.Advance()
	r.Replace([]string{"c"})
	require.Equal(t, "c", r.Current())
	require.Equal(t, 1, r.Count())
	r.Replace(nil)
	require.Equal(t, "", r.Current())
	r.Succeeded()
	_, over := r.Advance()
	require.True(t, over)
}
