package node

import (
	"fmt"

	"quoll/internal/sim/fuse"
	"quoll/internal/sim/simfs"
)

// The methods in this file are for who decides by himself what happens to a machine.

// Kill ends the process of a node that is Up. The power fails with it if loss is given.
func (n *Node) Kill(loss *simfs.Loss) { n.die(n.process, "killed", loss) }

// Keep keeps the server down, or lets it be started again.
func (n *Node) Keep(down bool) {
	if n.kept = down; !down {
		n.Start()
	}
}

// Slow makes flushes take long, for so many µs.
func (n *Node) Slow(micros int64) { n.process.log.slowUntil = n.Now + micros }

// Stand makes the process of a node that is Up stand still, for so many µs.
func (n *Node) Stand(micros int64) { n.process.freeze(n.Now + micros) }

// Fuse is that of the present life.
func (n *Node) Fuse() *fuse.Fuse { return n.fuse }

// Disk is what a server that is down has left.
func (n *Node) Disk() *simfs.Disk { return n.disk }

// Says tells the last transaction of its log, and of its tree, of a node that is Up.
func (n *Node) Says() string {
	return fmt.Sprintf("%v %v", n.process.store.Log().LastZxid(), n.Last())
}
