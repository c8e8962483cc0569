package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"quoll/jute"
)

// Config is the members of an ensemble and how their votes count. It never changes: a change is
// another Config.
type Config struct {
	Version int64    // the zxid of the reconfig that made it; 0 when it came from a file
	Members []Member // in the order of Apache's text, which is not by id
	Groups  []Group  // hierarchical quorums, in the order of the text; nil: majority
	Weights []Weight // with Groups: of every voter, in the order of the text

	voters []jute.PeerID // by id
}

// Group is members whose votes are counted together.
type Group struct {
	ID      int64
	Members []jute.PeerID // in the order of the text; some may be no voters
}

// Weight is how much the vote of a member counts within its group.
type Weight struct {
	Member jute.PeerID
	Weight int64
}

func newConfig(c Config) *Config {
	for i := range c.Members {
		if !c.Members[i].Observer {
			c.voters = append(c.voters, c.Members[i].ID)
		}
	}
	slices.Sort(c.voters)
	return &c
}

// Voters are the ids of the members that vote, lowest first. The caller must not change them.
func (c *Config) Voters() []jute.PeerID { return c.voters }

// Votes says whether a server is a member that votes.
func (c *Config) Votes(id jute.PeerID) bool {
	_, found := slices.BinarySearch(c.voters, id)
	return found
}

// Member finds a member by its id.
func (c *Config) Member(id jute.PeerID) (m Member, ok bool) {
	for i := range c.Members {
		if c.Members[i].ID == id {
			return c.Members[i], true
		}
	}
	return Member{}, false
}

// Weight is how much the vote of a server counts: without groups 1 for whoever it is, and with
// groups its own weight, 0 for a stranger. A server of weight 0 is never elected.
func (c *Config) Weight(id jute.PeerID) int64 {
	if c.Groups == nil {
		return 1
	}
	for _, w := range c.Weights {
		if w.Member == id {
			return w.Weight
		}
	}
	return 0
}

// WithVersion is the same configuration under another version.
func (c *Config) WithVersion(version int64) *Config {
	d := *c
	d.Version = version
	return &d
}

// WithClient is the configuration of a server whose own line does not say where clients connect:
// there it is what clientPort says. The text stays the same.
func (c *Config) WithClient(id jute.PeerID, client HostPort) *Config {
	d := *c
	d.Members = slices.Clone(c.Members)
	for i := range d.Members {
		if m := &d.Members[i]; m.ID == id && m.Client.Host == "" {
			m.Client, m.StaticClient = client, true
		}
	}
	return &d
}

// String is Apache's text, byte for byte: the data of /zookeeper/config, of NEWLEADER and of a
// notification. The version is hexadecimal and has no newline behind it.
//
//	server.1=h:2888:3888:participant;0.0.0.0:2181
//	group.1=1:2:3
//	weight.1=1
//	version=100000000
func (c *Config) String() string {
	out := c.appendMembers(nil)
	return string(append(append(out, "version="...), hexadecimal(c.Version)...))
}

// Quorums is who votes, and in groups how the votes count. Two configurations in which the same
// servers are a quorum have the same, wherever the servers are.
func (c *Config) Quorums() string {
	var hierarchy []string
	for line := range strings.Lines(string(c.appendMembers(nil))) {
		if strings.HasPrefix(line, "group.") || strings.HasPrefix(line, "weight.") {
			hierarchy = append(hierarchy, " "+strings.TrimSpace(line))
		}
	}
	slices.Sort(hierarchy)
	return fmt.Sprint(c.voters) + strings.Join(hierarchy, "")
}

func hexadecimal(version int64) string { return strconv.FormatUint(uint64(version), 16) }

func (c *Config) appendMembers(out []byte) []byte {
	for i := range c.Members {
		m := &c.Members[i]
		out = append(strconv.AppendInt(append(out, "server."...), int64(m.ID), 10), '=')
		out = append(m.append(out), '\n')
	}
	for _, g := range c.Groups {
		out = append(strconv.AppendInt(append(out, "group."...), g.ID, 10), '=')
		for i, id := range g.Members {
			if i > 0 {
				out = append(out, ':')
			}
			out = strconv.AppendInt(out, int64(id), 10)
		}
		out = append(out, '\n')
	}
	if c.Groups == nil {
		return out
	}
	for _, w := range c.Weights {
		out = append(strconv.AppendInt(append(out, "weight."...), int64(w.Member), 10), '=')
		out = append(strconv.AppendInt(out, w.Weight, 10), '\n')
	}
	return out
}
