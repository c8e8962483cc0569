package config

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/jute"
)

func parse(t require.TestingT, text string, rules Rules) *Config {
	c, err := ParseText(text, rules)
	require.NoError(t, err, text)
	return c
}

const three = "server.1=a:1:2:participant;0.0.0.0:2181\nserver.2=b:1:2:participant;0.0.0.0:2181\n" +
	"server.3=c:1:2:observer;0.0.0.0:2181\n"

func TestViews(t *testing.T) {
	c := parse(t, three+"version=1f", Rules{})
	require.Equal(t, int64(0x1f), c.Version)
	require.Equal(t, []jute.PeerID{1, 2}, c.Voters())
	require.True(t, c.Votes(2))
	require.False(t, c.Votes(3))
	require.False(t, c.Votes(4))
	m, ok := c.Member(3)
	require.True(t, ok)
	require.True(t, m.Observer)
	require.Equal(t, HostPort{"c", 1}, m.Addresses[0].Quorum())
	require.Equal(t, HostPort{"c", 2}, m.Addresses[0].Election())
	_, ok = c.Member(4)
	require.False(t, ok)
	require.Equal(t, int64(1), c.Weight(4))
	require.Equal(t, three+"version=ffffffffffffffff", c.WithVersion(-1).String())
	require.Equal(t, int64(0x1f), c.Version)

	groups := parse(t, three+"group.1=1:2\nweight.1=5\nversion=0", Rules{})
	require.Equal(t, int64(5), groups.Weight(1))
	require.Equal(t, int64(1), groups.Weight(2))
	require.Equal(t, int64(0), groups.Weight(3))
}

// A client address that is not in the line counts for the server itself and is in no text.
func TestQuorumsAreThoseOfWhoVotes(t *testing.T) {
	c := parse(t, three, Rules{})
	require.Equal(t, "[1 2]", c.Quorums())
	moved := strings.NewReplacer("=a:1:2", "=z:8:9", "2181", "7").Replace(three)
	require.Equal(t, c.Quorums(), parse(t, moved+"version=7", Rules{}).Quorums())
	grouped := parse(t, three+"weight.2=5\ngroup.7=1:2\n", Rules{})
	require.Equal(t, "[1 2] group.7=1:2 weight.1=1 weight.2=5", grouped.Quorums())
}

func TestStaticClientAddress(t *testing.T) {
	const text = "server.1=a:1:2:participant\nserver.2=b:1:2:participant;0.0.0.0:7\nversion=0"
	c := parse(t, text, Rules{})
	mine := c.WithClient(1, HostPort{"0.0.0.0", 2181}).WithClient(2, HostPort{"0.0.0.0", 2181})
	require.Equal(t, text, mine.String())
	m, _ := mine.Member(1)
	require.Equal(t, HostPort{"0.0.0.0", 2181}, m.Client)
	m, _ = mine.Member(2)
	require.Equal(t, 7, m.Client.Port)
	m, _ = c.Member(1)
	require.Empty(t, m.Client.Host)
}

func TestFiles(t *testing.T) {
	c, err := ParseFile("/etc/zoo.cfg.dynamic.1f", []byte(three), Rules{})
	require.NoError(t, err)
	require.Equal(t, int64(0x1f), c.Version)
	require.Equal(t, strings.TrimSuffix(three, "\n"), string(c.File()))
	c, err = ParseFile("/etc/zoo.cfg.dynamic", []byte(three), Rules{})
	require.NoError(t, err)
	require.Zero(t, c.Version)
	for _, text := range []string{three + "version=0", three + "tickTime=5", "server.1=a"} {
		_, err = ParseFile("zoo.cfg.dynamic", []byte(text), Rules{})
		require.ErrorIs(t, err, ErrText, text)
	}
	_, err = ParseFile("zoo.cfg.dynamic", []byte("a=\\u1"), Rules{})
	require.ErrorIs(t, err, ErrNumber)
	for name, want := range map[string]int64{"a.0": 0, "a.b.ff": 255, "a.": -1, "a": -1, "a.x": -1} {
		version, ok := FileVersion(name)
		require.Equal(t, want != -1, ok, name)
		if ok {
			require.Equal(t, want, version, name)
		}
	}
}

