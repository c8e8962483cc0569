package node

// Plague plans the faults that come with time.
func (n *Node) Plague() {
	f := &n.set.Faults
	var next func()
	next = func() {
		if n.healed {
			return
		}
		n.After(n.Between(10_000, 400_000*n.set.Rest), next)
		p := n.process
		if p == nil {
			return
		}
		switch n.Rand.IntN(7) {
		default:
			if n.fuse.Burnt() {
				n.fuse.Light()
			}
		case 0:
			if f.Kill {
				n.Counts.Add("fault", "timed kill")
				n.kill(p, "killed")
			}
		case 6:
			if f.Kill && p.idle() {
				n.guard(p, p.retire)
			}
		case 1:
			if f.Pauses {
				n.Counts.Add("fault", "pause")
				p.freeze(n.Now + n.Between(1000, 3_000_000))
				n.Note("node %d: the server stands still for %d µs", n.number, p.frozen-n.Now)
			}
		case 2:
			if f.WallJumps {
				n.Counts.Add("fault", "wall clock jumps")
				n.wall += n.Between(-86_400_000, 86_400_000)
			}
		case 3:
			if f.SlowFlush {
				n.Counts.Add("fault", "slow flush")
				p.log.slowUntil = n.Now + n.Between(1000, 1_000_000)
			}
		}
	}
	n.After(n.Between(10_000, 200_000), next)
}
