package config

import (
	"slices"

	"quoll/jute"
)

// Quorum says whether the servers for which in is true are a quorum: more than half of the voters,
// or, with groups, more than half of the weight of more than half of the groups. Groups whose
// weight is 0 in all are left out. Who does not vote is not asked for.
func (c *Config) Quorum(in func(jute.PeerID) bool) bool {
	if c.Groups != nil {
		return c.hierarchical(in)
	}
	n := 0
	for _, id := range c.voters {
		if in(id) {
			n++
		}
	}
	return n > len(c.voters)/2
}

func (c *Config) hierarchical(in func(jute.PeerID) bool) bool {
	groups, majorities := 0, 0
	for _, g := range c.Groups {
		var total, favour int64
		asked := false
		for _, id := range g.Members {
			weight := c.Weight(id)
			total += weight
			if c.Votes(id) && in(id) {
				favour += weight
				asked = true
			}
		}
		if total != 0 {
			groups++
		}
		if asked && favour > total/2 {
			majorities++
		}
	}
	return majorities > groups/2
}

// CountingGroups is how many groups count: their weight is not 0 in all.
func (c *Config) CountingGroups() (n int) {
	for _, g := range c.Groups {
		if slices.ContainsFunc(g.Members, func(id jute.PeerID) bool { return c.Weight(id) != 0 }) {
			n++
		}
	}
	return n
}

// Possible says whether there can be a quorum at all: the voters are one when all agree.
func (c *Config) Possible() bool {
	return c.Quorum(func(jute.PeerID) bool { return true })
}

// Joint is two configurations at once, while a reconfig is under way: a quorum of each must agree.
type Joint struct {
	Committed *Config
	LastSeen  *Config // nil, or of a higher version than Committed; else it does not count
}

// Quorum says whether the servers for which in is true are a quorum of both.
func (j Joint) Quorum(in func(jute.PeerID) bool) bool {
	return j.Committed.Quorum(in) && (!j.changing() || j.LastSeen.Quorum(in))
}

// Votes says whether a server votes in one of them.
func (j Joint) Votes(id jute.PeerID) bool {
	return j.Committed.Votes(id) || j.changing() && j.LastSeen.Votes(id)
}

// Voters are the ids of those who vote in one of them, ascending. They are made anew each time.
func (j Joint) Voters() []jute.PeerID {
	all := slices.Clone(j.Committed.Voters())
	if j.changing() {
		all = append(all, j.LastSeen.Voters()...)
		slices.Sort(all)
		all = slices.Compact(all)
	}
	return all
}

// Weight is what a server's vote counts in the committed one, by which leaders are chosen.
func (j Joint) Weight(id jute.PeerID) int64 { return j.Committed.Weight(id) }

func (j Joint) changing() bool {
	return j.LastSeen != nil && j.LastSeen.Version > j.Committed.Version
}