// What Apache reads in some way of its own is refused.
func TestLinesThatSayTwoThings(t *testing.T) {
	for _, text := range []string{
		"server.1=a:1:2\nserver.01=b:1:2", "server.1=a:1:2\ngroup.1=1\ngroups.1=2",
		"server.1=a:1:2\ngroup.1=1\nweight.1=2\nweight.01=3",
		"server.1=a:1:2\nserver.2=b:1:2\ngroup.1=1:2\ngroup.2=2",
	} {
		_, err := ParseText(text, Rules{})
		require.ErrorIs(t, err, ErrText, text)
	}
}

func TestMembersThatMakeNoEnsemble(t *testing.T) {
	for text, want := range map[string]struct{ standalone, ensemble bool }{
		"version=0":               {true, false},
		"server.1=a:1:2:observer": {false, false},
		"server.1=a:1:2":          {true, true},
		"server.1=a:1:2\nserver.2=a:1:2:observer":     {false, true},
		"server.1=a:1:2\nserver.2=a:1:2":              {true, true},
		three + "server.4=a:1:2\nserver.5=a:1:2\nx=y": {false, false},
	} {
		_, err := ParseText(text, Rules{Standalone: true})
		require.Equal(t, want.standalone, err == nil, "%s: %v", text, err)
		_, err = ParseText(text, Rules{})
		require.Equal(t, want.ensemble, err == nil, "%s: %v", text, err)
	}
}

// Texts made to cost as much as possible for their size: memory grows with their length only.
func TestHostileTexts(t *testing.T) {
	var same, groups, members strings.Builder
	for i := range 40_000 {
		// "Aa" and "BB" have one hash code.
		for bit := range 16 {
			same.WriteString([]string{"Aa", "BB"}[i>>bit&1])
		}
		same.WriteString("=1\n")
		fmt.Fprintf(&groups, "group.%d=%d\n", i, 64*i)
		fmt.Fprintf(&members, "server.%d=a:1:2\n", 64*i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Parse(properties(t, same.String()), Static, Rules{Standalone: true})
	require.NoError(t, err)
	_, err = ParseText(groups.String(), Rules{})
	require.ErrorIs(t, err, ErrNumber)
	c := parse(t, members.String(), Rules{})
	require.Len(t, c.Members, 40_000)
	runtime.ReadMemStats(&after)
	size := same.Len() + groups.Len() + members.Len()
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100*size))
}

func TestHelloText(t *testing.T) {
	all := []HostPort{{"a", 1}, {"::1", 2}}
	require.Equal(t, "a:1|[::1]:2", string(FormatHello(all)))
	require.Equal(t, "a:1", string(FormatHello(all[:1])))
	require.True(t, HostPort{"::", 1}.Wildcard())
	require.True(t, HostPort{"0.0.0.0", 1}.Wildcard())
	require.False(t, HostPort{"localhost", 1}.Wildcard())
}

// naive is a configuration as plain maps, and what a quorum of it is.
type naive struct {
	votes  map[jute.PeerID]bool
	group  map[jute.PeerID]int
	weight map[jute.PeerID]int
}

func (n *naive) quorum(in map[jute.PeerID]bool) bool {
	if n.group == nil {
		yes, all := 0, 0
		for id := range n.votes {
			all++
			if in[id] {
				yes++
			}
		}
		return 2*yes > all
	}
	total, yes := map[int]int{}, map[int]int{}
	for id, g := range n.group {
		total[g] += n.weight[id]
		if in[id] && n.votes[id] {
			yes[g] += n.weight[id]
		}
	}
	groups, won := 0, 0
	for g, w := range total {
		if w > 0 {
			groups++
		}
		if 2*yes[g] > w {
			won++
		}
	}
	return 2*won > groups
}

// draw makes a configuration and its model.
func draw(t *rapid.T, label string) (*Config, *naive) {
	n := &naive{votes: map[jute.PeerID]bool{}}
	var text strings.Builder
	ids := rapid.SliceOfNDistinct(rapid.Int64Range(1, 9), 1, 7, rapid.ID[int64]).Draw(t, label)
	grouped := rapid.Bool().Draw(t, label+" groups")
	if grouped {
		n.group, n.weight = map[jute.PeerID]int{}, map[jute.PeerID]int{}
	}
	members := map[int][]string{}
	for i, id := range ids {
		role := ""
		if i > 0 && rapid.IntRange(0, 4).Draw(t, "role") == 0 {
			role = ":observer"
		}
		fmt.Fprintf(&text, "server.%d=h%d:1:2%s\n", id, id, role)
		if role == "" {
			n.votes[jute.PeerID(id)] = true
		} else {
			continue
		}
		if grouped {
			g, w := rapid.IntRange(1, 3).Draw(t, "group"), rapid.IntRange(0, 3).Draw(t, "weight")
			n.group[jute.PeerID(id)], n.weight[jute.PeerID(id)] = g, w
			members[g] = append(members[g], fmt.Sprint(id))
			fmt.Fprintf(&text, "weight.%d=%d\n", id, w)
		}
	}
	for g := 1; g <= 3; g++ {
		if len(members[g]) > 0 {
			fmt.Fprintf(&text, "group.%d=%s\n", g, strings.Join(members[g], ":"))
		}
	}
	return parse(t, text.String(), Rules{}), n
}

func TestQuorumsAgreeWithTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, n := draw(t, "committed")
		d, m := draw(t, "last seen")
		in := map[jute.PeerID]bool{}
		for id := jute.PeerID(1); id <= 9; id++ {
			in[id] = rapid.Bool().Draw(t, "in")
		}
		asks := func(id jute.PeerID) bool { return in[id] }
		if c.Quorum(asks) != n.quorum(in) {
			t.Fatalf("%v of\n%s: %v", in, c, c.Quorum(asks))
		}
		both := n.quorum(in) && m.quorum(in)
		if joint := (Joint{c, d.WithVersion(1)}); joint.Quorum(asks) != both {
			t.Fatalf("%v of both\n%s\n%s: %v", in, c, d, !both)
		}
		for _, j := range []Joint{{c, nil}, {c, d}, {c.WithVersion(2), d.WithVersion(1)}} {
			if j.Quorum(asks) != n.quorum(in) {
				t.Fatalf("%v of\n%s: a configuration that is not newer counts", in, c)
			}
		}
		// Two quorums of one configuration always meet.
		out := func(id jute.PeerID) bool { return !in[id] }
		if c.Quorum(asks) && c.Quorum(out) {
			t.Fatalf("%v and the others are both quorums of\n%s", in, c)
		}
	})
}

func TestJointVotes(t *testing.T) {
	a := parse(t, "server.1=a:1:2\nserver.2=a:1:2", Rules{})
	b := parse(t, "server.2=a:1:2\nserver.3=a:1:2\nversion=1", Rules{})
	for _, c := range []struct {
		j    Joint
		want string
	}{
		{Joint{a, nil}, "1 2"}, {Joint{a, b}, "1 2 3"}, {Joint{b, a}, "2 3"},
	} {
		var votes []string
		for id := jute.PeerID(0); id < 5; id++ {
			if c.j.Votes(id) {
				votes = append(votes, fmt.Sprint(id))
			}
		}
		require.Equal(t, c.want, strings.Join(votes, " "))
	}
}

// FuzzConfig: no text makes the reader panic, and what it reads it writes as it will read it.
func FuzzConfig(f *testing.F) {
	f.Add(three+"version=1f", true)
	f.Add("server.2=[::1]:1:2:observer|b:3:4;5\ngroup.1=2\nweight.2=0", false)
	f.Add("server.1=a:1:2\ngroup.1=1:9\nweight.9=3\nserver.17=b:3:4;[::]:5", true)
	f.Add("server.\\u0031=a\\:1:2", false)
	f.Fuzz(func(t *testing.T, text string, multi bool) {
		rules := Rules{MultiAddress: multi}
		c, err := ParseText(text, rules)
		if err != nil {
			require.NotEqual(t, jute.OK, Code(err))
			return
		}
		c.Quorum(func(jute.PeerID) bool { return true })
		if strings.ContainsAny(text, "\\") || strings.ContainsFunc(text, odd) {
			return // a host's name that a properties file must escape, which Apache does not
		}
		again, err := ParseText(c.String(), rules)
		require.NoError(t, err, c)
		require.Equal(t, sorted(c), sorted(again))
	})
}

func odd(r rune) bool { return r > 0x7e || r < 0x20 && r != '\n' || r == '%' }

// A HashMap hands out what was put in, whatever was taken out between.
func TestTablesKeepTheirKeys(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	order, model := newNumbers(), map[int64]bool{}
	for range 2000 {
		k := random.Int64N(400) * 16
		if model[k] {
			order.remove(k, hashNumber(k))
			delete(model, k)
		} else {
			order.add(k, hashNumber(k))
			model[k] = true
		}
		require.Len(t, order.keys(), len(model))
	}
	for _, k := range order.keys() {
		require.True(t, model[k])
	}
}
