package node

import "quoll/internal/replica"

// clock is the monotonic clock of a life: it has its own zero and its own speed.
type clock struct {
	n       *Node
	zero    int64 // world time
	perMill int64 // its speed; 1000 is right
}

func (c *clock) millis() int64 { return c.at(c.n.Now) }

func (c *clock) at(moment int64) int64 { return (moment-c.zero)*c.perMill/1_000_000 + 1 }

func (p *process) now() replica.Now {
	return replica.Now{MonoMillis: p.clock.millis(), WallMillis: p.n.wall + p.n.Now/1000}
}
