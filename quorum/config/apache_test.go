package config

import (
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// The files in testdata hold what Apache's own classes of 3.9.5 make of configurations;
// interop/record writes them.

func rows(t *testing.T, file string) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	var out [][]string
	for line := range strings.Lines(string(text)) {
		out = append(out, strings.Fields(line))
	}
	return out
}

func unhex(t *testing.T, s string) string {
	t.Helper()
	if s == "-" {
		return ""
	}
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return string(b)
}

// kind is the word for an error in the tables.
func kind(err error) string {
	switch Code(err) {
	case jute.OK:
		return "ok"
	case jute.BadArguments:
		return "text"
	}
	return "number"
}

func properties(t *testing.T, text string) []Property {
	t.Helper()
	lines, err := parseCharacters(text)
	require.NoError(t, err)
	return lines
}

func TestApacheConfigs(t *testing.T) {
	read := map[string]int{}
	for _, line := range rows(t, "config.hex") {
		rules := Rules{MultiAddress: line[1] == "multi", Standalone: line[2] == "standalone"}
		form := Dynamic
		if line[0] == "static" {
			form = Static
		}
		text := unhex(t, line[3])
		c, err := Parse(properties(t, text), form, rules)
		require.Equal(t, line[4], kind(err), "%s\n%v", text, err)
		read[line[4]]++
		if err != nil {
			continue
		}
		require.Equal(t, unhex(t, line[5]), c.String(), text)
		if line[6] != "-" {
			require.Equal(t, unhex(t, line[6]), string(c.File()), text)
		}
		voters := strings.ReplaceAll(fmt.Sprint(c.Voters()), " ", ", ")
		require.Equal(t, unhex(t, line[7]), voters, text)

		again, err := ParseText(c.String(), rules)
		require.NoError(t, err)
		require.Equal(t, c.Version, again.Version)
		require.Equal(t, sorted(c), sorted(again))
		file, err := ParseFile("zoo.cfg.dynamic."+strconv.FormatInt(c.Version, 16), c.File(), rules)
		require.NoError(t, err)
		require.Equal(t, sorted(c), sorted(file))
	}
	for _, what := range []string{"ok", "text", "number"} {
		require.Greater(t, read[what], 5, what)
	}
}

// sorted is the lines of the text: two configurations that were read from different texts may have
// them in another order.
func sorted(c *Config) []string {
	lines := strings.Split(c.String(), "\n")
	slices.Sort(lines)
	return lines
}

func TestApacheMembers(t *testing.T) {
	for _, line := range rows(t, "member.hex") {
		spec := unhex(t, line[1])
		m, err := ParseMember(5, spec, line[0] == "multi")
		require.Equal(t, line[2], kind(err), "%s %q: %v", line[0], spec, err)
		if err == nil {
			require.Equal(t, unhex(t, line[3]), m.String(), spec)
		}
	}
}

func TestApacheQuorums(t *testing.T) {
	answers := map[bool]int{}
	for _, line := range rows(t, "quorum.hex") {
		text := unhex(t, line[0])
		c, err := Parse(properties(t, text), Static, Rules{})
		require.NoError(t, err, text)
		for _, set := range line[1:] {
			answer, ids, _ := strings.Cut(set, ":")
			in := strings.Split(ids, ",")
			got := c.Quorum(func(id jute.PeerID) bool { return slices.Contains(in, fmt.Sprint(id)) })
			require.Equal(t, answer, fmt.Sprint(got), "%s of\n%s", ids, text)
			answers[got]++
		}
	}
	require.Greater(t, answers[true], 50)
	require.Greater(t, answers[false], 50)
}

// The configurations that Apache's servers told each other, recorded by interop/wiretap.
func TestApacheTexts(t *testing.T) {
	recorded, err := os.ReadFile("../../jute/ensemble/testdata/quorum.hex")
	require.NoError(t, err)
	texts := map[string]bool{}
	for line := range strings.Lines(string(recorded)) {
		for _, side := range strings.Fields(line)[2:] {
			bytes := unhex(t, side)
			for {
				_, behind, found := strings.Cut(bytes, "server.")
				if !found {
					break
				}
				text, rest, _ := strings.Cut("server."+behind, "version=0")
				texts[text+"version=0"], bytes = true, rest
			}
		}
	}
	require.Greater(t, len(texts), 4)
	for text := range texts {
		require.Equal(t, text, parse(t, text, Rules{MultiAddress: true}).String())
	}
}

func TestApacheOrders(t *testing.T) {
	for _, line := range rows(t, "order.txt") {
		steps := strings.Split(line[1], ",")
		if line[0] == "names" {
			names := newNames()
			for _, name := range steps {
				names.add(name, hashName(name))
			}
			require.Equal(t, line[2], strings.Join(names.keys(), ","), line[1])
			continue
		}
		numbers := newNumbers()
		for _, step := range steps {
			if step == "copy" {
				numbers = copyOf(numbers.keys())
				continue
			}
			id, err := strconv.ParseInt(step[1:], 10, 64)
			require.NoError(t, err)
			if step[0] == '+' {
				numbers.add(id, hashNumber(id))
			} else {
				numbers.remove(id, hashNumber(id))
			}
		}
		got := strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers.keys()), " ", ","), "[]")
		require.Equal(t, strings.TrimPrefix(line[2], "none"), got, line[1])
	}
}

func TestApacheHellos(t *testing.T) {
	for _, line := range rows(t, "hello.hex") {
		text := unhex(t, line[0])
		addresses, err := ParseHello([]byte(text))
		require.Equal(t, line[1] == "ok", err == nil, "%s: %v", text, err)
		var all []string
		for _, a := range addresses {
			all = append(all, a.Host+" "+strconv.Itoa(a.Port))
		}
		require.Equal(t, unhex(t, line[2]), strings.Join(all, ","), text)
	}
}
