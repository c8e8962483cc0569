package processor

import (
	"quoll/jute"
	"quoll/processor/prep"
)

// Lead begins a reign: from now on this server makes the transactions, and the first has the zxid
// behind last. All that was proposed before is applied by now.
func (c *Chain) Lead(last jute.Zxid) {
	c.prep = prep.New(c.rules.Prep, c.rules.Counts, c.final.tree, c.sessions, last)
	c.prep.Time(c.wall)
	c.final.prep = c.prep
	c.unthrottle()
}

// Resign ends the reign. Prep goes with its journal; writes wait for the next reign.
func (c *Chain) Resign() { c.prep, c.final.prep = nil, nil }

// Spent says that the reign must end soon, because few zxids of its epoch are left. Requests wait
// until the next reign.
func (c *Chain) Spent() bool { return c.prep != nil && c.prep.Spent() }
