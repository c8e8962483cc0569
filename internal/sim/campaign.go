package sim

import "slices"

// Campaign plays many seeds and adds up what they reached.
type Campaign struct {
	Seeds, Txns, Requests, Lives int
	Failed                       []*Result
	Counts                       *Counts
}

// NewCampaign makes one that has played nothing.
func NewCampaign() *Campaign { return &Campaign{Counts: NewCounts()} }

// Add takes the result of a seed.
func (c *Campaign) Add(r *Result) {
	c.Seeds++
	c.Txns += r.Txns
	c.Requests += r.Requests
	c.Lives += r.Lives
	c.Counts.Merge(r.Counts)
	if len(r.Violations) > 0 {
		at, _ := slices.BinarySearchFunc(c.Failed, r, func(a, b *Result) int {
			if a.Seed < b.Seed {
				return -1
			}
			return 1
		})
		c.Failed = slices.Insert(c.Failed, at, r)
	}
}
